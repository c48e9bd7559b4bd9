-- An id that turned out to be a person's who had one before. One that is there already means that
-- another batch noted it meanwhile: the error makes this one look again.
insert into customer_link (user_id, first_id, recorded_at)
select *
  from unnest($1::text[], $2::text[], $3::timestamptz[])
 order by 1;
