-- The small number of an event source; made when the name is met first (a refused insert would use a
-- number up, so it is looked for before).
with made as (
    insert into source (name)
    select $1::text where not exists (select from source where name = $1::text)
    on conflict (name) do nothing
    returning source_id
)
select source_id from made
union all
select source_id from source where name = $1::text
limit 1;
