-- The number of a consumer group; no row: the service has never run under this name.
select group_id from consumer_group where name = $1::text;
