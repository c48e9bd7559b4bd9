-- What a customer is stored under, to be replaced by a later registration.
select user_id, blind_index
  from identity
 where user_id = any ($1::text[])
 order by user_id, blind_index;
