-- All ids of the person who has one of them; that one first.
with person as (
    select coalesce((select first_id from alias where user_id = $1::text), $1::text) as first_id
), known as (
    select first_id as id from person
    union
    select a.user_id from alias a join person using (first_id)
)
select id from known order by id <> $1::text, id;
