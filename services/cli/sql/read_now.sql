-- PostgreSQL's clock, by which records are stamped.
select clock_timestamp();
