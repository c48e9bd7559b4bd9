-- The otp worker's tables: where to send codes to, the challenges open, the messages sent. Rows are
-- only added; a change is a row of the next version, so two batches that change the same at once
-- collide on the primary key and one looks again. No table has a code in it: while a message is
-- to be sent, the content of its effect has it, sealed.

begin;

create schema otp authorization onboarding_owner;
comment on schema otp is 'The otp worker: delivers one-time codes by SMS and e-mail.';

set local role onboarding_owner;
select runtime.create_ledger('otp', 'onboarding_otp');
select runtime.create_vault('otp', 'onboarding_otp');
select runtime.create_effects('otp', 'onboarding_otp');
select runtime.create_links('otp', 'onboarding_otp');
set local search_path = otp;

create table contact (
    user_id     text not null,
    version     integer not null check (version > 0),
    phone       bytea,
    email       bytea,
    phone_index bytea check (octet_length(phone_index) = 32),
    email_index bytea check (octet_length(email_index) = 32),
    recorded_at timestamptz not null,
    primary key (user_id, version),
    check ((phone is null) = (phone_index is null)),
    check ((email is null) = (email_index is null))
);
comment on table contact is 'Phone numbers and e-mail addresses of known customers; the highest version of a user holds.';
comment on column contact.user_id is 'The bank''s id of the customer.';
comment on column contact.version is 'Number of the change, from 1.';
comment on column contact.phone is 'Phone number, sealed under the customer''s data key; null: none.';
comment on column contact.email is 'E-mail address, sealed under the customer''s data key; null: none.';
comment on column contact.phone_index is 'Keyed digest of the phone number; see message.destination_index.';
comment on column contact.email_index is 'Keyed digest of the e-mail address.';
comment on column contact.recorded_at is 'When it was stored.';

create table challenge (
    process_id   text not null,
    challenge_id uuid not null,
    version      integer not null check (version > 0),
    otp_type     text not null check (otp_type in ('ACTIVATION', 'USER_VERIFICATION')),
    state        text not null check (state in ('OPEN', 'REPLACED', 'EXPIRED')),
    code_hmac    bytea check (octet_length(code_hmac) = 32),
    resends      integer not null check (resends >= 0),
    opened_at    timestamptz not null,
    asked_at     timestamptz not null,
    expires_at   timestamptz not null,
    recorded_at  timestamptz not null,
    primary key (process_id, challenge_id, version),
    check ((state = 'OPEN') = (code_hmac is not null))
);
create index challenge_expires on challenge (expires_at) where state = 'OPEN';
comment on table challenge is 'One-time codes that processes may be asked for; the highest version of a challenge holds.';
comment on column challenge.process_id is 'Onboarding process.';
comment on column challenge.challenge_id is 'The challenge: id of its first message.';
comment on column challenge.version is 'Number of the change, from 1.';
comment on column challenge.otp_type is 'What the code is for: ACTIVATION or USER_VERIFICATION.';
comment on column challenge.state is 'OPEN; REPLACED by one with another code; EXPIRED.';
comment on column challenge.code_hmac is 'HMAC-SHA-256 of the code with the pepper, to tell whether a resend has the same one; null: not open any more.';
comment on column challenge.resends is 'Further messages after the first one.';
comment on column challenge.opened_at is 'When its first message was asked for, by the database''s clock.';
comment on column challenge.asked_at is 'When its last message was asked for.';
comment on column challenge.expires_at is 'End of the code''s validity; nothing is sent after it.';
comment on column challenge.recorded_at is 'When this version was stored.';

create table message (
    message_id        uuid primary key,
    challenge_id      uuid not null,
    process_id        text not null,
    process_type      text,
    user_id           text,
    otp_type          text not null check (otp_type in ('ACTIVATION', 'USER_VERIFICATION')),
    resend            boolean not null,
    channel           text not null check (channel in ('SMS', 'EMAIL')),
    language          text not null,
    destination_index bytea not null check (octet_length(destination_index) = 32),
    policy_version    text not null,
    requested_at      timestamptz not null,
    asked_at          timestamptz not null
);
create index message_destination on message (destination_index, asked_at);
comment on table message is 'Messages given to providers; their effects have the message''s id as reference.';
comment on column message.message_id is 'The message; its effect''s reference, and the key of its answer.';
comment on column message.challenge_id is 'The challenge whose code it carries.';
comment on column message.process_id is 'Onboarding process.';
comment on column message.process_type is 'Type of the process, which selected the policy; null: not told.';
comment on column message.user_id is 'User of the process; null: not told.';
comment on column message.otp_type is 'What the code is for.';
comment on column message.resend is 'Whether it was asked for as a resend.';
comment on column message.channel is 'SMS or EMAIL.';
comment on column message.language is 'Language of the text.';
comment on column message.destination_index is 'Keyed digest of the phone number or e-mail address, to count the messages of a day.';
comment on column message.policy_version is 'Version of the policy that let it pass.';
comment on column message.requested_at is 'When it was requested: the event''s time.';
comment on column message.asked_at is 'When the provider''s turn came: the time of the batch.';

create table answer (
    answer_id      uuid primary key,
    process_id     text not null,
    process_type   text,
    user_id        text,
    otp_type       text not null check (otp_type in ('ACTIVATION', 'USER_VERIFICATION')),
    resend         boolean not null,
    channel        text check (channel in ('SMS', 'EMAIL')),
    result         text not null check (result in ('SENT', 'NO_DESTINATION', 'TOO_SOON', 'TOO_MANY',
                                                   'EXPIRED', 'PROVIDER_REFUSED',
                                                   'PROVIDER_EXHAUSTED', 'UNKNOWN')),
    attempts       integer not null check (attempts >= 0),
    policy_version text not null,
    requested_at   timestamptz not null,
    decided_at     timestamptz not null
);
create index answer_process on answer (process_id);
create index answer_decided_at on answer using brin (decided_at);
create index answer_requested_at on answer using brin (requested_at);
comment on table answer is 'What became of each request: one row for each otp.completed.';
comment on column answer.answer_id is 'Id of the message, where there was one.';
comment on column answer.process_id is 'Onboarding process.';
comment on column answer.process_type is 'Type of the process; null: not told.';
comment on column answer.user_id is 'User of the process; null: not told.';
comment on column answer.otp_type is 'What the code is for.';
comment on column answer.resend is 'Whether it was asked for as a resend.';
comment on column answer.channel is 'SMS or EMAIL; null: there was no destination.';
comment on column answer.result is 'Code of the answer: SENT, or why not.';
comment on column answer.attempts is 'Tries of the provider; 0: none was made.';
comment on column answer.policy_version is 'Version of the policy that let it pass or refused it.';
comment on column answer.requested_at is 'When it was requested: the event''s time.';
comment on column answer.decided_at is 'When the answer was known.';

-- For the schedule. A later version of a challenge has taken the place of the one before; what is
-- a week old interests nobody, and would be looked at for ever.
create view due as
select 'onboarding.otp.expired.v1' as topic,
       c.challenge_id::text as name,
       c.expires_at as due_at,
       jsonb_build_object('processId', c.process_id,
                          'challengeId', c.challenge_id,
                          'expiredAt', to_char(c.expires_at at time zone 'UTC',
                                               'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as data
  from challenge c
 where c.state = 'OPEN'
   and c.expires_at <= now()
   and c.expires_at > now() - interval '7 days'
   and not exists (select
                     from challenge later
                    where later.process_id = c.process_id
                      and later.challenge_id = c.challenge_id
                      and later.version > c.version);
comment on view due is 'Challenges whose validity has ended and that are not closed yet.';
comment on column due.topic is 'Topic to publish to.';
comment on column due.name is 'The challenge.';
comment on column due.due_at is 'End of its validity.';
comment on column due.data is 'An OtpExpired, as JSON.';

grant select, insert on contact, challenge, message to onboarding_otp;
grant insert on answer to onboarding_otp;

reset role;
commit;
