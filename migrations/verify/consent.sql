-- Fails unless tables, rights and comments of the consent worker are as deployed.

begin;

select consent_type, language, version, effective_from, html, digest, imported_by, imported_at
  from consent.edition where false;
select user_id, consent_type, version, process_id, process_type, state, text_version, language,
       text_digest, required, channel, source, event_id, policy_version, submitted_at, recorded_at
  from consent.submission where false;
select user_id, consent_type, version, process_id, process_type, state, text_version, language,
       text_digest, required, channel, source, event_id, policy_version, submitted_at, recorded_at
  from consent.holding where false;

do $$
declare
    nameless text;
begin
    assert has_table_privilege('onboarding_consent', 'consent.edition', 'select')
       and not has_table_privilege('onboarding_consent', 'consent.edition',
                                   'insert, update, delete, truncate'),
        'rights on edition differ';
    assert has_table_privilege('onboarding_consent', 'consent.submission', 'insert')
       and not has_table_privilege('onboarding_consent', 'consent.submission',
                                   'update, delete, truncate'),
        'rights on submission differ';
    assert has_table_privilege('onboarding_consent', 'consent.holding', 'select')
       and not has_table_privilege('onboarding_consent', 'consent.holding',
                                   'insert, update, delete'),
        'rights on holding differ';
    assert not has_schema_privilege('onboarding_lookup', 'consent', 'usage')
       and not has_schema_privilege('onboarding_evaluation', 'consent', 'usage')
       and not has_schema_privilege('analyst', 'consent', 'usage'),
        'somebody else may use schema consent';

    select string_agg(format('%I.%I', c.relname, a.attname), ', ') into nameless
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'consent'::regnamespace and c.relkind in ('r', 'v')
       and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null);
    assert nameless is null, 'columns without a comment: ' || nameless;
end
$$;

rollback;
