-- Fails unless evaluation has its table of cases, with the rights and comments it needs.

begin;

select identity_verification_id, version, state, process_id, process_type, user_id, code, opened_at,
       facts_until, expires_at, result, closed_code, closed_at
  from evaluation.review_case where false;
select topic, name, due_at, data from evaluation.due where false;

do $$
declare
    nameless text;
begin
    assert has_table_privilege('onboarding_evaluation', 'evaluation.review_case', 'select')
       and has_table_privilege('onboarding_evaluation', 'evaluation.review_case', 'insert')
       and not has_table_privilege('onboarding_evaluation', 'evaluation.review_case',
                                   'update, delete, truncate'),
        'rights on evaluation.review_case differ';
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
     where c.oid in ('evaluation.review_case'::regclass, 'evaluation.due'::regclass)
       and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null);
    assert nameless is null, 'columns without a comment: ' || nameless;
end
$$;

rollback;
