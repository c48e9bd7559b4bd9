-- Texts with their HTML; a key is TYPE/LANGUAGE. What was out of force 40 days ago is left out:
-- no event is that old, after 7 days on a topic and 30 among the dead letters.
select key, e.language, e.version, e.effective_from, e.digest, e.html
  from unnest($1::text[]) as key
  join edition e on e.consent_type = split_part(key, '/', 1)
                and e.language = split_part(key, '/', 2)
 where not exists (select
                     from edition later
                    where later.consent_type = e.consent_type
                      and later.language = e.language
                      and later.effective_from > e.effective_from
                      and later.effective_from < current_date - 40)
 order by key, e.effective_from;
