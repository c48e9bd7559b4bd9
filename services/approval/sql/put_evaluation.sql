-- The latest decision on the documents of a verification; an older one that comes late changes
-- nothing. Of one millisecond the one that waits is the older one.
insert into evaluation (identity_verification_id, user_id, result, decided_at)
select distinct on (identity_verification_id)
       identity_verification_id, user_id, result, decided_at
  from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
       with ordinality as given (identity_verification_id, user_id, result, decided_at, number)
 order by identity_verification_id, decided_at desc, number desc
    on conflict (identity_verification_id) do update
   set user_id = excluded.user_id,
       result = excluded.result,
       decided_at = excluded.decided_at
 where (excluded.decided_at, excluded.result <> 'WAIT')
     > (evaluation.decided_at, evaluation.result <> 'WAIT');
