-- Roles of the whole cluster and this database's rights; the deploy scripts set the passwords.
-- Roles are shared by all databases of a cluster, so each is created only where it is missing.

begin;

do $$
declare
    wanted record;
begin
    for wanted in
        select *
          from (values ('onboarding_owner', 'nologin'),
                       ('onboarding_lookup', 'login'),
                       ('onboarding_evaluation', 'login'),
                       ('onboarding_consent', 'login'),
                       ('onboarding_approval', 'login'),
                       ('onboarding_otp', 'login'),
                       ('onboarding_schedule', 'login'),
                       ('analyst', 'login')) as v (name, login)
    loop
        begin
            if not exists (select from pg_roles where rolname = wanted.name) then
                execute format('create role %I', wanted.name);
            end if;
        exception
            when duplicate_object or unique_violation then
                null; -- another database of the cluster is being deployed at the same time
        end;
        execute format('alter role %I %s', wanted.name, wanted.login);
    end loop;
    -- Who deploys acts as the owner later on; a superuser may anyway.
    if not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant onboarding_owner to %I', current_user);
    end if;
end
$$;

comment on role onboarding_owner is 'Owns the schemas and tables of onboarding; migrations act as it; nobody logs in as it.';
comment on role onboarding_lookup is 'The lookup worker: reads and writes schema lookup.';
comment on role onboarding_evaluation is 'The evaluation worker: reads and writes schema evaluation.';
comment on role onboarding_consent is 'The consent worker: reads and writes schema consent.';
comment on role onboarding_approval is 'The approval worker: reads and writes schema approval.';
comment on role onboarding_otp is 'The otp worker: reads and writes schema otp.';
comment on role onboarding_schedule is 'The schedule: reads what is due, notes what it published.';
comment on role analyst is 'People who analyse: read the views of schema analytics and nothing else.';

-- A worker that stalls inside a transaction loses it (and its row locks) after 3 s, so that the
-- next owner of its partitions can go on; nothing it does may take longer than 10 s.
do $$
declare
    service name;
    setting text;
begin
    foreach service in array array['lookup', 'evaluation', 'consent', 'approval', 'otp', 'schedule'] loop
        foreach setting in array array[
            format('search_path = %I', service),
            $setting$idle_in_transaction_session_timeout = '3s'$setting$,
            $setting$lock_timeout = '5s'$setting$,
            $setting$statement_timeout = '10s'$setting$,
            'synchronous_commit = on'
        ] loop
            execute format('alter role %I set %s', 'onboarding_' || service, setting);
        end loop;
    end loop;
end
$$;

-- A forgotten query of a person must not hold back vacuum for hours.
alter role analyst set search_path = analytics;
alter role analyst set default_transaction_read_only = on;
alter role analyst set idle_in_transaction_session_timeout = '10min';
alter role analyst set lock_timeout = '5s';
alter role analyst set statement_timeout = '10min';

revoke all on schema public from public;
do $$
begin
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I'
                   ' to onboarding_lookup, onboarding_evaluation, onboarding_consent,'
                   ' onboarding_approval, onboarding_otp, onboarding_schedule, analyst',
                   current_database());
end
$$;

-- What the owner makes is nobody else's until it is granted.
alter default privileges for role onboarding_owner revoke execute on functions from public;

commit;
