-- Texts of consents, all or of one type; in force is the latest that has begun, by UTC's day.
select consent_type, language, version, effective_from,
       effective_from <= today
       and not exists (select
                         from edition later
                        where later.consent_type = e.consent_type
                          and later.language = e.language
                          and later.effective_from > e.effective_from
                          and later.effective_from <= today) as in_force,
       octet_length(html), encode(digest, 'hex'), imported_by, imported_at
  from edition e
 cross join (select (now() at time zone 'UTC')::date as today) as clock
 where consent_type = $1::text or $1::text is null
 order by consent_type, language, effective_from;
