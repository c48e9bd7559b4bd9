-- People whose processes were all refused or expired $1 ms ago or longer, and who are no customers.
-- Of $2 ms, see find_expired.sql. Who comes again later is due again, under another name.
select 'onboarding.retention.due.v1',
       u.user_id || '/' || u.ended_ms as name,
       u.ended_at + $1::bigint * interval '1 ms' as due_at,
       jsonb_build_object('userId', u.user_id,
                          'dueAt', u.ended_ms + $1::bigint,
                          'why', 'NOT_A_CUSTOMER')::text,
       count(*) over ()
  from (select p.user_id,
               max(p.last_at) as ended_at,
               floor(extract(epoch from max(p.last_at)) * 1000)::bigint as ended_ms
          from (select distinct t.process_id
                  from analytics.process_timeline t
                 where t.at > now() - ($1::bigint + $2::bigint) * interval '1 ms') as recent
         cross join lateral (select *
                               from analytics.process
                              where process_id = recent.process_id
                             offset 0) as p
         where p.user_id is not null
         group by p.user_id
        having bool_and(p.state in ('REJECTED', 'EXPIRED'))) as u
 where u.ended_at <= now() - $1::bigint * interval '1 ms'
   and not exists (select from customer c where c.user_id = u.user_id offset 0) -- a probe each
   and not exists (select
                     from published d
                    where d.topic = 'onboarding.retention.due.v1'
                      and d.name = u.user_id || '/' || u.ended_ms)
 order by u.ended_at, u.user_id
 limit $3::bigint;
