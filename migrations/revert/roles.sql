-- Gives the database back to public; drops the roles that no other database of the cluster uses.

begin;

alter default privileges for role onboarding_owner grant execute on functions to public;
grant usage on schema public to public;
do $$
declare
    role_name name;
begin
    execute format('grant connect, temporary on database %I to public', current_database());
    execute format('revoke all on database %I'
                   ' from onboarding_lookup, onboarding_evaluation, onboarding_consent,'
                   ' onboarding_approval, onboarding_otp, onboarding_schedule, analyst',
                   current_database());
    foreach role_name in array array['analyst', 'onboarding_schedule', 'onboarding_otp',
                                     'onboarding_approval', 'onboarding_consent',
                                     'onboarding_evaluation', 'onboarding_lookup',
                                     'onboarding_owner'] loop
        begin
            execute format('drop role %I', role_name);
        exception
            when dependent_objects_still_exist or object_in_use then
                raise notice 'role % stays: it is still in use', role_name;
        end;
    end loop;
end
$$;

commit;
