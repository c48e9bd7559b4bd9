-- A user that a picture came with, and the first verification that showed it.
insert into face_use (blind_index, user_id, identity_verification_id, recorded_at)
select blind_index, user_id, identity_verification_id, recorded_at
  from unnest($1::bytea[], $2::text[], $3::text[], $4::timestamptz[])
       with ordinality as given (blind_index, user_id, identity_verification_id, recorded_at, number)
 order by blind_index, user_id, number
    on conflict (blind_index, user_id) do nothing;
