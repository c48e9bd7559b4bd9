-- What the services have due and nobody published, the oldest first; with how much there is in all.
select d.topic, d.name, d.due_at, d.data::text, count(*) over ()
  from due d
 where not exists (select from published p where p.topic = d.topic and p.name = d.name)
 order by d.due_at, d.topic, d.name
 limit $1::bigint;
