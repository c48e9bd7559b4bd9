-- How many verifications processes had decided.
select process_id, count(*)
  from decision
 where process_id = any ($1::text[])
   and version = 1
 group by process_id
 order by process_id;
