-- The contacts of customers that hold.
select distinct on (user_id)
       user_id, version, phone, email, phone_index, email_index
  from contact
 where user_id = any ($1::text[])
 order by user_id, version desc;
