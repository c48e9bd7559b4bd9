-- Fails unless the tables of ids that are one person's can be made, by their owner alone.

begin;

do $$
begin
    assert not has_function_privilege('onboarding_lookup', 'runtime.create_links(name, name)', 'execute'),
        'a service may create tables';
end
$$;

rollback;
