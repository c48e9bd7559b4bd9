-- How many verifications of users were decided, by the day of the request. All days: a person needs
-- few of them.
select user_id, event_date, count(*)
  from decision
 where user_id = any ($1::text[])
   and version = 1
 group by user_id, event_date
 order by user_id, event_date;
