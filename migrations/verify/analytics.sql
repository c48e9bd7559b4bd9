-- Fails unless each view works, and the analyst may read the views and nothing else of ours.

begin;

select * from analytics.decision where false;
select * from analytics.review where false;
select * from analytics.approval where false;
select * from analytics.otp where false;
select * from analytics.effect where false;
select * from analytics.consent where false;
select * from analytics.consent_answer where false;
select * from analytics.process_timeline where false;
select * from analytics.process where false;
select * from analytics.funnel_by_day where false;
select * from analytics.dead_letter where false;
select * from analytics.publishing_lag where false;

do $$
declare
    wrong text;
begin
    select string_agg(c.oid::regclass::text, ', ') into wrong
      from pg_class c
     where c.relnamespace <> all (array['pg_catalog', 'information_schema', 'pg_toast']::regnamespace[])
       and c.relkind in ('r', 'v', 'm', 'p', 'f')
       and has_any_column_privilege('analyst', c.oid, 'select, insert, update, references')
           is distinct from (c.relnamespace = 'analytics'::regnamespace);
    assert wrong is null, 'the analyst''s rights differ on ' || wrong;

    select string_agg(format('%I.%I', c.relname, a.attname), ', ') into wrong
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
     where c.relnamespace = 'analytics'::regnamespace
       and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null);
    assert wrong is null, 'columns without a comment: ' || wrong;
end
$$;

rollback;
