-- The evaluation worker's tables: decisions, known customers, identities in use. Rows are only
-- added; a change is a row of the next version, so two batches that change the same thing at once
-- collide on the primary key and one looks again. Personal values are kept as keyed digests only.

begin;

create schema evaluation authorization onboarding_owner;
comment on schema evaluation is 'The evaluation worker: decides on what was read from a person''s documents.';

set local role onboarding_owner;
select runtime.create_ledger('evaluation', 'onboarding_evaluation');
select runtime.create_vault('evaluation', 'onboarding_evaluation');
select runtime.create_links('evaluation', 'onboarding_evaluation');
set local search_path = evaluation;

create table decision (
    identity_verification_id text not null,
    version                  integer not null check (version > 0),
    process_id               text not null,
    process_type             text not null,
    user_id                  text not null,
    result                   text not null check (result in ('OK', 'NOK', 'WAIT')),
    code                     text not null,
    reason                   text not null,
    rule                     smallint check (rule > 0),
    policy_version           text not null,
    score                    double precision check (score between 0 and 10),
    event_date               date not null,
    evidence                 jsonb,
    identities               bytea,
    reviewed_by              bytea,
    words                    bytea,
    decided_at               timestamptz not null,
    primary key (identity_verification_id, version),
    check (version = 1 or reviewed_by is not null),
    check (octet_length(identities) % 32 = 0)
);
create index decision_process on decision (process_id);
create index decision_decided_at on decision using brin (decided_at);
comment on table decision is 'Decisions on identity verifications: version 1 by the rules, later ones by reviewers; the highest version holds.';
comment on column decision.identity_verification_id is 'The identity verification; the rules decide it once.';
comment on column decision.version is '1: by the rules; 2 and up: by a reviewer.';
comment on column decision.process_id is 'Onboarding process.';
comment on column decision.process_type is 'Type of the process, which selected the policy.';
comment on column decision.user_id is 'User of the process.';
comment on column decision.result is 'OK, NOK, or WAIT for a reviewer.';
comment on column decision.code is 'The rule that decided, e.g. UNDER_AGE; ACCEPTED where none fired; REVIEWED for a reviewer''s decision.';
comment on column decision.reason is 'The text that goes with the code.';
comment on column decision.rule is 'Number of the rule that decided, from 1; null: none fired, or a reviewer decided.';
comment on column decision.policy_version is 'Version of the policy that decided first.';
comment on column decision.score is 'The score that counted, 0 to 10; null: there was none, or a reviewer decided.';
comment on column decision.event_date is 'Day (UTC) of the event that was decided on; ages and validity count at it.';
comment on column decision.evidence is 'What there was to decide on, without personal values: types, status, countries and images of the documents; null for a reviewer''s decision.';
comment on column decision.identities is 'Keyed digests of the identities shown, 32 bytes each, see identity_use; null for a reviewer''s decision.';
comment on column decision.reviewed_by is 'Who reviewed, sealed for the user; null: the rules decided.';
comment on column decision.words is 'The reviewer''s own words, told in place of the text; sealed for the user; null: none.';
comment on column decision.decided_at is 'When it was decided, by the database''s clock.';

create table customer (
    user_id         text not null,
    version         integer not null check (version > 0),
    surname         bytea check (octet_length(surname) = 32),
    birth_date      bytea check (octet_length(birth_date) = 32),
    personal_number bytea check (octet_length(personal_number) = 32),
    identities      bytea not null check (octet_length(identities) % 32 = 0),
    recorded_at     timestamptz not null,
    primary key (user_id, version)
);
comment on table customer is 'What is known of the bank''s customers, to compare documents with; the highest version holds.';
comment on column customer.user_id is 'The bank''s id of the customer.';
comment on column customer.version is 'Goes up by one with every registration.';
comment on column customer.surname is 'Keyed digest of the normalised surname; null: not known.';
comment on column customer.birth_date is 'Keyed digest of the date of birth; null: not known.';
comment on column customer.personal_number is 'Keyed digest of the state''s number; null: not known.';
comment on column customer.identities is 'Keyed digests of the identities registered, 32 bytes each, see identity_use.';
comment on column customer.recorded_at is 'When it was recorded, by the database''s clock.';

create table identity_use (
    blind_index              bytea not null check (octet_length(blind_index) = 32),
    version                  integer not null check (version > 0),
    user_id                  text,
    firm                     boolean not null,
    identity_verification_id text,
    recorded_at              timestamptz not null,
    primary key (blind_index, version)
);
comment on table identity_use is 'Whose a personal number or a document is; the highest version holds.';
comment on column identity_use.blind_index is 'Keyed digest of the personal number, or of type, country and number of a document.';
comment on column identity_use.version is 'Goes up by one when the identity is tied to a user or set free.';
comment on column identity_use.user_id is 'The user it is tied to; null: it was set free.';
comment on column identity_use.firm is 'True: accepted, or registered by the bank; false: a reviewer has yet to decide.';
comment on column identity_use.identity_verification_id is 'The verification that tied it or set it free; null: the bank''s registration did.';
comment on column identity_use.recorded_at is 'When it was recorded, by the database''s clock.';

grant select, insert on decision, customer, identity_use to onboarding_evaluation;

reset role;
commit;
