-- Messages that were asked for; a key is a message's id.
select key, m.process_id, m.process_type, m.user_id, m.otp_type, m.resend, m.channel,
       m.policy_version, m.requested_at
  from unnest($1::text[]) as key
  join message m on m.message_id = key::uuid
 order by key;
