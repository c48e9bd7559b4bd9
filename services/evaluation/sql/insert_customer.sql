-- A customer as registered now. A version that is there already means that another batch wrote
-- it meanwhile: the error makes this one look again.
insert into customer (user_id, version, surname, birth_date, personal_number, identities,
                      recorded_at)
select *
  from unnest($1::text[], $2::int4[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[],
              $7::timestamptz[])
 order by 1, 2;
