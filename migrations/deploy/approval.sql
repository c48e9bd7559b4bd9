-- The approval worker's tables: decisions, facts from other workers, whose faces were seen. To
-- decisions rows are only added; a change is a row of the next version, so two batches that change
-- the same thing at once collide on the primary key and one looks again.

begin;

create schema approval authorization onboarding_owner;
comment on schema approval is 'The approval worker: decides on presence checks, with what other workers told.';

set local role onboarding_owner;
select runtime.create_ledger('approval', 'onboarding_approval');
select runtime.create_vault('approval', 'onboarding_approval');
select runtime.create_links('approval', 'onboarding_approval');
select runtime.create_reviews('approval', 'onboarding_approval', 'APPROVAL');
set local search_path = approval;

create table decision (
    identity_verification_id text not null,
    version                  integer not null check (version > 0),
    process_id               text not null,
    process_type             text,
    user_id                  text not null,
    result                   text not null check (result in ('OK', 'NOK', 'WAIT')),
    code                     text not null,
    reason                   text not null,
    rule                     smallint check (rule > 0),
    policy_version           text not null,
    failed                   boolean not null,
    score                    double precision check (score between 0 and 10),
    frame                    boolean not null,
    frame_in_use             boolean not null,
    process_attempt          integer not null check (process_attempt > 0),
    day_attempt              integer not null check (day_attempt > 0),
    awaits_facts             boolean not null,
    event_date               date not null,
    requested_at             timestamptz not null,
    reviewed_by              bytea,
    words                    bytea,
    decided_at               timestamptz not null,
    primary key (identity_verification_id, version),
    check (frame or not frame_in_use),
    check (result = 'WAIT' or not awaits_facts)
);
create index decision_process on decision (process_id);
create index decision_decided_at on decision using brin (decided_at);
create index decision_user_day on decision (user_id, event_date) where version = 1;
create index decision_awaiting on decision (user_id) where awaits_facts;
comment on table decision is 'Decisions on presence checks: version 1 when asked, later ones when a fact came, by a reviewer, or because nobody decided in time; the highest version holds.';
comment on column decision.identity_verification_id is 'The identity verification; it is decided once.';
comment on column decision.version is '1: when asked; 2 and up: when a fact came, by a reviewer, or by time.';
comment on column decision.process_id is 'Onboarding process.';
comment on column decision.process_type is 'Type of the process, which selected the policy; null: none was named.';
comment on column decision.user_id is 'User of the process.';
comment on column decision.result is 'OK, NOK, or WAIT for a fact or a reviewer.';
comment on column decision.code is 'The rule that decided, e.g. FACE_IN_USE; ACCEPTED where none fired; REVIEWED for a reviewer''s decision; CASE_EXPIRED, PROCESS_EXPIRED.';
comment on column decision.reason is 'The text that goes with the code.';
comment on column decision.rule is 'Number of the rule that decided, from 1; null: none fired, or a reviewer or time decided.';
comment on column decision.policy_version is 'Version of the policy that decided last.';
comment on column decision.failed is 'Whether the provider''s check failed.';
comment on column decision.score is 'The provider''s score, 0 to 10; null: there was none.';
comment on column decision.frame is 'Whether a picture came with the request.';
comment on column decision.frame_in_use is 'Whether the picture had come with another user before.';
comment on column decision.process_attempt is 'Which verification of the process it was, from 1.';
comment on column decision.day_attempt is 'Which verification of the person, under all ids, on that day it was, from 1.';
comment on column decision.awaits_facts is 'True: a fact from another worker may change it without a person.';
comment on column decision.event_date is 'Day (UTC) of the request.';
comment on column decision.requested_at is 'When version 1 was decided; from then on facts are awaited.';
comment on column decision.reviewed_by is 'Who reviewed, sealed for the user; null: the rules decided, or time did.';
comment on column decision.words is 'The reviewer''s own words, told in place of the text; sealed for the user; null: none.';
comment on column decision.decided_at is 'When it was decided, by the database''s clock.';

create table evaluation (
    identity_verification_id text primary key,
    user_id                  text not null,
    result                   text not null check (result in ('OK', 'NOK', 'WAIT')),
    decided_at               timestamptz not null
) with (fillfactor = 90);
comment on table evaluation is 'The latest decision on the documents of each verification, as the evaluation worker told.';
comment on column evaluation.identity_verification_id is 'The identity verification.';
comment on column evaluation.user_id is 'Whose documents they are.';
comment on column evaluation.result is 'OK, NOK, or WAIT for a reviewer.';
comment on column evaluation.decided_at is 'When the evaluation worker, or a reviewer, decided.';

create table consent (
    user_id      text not null,
    consent_type text not null,
    approved     boolean not null,
    recorded_at  timestamptz not null,
    primary key (user_id, consent_type)
) with (fillfactor = 90);
comment on table consent is 'The latest answer of each user to each type of consent, as the consent worker told.';
comment on column consent.user_id is 'Who answered.';
comment on column consent.consent_type is 'Which consent.';
comment on column consent.approved is 'False: refused, or withdrawn after an approval.';
comment on column consent.recorded_at is 'When the consent worker stored the answer.';

create table face_use (
    blind_index              bytea not null check (octet_length(blind_index) = 32),
    user_id                  text not null,
    identity_verification_id text not null,
    recorded_at              timestamptz not null,
    primary key (blind_index, user_id)
);
comment on table face_use is 'Which users a picture came with; more than one needs a person.';
comment on column face_use.blind_index is 'Keyed digest (HMAC-SHA-256) of the picture; the picture itself is not kept.';
comment on column face_use.user_id is 'The user of the process.';
comment on column face_use.identity_verification_id is 'The verification in which it first came with this user.';
comment on column face_use.recorded_at is 'When that was, by the database''s clock.';

grant select, insert on decision, face_use to onboarding_approval;
grant select, insert, update on evaluation, consent to onboarding_approval;

reset role;
commit;
