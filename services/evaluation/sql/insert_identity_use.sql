-- An identity tied to a user, or set free. A version that is there already means that another
-- batch got hold of the identity meanwhile: the error makes this one look again.
insert into identity_use (blind_index, version, user_id, firm, identity_verification_id,
                          recorded_at)
select *
  from unnest($1::bytea[], $2::int4[], $3::text[], $4::bool[], $5::text[], $6::timestamptz[])
 order by 1, 2;
