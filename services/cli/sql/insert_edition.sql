-- A text of a consent. What is there stays as it is: find_edition.sql tells why nothing was added.
insert into edition (consent_type, language, version, effective_from, html, digest)
values ($1::text, $2::text, $3::text, $4::date, $5::text, sha256(convert_to($5::text, 'UTF8')))
on conflict do nothing;
