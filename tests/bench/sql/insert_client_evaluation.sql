-- Rows of the contest's table, which stands in the schema that every worker uses.
insert into public.client_evaluation (event_id, process_id, user_id, result, reason, score,
                                      decided_at, documents)
select unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::text[]),
       unnest($5::text[]), unnest($6::integer[]), unnest($7::timestamptz[]), unnest($8::jsonb[])
on conflict (event_id) do nothing;
