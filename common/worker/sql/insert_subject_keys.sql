-- Data keys made in this batch. One that another batch made meanwhile makes this one run again.
insert into subject_key (subject, wrapped, key_id, day)
select *
  from unnest($1::bytea[], $2::bytea[], $3::smallint[], $4::date[])
 order by 1;
