-- Waits for batches that hold the person's data key, and keeps others waiting.
select pg_advisory_xact_lock($1::bigint);
