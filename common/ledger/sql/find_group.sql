-- The small number of a consumer group; made when the name is met first (a refused insert would use a
-- number up, so it is looked for before).
with made as (
    insert into consumer_group (name)
    select $1::text where not exists (select from consumer_group where name = $1::text)
    on conflict (name) do nothing
    returning group_id
)
select group_id from made
union all
select group_id from consumer_group where name = $1::text
limit 1;
