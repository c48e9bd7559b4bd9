-- The consent worker's tables: texts as they were imported, answers as they were given. Rows are
-- only added; an answer is a row of the next version, so two batches that take answers of a user at
-- once collide on the primary key and one looks again.

begin;

create schema consent authorization onboarding_owner;
comment on schema consent is 'The consent worker: keeps the texts of consents, and what users answered to them.';

set local role onboarding_owner;
select runtime.create_ledger('consent', 'onboarding_consent');
select runtime.create_vault('consent', 'onboarding_consent');
set local search_path = consent;

create table edition (
    consent_type   text not null check (consent_type ~ '^[A-Za-z0-9._-]{1,64}$'),
    language       text not null check (language ~ '^[a-z]{2,3}$'),
    version        text not null check (version ~ '^[A-Za-z0-9._-]{1,64}$'),
    effective_from date not null,
    html           text not null check (octet_length(html) between 1 and 524288),
    digest         bytea not null check (digest = sha256(convert_to(html, 'UTF8'))),
    imported_by    text not null default session_user,
    imported_at    timestamptz not null default now(),
    primary key (consent_type, language, version),
    -- Else it would be nobody's guess which of two texts was shown.
    unique (consent_type, language, effective_from)
);
comment on table edition is 'Texts of consents; imported by whoever may act as onboarding_owner (onboarding consent import), never changed.';
comment on column edition.consent_type is 'Which consent, e.g. GDPR.';
comment on column edition.language is 'Language of the text; ISO 639-1.';
comment on column edition.version is 'Version of the text in this language.';
comment on column edition.effective_from is 'First day (UTC) on which the text is in force, until a later one is.';
comment on column edition.html is 'The text, of allowed elements only, with {{variables}}.';
comment on column edition.digest is 'SHA-256 of the text; answers name it.';
comment on column edition.imported_by is 'Login role that imported it.';
comment on column edition.imported_at is 'When it was imported.';

create table submission (
    user_id        text not null,
    consent_type   text not null,
    version        integer not null check (version > 0),
    process_id     text not null,
    process_type   text not null,
    state          text not null check (state in ('APPROVED', 'REFUSED', 'WITHDRAWN')),
    text_version   text,
    language       text,
    text_digest    bytea check (octet_length(text_digest) = 32),
    required       boolean not null,
    channel        text,
    source         text not null,
    event_id       text not null,
    policy_version text not null,
    submitted_at   timestamptz not null,
    recorded_at    timestamptz not null,
    primary key (user_id, consent_type, version),
    check (version > 1 or state <> 'WITHDRAWN')
);
create index submission_process on submission (process_id);
create index submission_recorded_at on submission using brin (recorded_at);
comment on table submission is 'Every answer of a user to a consent; the highest version of a user and type holds.';
comment on column submission.user_id is 'Who answered.';
comment on column submission.consent_type is 'Which consent.';
comment on column submission.version is 'Number of the answer among those of this user to this type, from 1.';
comment on column submission.process_id is 'Onboarding process in which the answer was given.';
comment on column submission.process_type is 'Type of the process, which selected the policy.';
comment on column submission.state is 'APPROVED; REFUSED: not approved, nor ever before; WITHDRAWN: not approved any more.';
comment on column submission.text_version is 'Version of the text that was shown, as told, else the one in force; null: not told, and there was none.';
comment on column submission.language is 'Language of that text; null: not known.';
comment on column submission.text_digest is 'Digest of that text, see edition; null: it is none of those imported.';
comment on column submission.required is 'Whether processes of this type required this consent.';
comment on column submission.channel is 'Where the answer was given, as told; null: not told.';
comment on column submission.source is 'System that reported the answer (ce_source).';
comment on column submission.event_id is 'Its event (ce_id); leads to the ledger.';
comment on column submission.policy_version is 'Version of the policy that said what is required.';
comment on column submission.submitted_at is 'When it was given: the event''s time.';
comment on column submission.recorded_at is 'When it was stored, by the database''s clock; rises with the version.';

create view holding as
select distinct on (user_id, consent_type) *
  from submission
 order by user_id, consent_type, version desc;
comment on view holding is 'The answers that hold now: of each user to each type the latest one.';
comment on column holding.user_id is 'Who answered.';
comment on column holding.consent_type is 'Which consent.';
comment on column holding.version is 'Number of the answers of this user to this type so far.';
comment on column holding.process_id is 'Onboarding process in which the answer was given.';
comment on column holding.process_type is 'Type of the process.';
comment on column holding.state is 'APPROVED, REFUSED or WITHDRAWN.';
comment on column holding.text_version is 'Version of the text that was shown; null: not known.';
comment on column holding.language is 'Language of that text; null: not known.';
comment on column holding.text_digest is 'Digest of that text, see edition; null: it is none of those imported.';
comment on column holding.required is 'Whether processes of this type required this consent.';
comment on column holding.channel is 'Where the answer was given; null: not told.';
comment on column holding.source is 'System that reported the answer (ce_source).';
comment on column holding.event_id is 'Its event (ce_id).';
comment on column holding.policy_version is 'Version of the policy that said what is required.';
comment on column holding.submitted_at is 'When it was given.';
comment on column holding.recorded_at is 'When it was stored.';

-- Texts are the operators' to write; the worker takes answers and forgets none.
grant select on edition, holding to onboarding_consent;
grant insert on submission to onboarding_consent;

reset role;
commit;
