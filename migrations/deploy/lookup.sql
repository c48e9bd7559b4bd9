-- The lookup worker's tables: who can be found by what, consents as facts, answers given.
-- Identifiers are kept as keyed digests only; nobody can read a person out of this schema.

begin;

create schema lookup authorization onboarding_owner;
comment on schema lookup is 'The lookup worker: finds the user of an onboarding process.';

set local role onboarding_owner;
select runtime.create_ledger('lookup', 'onboarding_lookup');
select runtime.create_vault('lookup', 'onboarding_lookup');
set local search_path = lookup;

create table identity (
    blind_index bytea not null check (octet_length(blind_index) = 32),
    user_id     text not null,
    prospect    boolean not null,
    recorded_at timestamptz not null default now(),
    primary key (blind_index, user_id)
);
-- Two batches that make a prospect of the same person at once collide here, and one looks again.
create unique index identity_prospect on identity (blind_index) where prospect;
create index identity_user on identity (user_id);
comment on table identity is 'Which users a set of identifiers leads to; more than one is AMBIGUOUS.';
comment on column identity.blind_index is 'Keyed digest (HMAC-SHA-256) of one set of normalised identifiers.';
comment on column identity.user_id is 'The customer as registered, or the prospect; see alias.';
comment on column identity.prospect is 'True: a prospect that lookup made itself and nobody registered under that id; at most one an index.';
comment on column identity.recorded_at is 'When the set was first known for this user.';

create table alias (
    user_id     text primary key,
    first_id    text not null,
    recorded_at timestamptz not null default now(),
    check (user_id <> first_id)
);
create index alias_first on alias (first_id);
comment on table alias is 'Ids that mean a person who had another id before; the first id stays.';
comment on column alias.user_id is 'The later id: a customer who was a prospect before, or a second prospect of the same person.';
comment on column alias.first_id is 'The id that is answered; never itself an alias.';
comment on column alias.recorded_at is 'When the two were found to be one person.';

create table consent (
    user_id      text not null,
    consent_type text not null,
    approved     boolean not null,
    process_id   text not null,
    recorded_at  timestamptz not null,
    primary key (user_id, consent_type)
) with (fillfactor = 90);
comment on table consent is 'The latest answer of each user to each type of consent, as the consent worker reported it.';
comment on column consent.user_id is 'Who answered.';
comment on column consent.consent_type is 'Which consent.';
comment on column consent.approved is 'False: refused, or withdrawn after an approval.';
comment on column consent.process_id is 'Onboarding process in which the answer was given.';
comment on column consent.recorded_at is 'When the consent worker stored the answer.';

create table answer (
    answer_id      uuid not null,
    process_id     text not null,
    process_type   text not null,
    code           text not null
                   check (code in ('FOUND', 'AMBIGUOUS', 'NOT_FOUND', 'PROSPECT', 'INSUFFICIENT')),
    user_id        text,
    consent        text not null
                   check (consent in ('REQUIRED', 'NOT_REQUIRED', 'NOT_EVALUATED')),
    policy_version text not null,
    decided_at     timestamptz not null,
    primary key (process_id, answer_id),
    check ((user_id is not null) = (code in ('FOUND', 'PROSPECT')))
);
create index answer_decided_at on answer using brin (decided_at);
comment on table answer is 'Every answer to a lookup, for the timeline of a process.';
comment on column answer.answer_id is 'Made with the answer; rises with time (UUIDv7).';
comment on column answer.process_id is 'Onboarding process that asked.';
comment on column answer.process_type is 'Type of the process, which selected the policy.';
comment on column answer.code is 'How the lookup ended.';
comment on column answer.user_id is 'The user answered; null unless FOUND or PROSPECT.';
comment on column answer.consent is 'Whether the user has to consent, as answered.';
comment on column answer.policy_version is 'Version of the policy that decided.';
comment on column answer.decided_at is 'When it was decided, by the database''s clock.';

-- Entries of a customer are replaced, consents move on; aliases and answers are only added to.
grant select, insert, update, delete on identity to onboarding_lookup;
grant select, insert on alias to onboarding_lookup;
grant select, insert, update on consent to onboarding_lookup;
grant insert on answer to onboarding_lookup;

reset role;
commit;
