-- A schema of this version of the program, for other versions to read its events by.
insert into schema_version (fingerprint, name, json)
values ($1::bigint, $2::text, $3::text)
on conflict (fingerprint) do nothing;
