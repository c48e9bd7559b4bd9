-- The text that stands in the way of another: of the same version, else of the same day.
select e.version = $3::text as same_version,
       e.effective_from = $4::date and e.html = $5::text as same_text
  from edition e
 where e.consent_type = $1::text
   and e.language = $2::text
   and (e.version = $3::text or e.effective_from = $4::date)
 order by same_version desc
 limit 1;
