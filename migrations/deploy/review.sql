-- Cases that wait for a person: runtime.create_reviews() makes their tables in the schema of each
-- job that holds some, and that of effects, to call back. Evaluation gets one at once, with a case for each decision that is WAIT.

begin;

create function runtime.create_reviews(target_schema name, service_role name, job text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $create_reviews$
declare
    schema_owner name;
begin
    schema_owner := runtime.enter_schema(target_schema);

    create table review_case (
        identity_verification_id text not null,
        version                  integer not null check (version > 0),
        state                    text not null,
        process_id               text not null,
        process_type             text,
        user_id                  text not null,
        code                     text not null,
        reason                   text not null,
        opened_at                timestamptz not null,
        facts_until              timestamptz,
        expires_at               timestamptz not null,
        result                   text check (result in ('OK', 'NOK')),
        closed_code              text,
        closed_at                timestamptz,
        primary key (identity_verification_id, version),
        check (state in ('OPEN', 'RESOLVED', 'SUPERSEDED', 'EXPIRED')),
        check (num_nulls(result, closed_code, closed_at) = case when state = 'OPEN' then 3 else 0 end)
    );
    create index review_case_open on review_case (expires_at) where state = 'OPEN';
    create index review_case_process on review_case (process_id);
    comment on table review_case is 'Cases that wait for a person: opened where the rules say WAIT, closed once. The highest version holds.';
    comment on column review_case.identity_verification_id is 'The identity verification that the case is about.';
    comment on column review_case.version is 'Goes up by one with every change.';
    comment on column review_case.state is 'OPEN; RESOLVED: by a reviewer; SUPERSEDED: the rules decided after all; EXPIRED: nobody decided in time.';
    comment on column review_case.process_id is 'Onboarding process.';
    comment on column review_case.process_type is 'Type of the process; null: none was named.';
    comment on column review_case.user_id is 'User of the process.';
    comment on column review_case.code is 'Code of the rule that wants a person.';
    comment on column review_case.reason is 'Text that belongs to the code.';
    comment on column review_case.opened_at is 'When the rules first said WAIT, by the database''s clock.';
    comment on column review_case.facts_until is 'Until then the rules may still decide by themselves; null: they won''t.';
    comment on column review_case.expires_at is 'When it is refused because nobody decided.';
    comment on column review_case.result is 'OK or NOK once it is closed.';
    comment on column review_case.closed_code is 'REVIEWED, CASE_EXPIRED, PROCESS_EXPIRED, or the code of the rule that decided after all.';
    comment on column review_case.closed_at is 'When it was closed.';

    create table review_callback (
        effect_id                uuid primary key,
        identity_verification_id text not null,
        state                    text not null,
        status                   smallint,
        attempts                 integer not null,
        reason                   bytea,
        recorded_at              timestamptz not null,
        check (state in ('OK', 'NOK', 'UNREADABLE', 'UNKNOWN', 'REFUSED', 'EXHAUSTED', 'EXPIRED',
                         'ERASED'))
    );
    create index review_callback_verification on review_callback (identity_verification_id);
    comment on table review_callback is 'What came of telling the onboarding server how a case was closed.';
    comment on column review_callback.effect_id is 'The effect that told it.';
    comment on column review_callback.identity_verification_id is 'The identity verification of the case.';
    comment on column review_callback.state is 'OK: taken; NOK: refused by the server; UNREADABLE: answered, but not understood; UNKNOWN: perhaps taken, the answer was lost; never taken: REFUSED (a redirect), EXHAUSTED (time or tries, after HTTP errors or no connection), EXPIRED (before its first try), ERASED (the user).';
    comment on column review_callback.status is 'HTTP status of the last answer; null: there was none.';
    comment on column review_callback.attempts is 'How often it was asked.';
    comment on column review_callback.reason is 'The server''s words for it, the beginning of them; sealed for the user; null: none.';
    comment on column review_callback.recorded_at is 'When this was known.';

    execute format($view$
        create view due as
        select 'onboarding.review.expired.v1'::text as topic,
               concat_ws('/', %1$L, c.identity_verification_id, c.version) as name,
               c.expires_at as due_at,
               jsonb_build_object('processId', c.process_id,
                                  'identityVerificationId', c.identity_verification_id,
                                  'job', %1$L,
                                  'expiredAt', floor(extract(epoch from c.expires_at) * 1000)::bigint)
                   as data
          from review_case c
         where c.state = 'OPEN'
           and c.expires_at <= now()
           and not exists (select
                             from review_case later
                            where later.identity_verification_id = c.identity_verification_id
                              and later.version > c.version)
        $view$, job);
    comment on view due is 'What the schedule publishes: cases that have expired and are open still.';
    comment on column due.topic is 'Topic to publish to.';
    comment on column due.name is 'What the event is about: job, identity verification and version of the case.';
    comment on column due.due_at is 'Since when it is due.';
    comment on column due.data is 'Fields of the event.';

    execute format('alter table review_case owner to %I', schema_owner);
    execute format('alter table review_callback owner to %I', schema_owner);
    execute format('alter view due owner to %I', schema_owner);
    execute format('grant select, insert on review_case, review_callback to %I', service_role);
    perform runtime.create_effects(target_schema, service_role);
end
$create_reviews$;
comment on function runtime.create_reviews(name, name, text) is 'Creates the tables of cases that wait for a person, and of effects, in a schema, owned by its owner, with the rights of a service role; job: EVALUATION or APPROVAL.';
revoke execute on function runtime.create_reviews(name, name, text) from public;
alter function runtime.create_reviews(name, name, text) owner to onboarding_owner;

create function runtime.drop_reviews(target_schema name)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform runtime.drop_effects(target_schema);
    execute format('drop view %I.due', target_schema);
    execute format('drop table %1$I.review_callback, %1$I.review_case', target_schema);
end
$$;
comment on function runtime.drop_reviews(name) is 'Drops what create_reviews() made in a schema; before drop_ledger().';
revoke execute on function runtime.drop_reviews(name) from public;
alter function runtime.drop_reviews(name) owner to onboarding_owner;

set local role onboarding_owner;
select runtime.create_reviews('evaluation', 'onboarding_evaluation', 'EVALUATION');
set local search_path = evaluation;

insert into review_case (identity_verification_id, version, state, process_id, process_type,
                         user_id, code, reason, opened_at, expires_at)
select identity_verification_id, 1, 'OPEN', process_id, process_type, user_id, code, reason,
       decided_at, now() + interval '72 hours'
  from (select distinct on (identity_verification_id) *
          from decision
         order by identity_verification_id, version desc) as holding
 where result = 'WAIT';

-- Cases that expire are decided a second time without a reviewer.
alter table decision drop constraint decision_check;
alter table decision add constraint decision_check
    check (version = 1 or reviewed_by is not null or rule is null);
comment on table decision is 'Decisions on identity verifications: version 1 by the rules, later ones by reviewers or because nobody decided in time; the highest version holds.';
comment on column decision.version is '1: by the rules; 2 and up: by a reviewer, or by time.';
comment on column decision.code is 'The rule that decided, e.g. UNDER_AGE; ACCEPTED where none fired; REVIEWED for a reviewer''s decision; CASE_EXPIRED, PROCESS_EXPIRED.';
comment on column decision.reviewed_by is 'Who reviewed, sealed for the user; null: the rules decided, or time did.';

reset role;
commit;
