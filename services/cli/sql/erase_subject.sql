-- Deletes a person's data key and leaves the proof; says what went, and when it last went.
with gone as (
    delete from subject_key where subject = $1::bytea returning subject
), proof as (
    insert into erasure (subject, why) select subject, 'OPERATOR' from gone returning erased_at
)
select (select count(*) from gone),
       (select max(erased_at) from erasure where subject = $1::bytea);
