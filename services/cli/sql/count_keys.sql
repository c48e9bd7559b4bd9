-- How many data keys each key of the ring wraps.
select key_id, count(*) filter (where day is null), count(*) filter (where day is not null)
from subject_key
group by key_id
order by key_id;
