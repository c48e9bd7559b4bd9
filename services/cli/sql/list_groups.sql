-- The consumer groups of a service.
select group_id, name from consumer_group order by name;
