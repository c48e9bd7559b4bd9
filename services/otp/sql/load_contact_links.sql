-- Later ids of persons, under the ids that stay.
select first_id, user_id
  from contact_link
 where first_id = any ($1::text[])
 order by first_id, user_id;
