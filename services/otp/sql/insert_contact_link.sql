-- A later id of a person. One that is there already means that another batch noted it meanwhile:
-- the error makes this one look again.
insert into contact_link (first_id, user_id, recorded_at)
select *
  from unnest($1::text[], $2::text[], $3::timestamptz[])
 order by 1, 2;
