-- Some data keys behind a subject, in order; with $2 only those that other keys wrap.
select subject, wrapped, key_id
from subject_key
where subject > $1::bytea and ($2::smallint is null or key_id <> $2::smallint)
order by subject
limit $3::bigint;
