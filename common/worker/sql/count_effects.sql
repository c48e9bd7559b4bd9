-- What waits, for the metrics.
select kind, count(*), extract(epoch from clock_timestamp() - min(created_at))::double precision
from effect
where group_id = $1::smallint and state = 'PENDING'
group by kind;
