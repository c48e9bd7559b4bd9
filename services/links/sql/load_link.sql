-- The other ids of the persons that users are.
select asked.key, own.id
  from unnest($1::text[]) as asked (key)
 cross join lateral (select coalesce((select first_id
                                        from customer_link
                                       where user_id = asked.key), asked.key) as id) as first
 cross join lateral (select first.id
                      union
                     select user_id
                       from customer_link
                      where first_id = first.id) as own
 where own.id <> asked.key
 order by 1, 2;
