-- Fails unless tables, rights and comments of the otp worker are as deployed.

begin;

select user_id, version, phone, email, phone_index, email_index, recorded_at
  from otp.contact where false;
select user_id, first_id, recorded_at from otp.customer_link where false;
select process_id, challenge_id, version, otp_type, state, code_hmac, resends, opened_at, asked_at,
       expires_at, recorded_at
  from otp.challenge where false;
select message_id, challenge_id, process_id, process_type, user_id, otp_type, resend, channel,
       language, destination_index, policy_version, requested_at, asked_at
  from otp.message where false;
select answer_id, process_id, process_type, user_id, otp_type, resend, channel, result, attempts,
       policy_version, requested_at, decided_at
  from otp.answer where false;
select topic, name, due_at, data from otp.due where false;
select effect_id, state, content from otp.effect where false;

do $$
declare
    nameless text;
    table_name text;
begin
    foreach table_name in array array['otp.contact', 'otp.customer_link', 'otp.challenge', 'otp.message'] loop
        assert has_table_privilege('onboarding_otp', table_name, 'select')
           and has_table_privilege('onboarding_otp', table_name, 'insert')
           and not has_table_privilege('onboarding_otp', table_name, 'update, delete, truncate'),
            'rights on ' || table_name || ' differ';
    end loop;
    assert has_table_privilege('onboarding_otp', 'otp.answer', 'insert')
       and not has_table_privilege('onboarding_otp', 'otp.answer', 'update, delete, truncate'),
        'rights on answer differ';
    assert not has_schema_privilege('onboarding_lookup', 'otp', 'usage')
       and not has_schema_privilege('onboarding_consent', 'otp', 'usage')
       and not has_schema_privilege('analyst', 'otp', 'usage'),
        'somebody else may use schema otp';

    select string_agg(format('%I.%I', c.relname, a.attname), ', ') into nameless
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'otp'::regnamespace and c.relkind in ('r', 'v')
       and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null);
    assert nameless is null, 'columns without a comment: ' || nameless;
end
$$;

rollback;
