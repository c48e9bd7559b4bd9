-- Users that pictures came with. So many of each are enough: nobody has as many ids, so whoever asks,
-- one of them is another person's.
select asked.key, use.user_id
  from unnest($1::bytea[]) as asked (key)
 cross join lateral (select user_id
                       from face_use
                      where blind_index = asked.key
                      order by user_id
                      limit 16) as use
 order by 1, 2;
