-- Fails unless evaluation has its table of cases, with the rights and comments it needs.

begin;

select identity_verification_id, version, state, process_id, process_type, user_id, code, reason,
       opened_at, facts_until, expires_at, result, closed_code, closed_at
  from evaluation.review_case where false;
select effect_id, identity_verification_id, state, status, attempts, reason, recorded_at
  from evaluation.review_callback where false;
select topic, name, due_at, data from evaluation.due where false;

do $$
declare
    name     regclass;
    nameless text;
begin
    foreach name in array array['evaluation.review_case',
                                'evaluation.review_callback']::regclass[] loop
        assert has_table_privilege('onboarding_evaluation', name, 'select')
           and has_table_privilege('onboarding_evaluation', name, 'insert')
           and not has_table_privilege('onboarding_evaluation', name, 'update, delete, truncate'),
            'rights on ' || name || ' differ';
    end loop;
    assert not exists (select
                         from (select distinct on (identity_verification_id) *
                                 from evaluation.decision
                                order by identity_verification_id, version desc) as holding
                        where result = 'WAIT'
                          and not exists (select
                                            from evaluation.review_case c
                                           where c.identity_verification_id
                                                 = holding.identity_verification_id)),
        'a decision is WAIT and has no case';

    select string_agg(format('%I.%I', c.relname, a.attname), ', ') into nameless
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.oid in ('evaluation.review_case'::regclass, 'evaluation.review_callback'::regclass,
                     'evaluation.due'::regclass)
       and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null);
    assert nameless is null, 'columns without a comment: ' || nameless;
end
$$;

rollback;
