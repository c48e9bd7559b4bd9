-- The small number of an input topic; made when the name is met first (a refused insert would use a
-- number up, so it is looked for before).
with made as (
    insert into topic (name)
    select $1::text where not exists (select from topic where name = $1::text)
    on conflict (name) do nothing
    returning topic_id
)
select topic_id from made
union all
select topic_id from topic where name = $1::text
limit 1;
