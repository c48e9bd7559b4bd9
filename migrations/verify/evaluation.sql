-- Fails unless tables, rights and comments of the evaluation worker are as deployed.

begin;

select identity_verification_id, version, process_id, process_type, user_id, result, code, reason,
       rule, policy_version, score, event_date, evidence, identities, reviewed_by, words, decided_at
  from evaluation.decision where false;
select user_id, version, surname, birth_date, personal_number, identities, recorded_at
  from evaluation.customer where false;
select blind_index, version, user_id, firm, identity_verification_id, recorded_at
  from evaluation.identity_use where false;
select user_id, first_id, recorded_at from evaluation.customer_link where false;

do $$
declare
    name     regclass;
    nameless text;
begin
    foreach name in array array['evaluation.decision', 'evaluation.customer',
                                'evaluation.identity_use', 'evaluation.customer_link']::regclass[] loop
        assert has_table_privilege('onboarding_evaluation', name, 'select')
           and has_table_privilege('onboarding_evaluation', name, 'insert')
           and not has_table_privilege('onboarding_evaluation', name, 'update, delete, truncate'),
            'rights on ' || name || ' differ';
    end loop;
    assert not has_schema_privilege('onboarding_lookup', 'evaluation', 'usage')
       and not has_schema_privilege('analyst', 'evaluation', 'usage'),
        'somebody else may use schema evaluation';

    select string_agg(format('%I.%I', c.relname, a.attname), ', ') into nameless
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'evaluation'::regnamespace and c.relkind = 'r'
       and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null);
    assert nameless is null, 'columns without a comment: ' || nameless;
end
$$;

rollback;
