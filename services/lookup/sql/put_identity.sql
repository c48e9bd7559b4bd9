-- Whom sets of identifiers lead to from now on ($4 true) or no longer (false). Of several changes
-- to one pair the last holds. A second prospect under an index means that another batch made one
-- of the same person meanwhile: the error makes this one look again.
with change as (
    select distinct on (blind_index, user_id) blind_index, user_id, prospect, present
      from unnest($1::bytea[], $2::text[], $3::bool[], $4::bool[])
           with ordinality as given (blind_index, user_id, prospect, present, number)
     order by blind_index, user_id, number desc
), gone as (
    delete from identity
     using change
     where identity.blind_index = change.blind_index
       and identity.user_id = change.user_id
       and not change.present
)
insert into identity (blind_index, user_id, prospect)
select blind_index, user_id, prospect
  from change
 where present
    on conflict (blind_index, user_id) do update
   set prospect = excluded.prospect
 where identity.prospect <> excluded.prospect;
