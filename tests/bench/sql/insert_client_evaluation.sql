-- Rows of the benchmark's table, which stands in the schema that every worker of the contest uses.
insert into public.client_evaluation (event_id, process_id, user_id, result, reason, score,
                                      decided_at, documents)
select *
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::integer[],
            $7::timestamptz[], $8::jsonb[])
on conflict (event_id) do nothing;
