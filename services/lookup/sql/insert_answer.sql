-- Every answer to a lookup.
insert into answer (answer_id, process_id, process_type, code, user_id, consent, policy_version,
                    decided_at)
select *
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::timestamptz[])
 order by 2, 1;
