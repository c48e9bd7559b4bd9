-- What another partition may touch as well is locked until the end of the transaction; the keys
-- come sorted, so that two batches cannot wait for each other.
select count(pg_advisory_xact_lock(key)) from unnest($1::bigint[]) as key;
