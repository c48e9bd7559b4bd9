-- Whom sets of identifiers lead to.
select blind_index, user_id, prospect
  from identity
 where blind_index = any ($1::bytea[])
 order by blind_index, user_id;
