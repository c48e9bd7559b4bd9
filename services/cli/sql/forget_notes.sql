-- Some of the notes older than $1 ms. What is due still would be published again without its note;
-- notes of expired processes are what tells that these expired (analytics.process).
with gone as (
    delete from published
    where ctid = any (array(
              select p.ctid
              from published p
              where p.published_at < now() - $1::bigint * interval '1 ms'
                and p.topic <> 'onboarding.process.expired.v1'
                and not exists (select from due d where d.topic = p.topic and d.name = p.name)
              limit $2::bigint))
    returning 1
)
select count(*) from gone;
