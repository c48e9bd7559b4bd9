-- Deletes data keys and leaves the proof that they were.
with asked as (
    select * from unnest($1::bytea[], $2::text[]) as a (subject, why)
), gone as (
    delete from subject_key using asked where subject_key.subject = asked.subject
    returning asked.subject, asked.why
)
insert into erasure (subject, why)
select subject, why from gone;
