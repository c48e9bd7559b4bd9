-- A customer's contacts as registered now. A version that is there already means that another
-- batch wrote them meanwhile: the error makes this one look again.
insert into contact (user_id, version, phone, email, phone_index, email_index, recorded_at)
select *
  from unnest($1::text[], $2::int4[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[],
              $7::timestamptz[])
 order by 1, 2;
