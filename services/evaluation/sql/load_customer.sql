-- What is known of customers now.
select distinct on (user_id)
       user_id, version, surname, birth_date, personal_number, identities
  from customer
 where user_id = any ($1::text[])
 order by user_id, version desc;
