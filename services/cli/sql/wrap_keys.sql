-- Puts data keys under another key; those erased meanwhile, or wrapped by another, stay as they are.
update subject_key k
set wrapped = v.wrapped, key_id = $4::smallint
from unnest($1::bytea[], $2::bytea[], $3::smallint[]) as v (subject, wrapped, former)
where k.subject = v.subject and k.key_id = v.former;
