-- Verifications of users whose decision may still change by a fact.
select d.user_id, d.identity_verification_id
  from decision d
 where d.user_id = any ($1::text[])
   and d.awaits_facts
   and not exists (select
                     from decision later
                    where later.identity_verification_id = d.identity_verification_id
                      and later.version > d.version)
 order by 1, 2;
