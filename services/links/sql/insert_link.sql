-- An id that turned out to be a person's who had one before; the first word of it stays.
insert into customer_link (user_id, first_id, recorded_at)
select *
  from unnest($1::text[], $2::text[], $3::timestamptz[])
 order by 1
    on conflict (user_id) do nothing;
