-- Whose identities are now.
select distinct on (blind_index)
       blind_index, version, user_id, firm, identity_verification_id
  from identity_use
 where blind_index = any ($1::bytea[])
 order by blind_index, version desc;
