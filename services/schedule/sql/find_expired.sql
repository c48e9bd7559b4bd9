-- Processes that nothing ended within $1 ms, of those of which something is known from the last
-- $2 ms. A case that waits for a reviewer is not the user's delay: it expires by itself. With $3
-- accepted documents end a process.
--
-- Each process is looked up by its id: "offset 0" keeps the planner from making all of them first.
select 'onboarding.process.expired.v1',
       p.process_id,
       p.started_at + $1::bigint * interval '1 ms',
       jsonb_build_object('processId', p.process_id,
                          'userId', p.user_id,
                          'expiredAt', floor(extract(epoch from p.started_at) * 1000)::bigint
                                       + $1::bigint)::text,
       count(*) over ()
  from (select distinct t.process_id
          from analytics.process_timeline t
         where t.at > now() - $2::bigint * interval '1 ms') as recent
 cross join lateral (select * from analytics.process where process_id = recent.process_id offset 0) as p
 where p.started_at <= now() - $1::bigint * interval '1 ms'
   and p.state in ('STARTED', 'USER_FOUND', 'USER_NOT_FOUND', 'DOCUMENTS_ACCEPTED')
   and not ($3::boolean and p.state = 'DOCUMENTS_ACCEPTED')
   and not exists (select
                     from published d
                    where d.topic = 'onboarding.process.expired.v1' and d.name = p.process_id)
 order by p.started_at, p.process_id
 limit $4::bigint;
