-- Fails unless the roles, their settings and the database's rights are as deployed.

begin;

do $$
begin
    assert (select not rolcanlogin from pg_roles where rolname = 'onboarding_owner'),
        'onboarding_owner is missing or may log in';
    assert (select count(*) = 7
              from pg_roles
             where rolname in ('onboarding_lookup', 'onboarding_evaluation', 'onboarding_consent',
                               'onboarding_approval', 'onboarding_otp', 'onboarding_schedule', 'analyst')
               and rolcanlogin
               and not rolsuper and not rolcreatedb and not rolcreaterole and not rolbypassrls),
        'a login role is missing or may do too much';
    assert (select count(*) = 6
              from pg_roles
             where rolname in ('onboarding_lookup', 'onboarding_evaluation', 'onboarding_consent',
                               'onboarding_approval', 'onboarding_otp', 'onboarding_schedule')
               and rolconfig @> array['idle_in_transaction_session_timeout=3s', 'lock_timeout=5s',
                                      'statement_timeout=10s', 'synchronous_commit=on',
                                      'search_path=' || replace(rolname, 'onboarding_', '')]),
        'a service role lacks a setting of its sessions';
    assert not exists (select
                         from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
                        where datname = current_database() and grantee = 0),
        'public has rights in this database';
    assert not exists (select
                         from pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
                        where nspname = 'public' and grantee = 0),
        'public has rights in schema public';
end
$$;

rollback;
