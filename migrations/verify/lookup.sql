-- Fails unless tables, rights and comments of the lookup worker are as deployed.

begin;

select blind_index, user_id, prospect, recorded_at from lookup.identity where false;
select user_id, first_id, recorded_at from lookup.alias where false;
select user_id, consent_type, approved, process_id, recorded_at from lookup.consent where false;
select answer_id, process_id, process_type, code, user_id, consent, policy_version, decided_at
  from lookup.answer where false;

do $$
declare
    nameless text;
begin
    assert has_table_privilege('onboarding_lookup', 'lookup.identity', 'select')
       and has_table_privilege('onboarding_lookup', 'lookup.identity', 'insert')
       and has_table_privilege('onboarding_lookup', 'lookup.identity', 'update')
       and has_table_privilege('onboarding_lookup', 'lookup.identity', 'delete')
       and not has_table_privilege('onboarding_lookup', 'lookup.identity', 'truncate'),
        'rights on identity differ';
    assert has_table_privilege('onboarding_lookup', 'lookup.alias', 'insert')
       and not has_table_privilege('onboarding_lookup', 'lookup.alias', 'update, delete'),
        'rights on alias differ';
    assert has_table_privilege('onboarding_lookup', 'lookup.consent', 'update')
       and not has_table_privilege('onboarding_lookup', 'lookup.consent', 'delete'),
        'rights on consent differ';
    assert has_table_privilege('onboarding_lookup', 'lookup.answer', 'insert')
       and not has_table_privilege('onboarding_lookup', 'lookup.answer', 'update, delete'),
        'rights on answer differ';
    assert not has_schema_privilege('onboarding_evaluation', 'lookup', 'usage')
       and not has_schema_privilege('analyst', 'lookup', 'usage'),
        'somebody else may use schema lookup';

    select string_agg(format('%I.%I', c.relname, a.attname), ', ') into nameless
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'lookup'::regnamespace and c.relkind = 'r'
       and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null);
    assert nameless is null, 'columns without a comment: ' || nameless;
end
$$;

rollback;
