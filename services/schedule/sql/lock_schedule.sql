-- True for the only run at a time; held until the connection ends.
select pg_try_advisory_lock(hashtextextended('onboarding.schedule', 0));
