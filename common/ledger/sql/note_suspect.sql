-- The record in hand of a partition whose owners keep dying; it counts how often it was in hand.
insert into suspect (group_id, topic_id, generation, partition, "offset", noted_at, deaths)
values ($1::smallint, $2::integer, $3::smallint, $4::integer, $5::bigint, clock_timestamp(), 1)
on conflict (group_id, topic_id, partition) do update
set deaths = case when suspect."offset" = excluded."offset" then suspect.deaths + 1 else 1 end,
    "offset" = excluded."offset", generation = excluded.generation, noted_at = excluded.noted_at;
