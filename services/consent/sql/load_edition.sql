-- All versions of texts, without their HTML; a key is TYPE/LANGUAGE.
select key, e.language, e.version, e.effective_from, e.digest
  from unnest($1::text[]) as key
  join edition e on e.consent_type = split_part(key, '/', 1)
                and e.language = split_part(key, '/', 2)
 order by key, e.effective_from;
