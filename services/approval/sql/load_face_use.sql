-- Users that pictures came with. Two of each are enough: whoever asks, one of them is another.
select asked.key, use.user_id
  from unnest($1::bytea[]) as asked (key)
 cross join lateral (select user_id
                       from face_use
                      where blind_index = asked.key
                      order by user_id
                      limit 2) as use
 order by 1, 2;
