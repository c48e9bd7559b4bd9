-- Data keys of subjects, and whether a subject was ever erased; a row for each one asked.
select s.subject, k.wrapped, k.key_id,
       exists (select from erasure e where e.subject = s.subject)
from unnest($1::bytea[]) as s (subject)
left join subject_key k on k.subject = s.subject;
