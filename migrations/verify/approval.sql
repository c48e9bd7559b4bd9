-- Fails unless tables, rights and comments of the approval worker are as deployed.

begin;

select identity_verification_id, version, process_id, process_type, user_id, result, code, reason,
       rule, policy_version, failed, score, frame, frame_in_use, process_attempt, day_attempt,
       awaits_facts, event_date, requested_at, reviewed_by, words, decided_at
  from approval.decision where false;
select identity_verification_id, user_id, result, decided_at from approval.evaluation where false;
select user_id, consent_type, approved, recorded_at from approval.consent where false;
select blind_index, user_id, identity_verification_id, recorded_at
  from approval.face_use where false;

do $$
declare
    name     regclass;
    nameless text;
begin
    foreach name in array array['approval.decision', 'approval.face_use', 'approval.evaluation',
                                'approval.consent', 'approval.review_case',
                                'approval.customer_link']::regclass[] loop
        assert has_table_privilege('onboarding_approval', name, 'select')
           and has_table_privilege('onboarding_approval', name, 'insert')
           and not has_table_privilege('onboarding_approval', name, 'delete, truncate'),
            'rights on ' || name || ' differ';
    end loop;
    assert not has_table_privilege('onboarding_approval', 'approval.decision', 'update')
       and not has_table_privilege('onboarding_approval', 'approval.face_use', 'update')
       and has_table_privilege('onboarding_approval', 'approval.evaluation', 'update')
       and has_table_privilege('onboarding_approval', 'approval.consent', 'update'),
        'rights to update differ';
    assert not has_schema_privilege('onboarding_evaluation', 'approval', 'usage')
       and not has_schema_privilege('analyst', 'approval', 'usage'),
        'somebody else may use schema approval';

    select string_agg(format('%I.%I', c.relname, a.attname), ', ') into nameless
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'approval'::regnamespace and c.relkind in ('r', 'v')
       and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null);
    assert nameless is null, 'columns without a comment: ' || nameless;
end
$$;

rollback;
