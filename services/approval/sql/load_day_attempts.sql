-- How many verifications users had decided on a day; a key is the day's number since 1970-01-01, a
-- slash and the user.
select key, count(*)
  from unnest($1::text[]) as asked (key)
  join decision d
    on d.user_id = substr(key, position('/' in key) + 1)
   and d.event_date = date '1970-01-01' + split_part(key, '/', 1)::int4
   and d.version = 1
 group by key
 order by key;
