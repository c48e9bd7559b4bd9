-- How many messages were asked for to a destination within a day.
select destination_index, count(*)
  from message
 where destination_index = any ($1::bytea[])
   and asked_at > now() - interval '24 hours'
 group by destination_index;
