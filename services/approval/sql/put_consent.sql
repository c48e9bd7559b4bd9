-- The latest answer of a user to a type of consent; an older one that comes late changes nothing.
insert into consent (user_id, consent_type, approved, recorded_at)
select distinct on (user_id, consent_type)
       user_id, consent_type, approved, recorded_at
  from unnest($1::text[], $2::text[], $3::bool[], $4::timestamptz[])
       with ordinality as given (user_id, consent_type, approved, recorded_at, number)
 order by user_id, consent_type, recorded_at desc, number desc
    on conflict (user_id, consent_type) do update
   set approved = excluded.approved,
       recorded_at = excluded.recorded_at
 where excluded.recorded_at > consent.recorded_at;
