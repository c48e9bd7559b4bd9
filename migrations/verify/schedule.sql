-- Fails unless the schedule's table, view and rights are as deployed.

begin;

select topic, name, event_id, due_at, published_at from schedule.published where false;
select topic, name, due_at, data from schedule.due where false;
select user_id from schedule.customer where false;

do $$
begin
    assert exists (select from pg_indexes
                    where schemaname = 'schedule' and indexname = 'published_forgettable'
                      and indexdef like '%(published_at) WHERE (topic <> %'),
        'the index by which notes are forgotten is missing';
    assert has_table_privilege('onboarding_schedule', 'schedule.due', 'select')
       and not has_table_privilege('onboarding_schedule', 'schedule.due', 'insert, update, delete'),
        'rights on due differ';
    assert has_table_privilege('onboarding_schedule', 'schedule.published', 'select')
       and has_table_privilege('onboarding_schedule', 'schedule.published', 'insert')
       and not has_table_privilege('onboarding_schedule', 'schedule.published',
                                   'update, delete, truncate'),
        'rights on published differ';
    assert not has_schema_privilege('onboarding_lookup', 'schedule', 'usage')
       and not has_schema_privilege('analyst', 'schedule', 'usage'),
        'somebody else may use schema schedule';
end
$$;

rollback;
