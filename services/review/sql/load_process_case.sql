-- Cases of processes that are open.
select process_id, identity_verification_id
  from review_case c
 where process_id = any ($1::text[])
   and state = 'OPEN'
   and not exists (select
                     from review_case later
                    where later.identity_verification_id = c.identity_verification_id
                      and later.version > c.version)
 order by process_id, identity_verification_id;
