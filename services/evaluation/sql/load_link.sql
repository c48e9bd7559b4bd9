-- The ids that stay for users who had one before.
select user_id, first_id
  from customer_link
 where user_id = any ($1::text[])
 order by user_id;
