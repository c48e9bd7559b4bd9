-- What analysts may read: views without names, birth dates, numbers of documents, contacts or
-- free text of persons. User ids are pseudonyms and are shown. The views read with their owner's
-- rights; the analyst has no right on any table.

begin;

create schema analytics authorization onboarding_owner;
comment on schema analytics is 'Views for analysts; the only schema that they may read. Times are in UTC.';

set local role onboarding_owner;
set local search_path = analytics;

create view decision as
select identity_verification_id,
       version,
       version = max(version) over (partition by identity_verification_id) as holds,
       process_id,
       process_type,
       user_id,
       result,
       code,
       reason,
       rule,
       score,
       policy_version,
       event_date,
       reviewed_by is not null as reviewed,
       decided_at
  from evaluation.decision;
comment on view decision is 'Decisions of evaluation on identity verifications, with the rule that fired. Each review adds a version; the highest one holds.';
comment on column decision.identity_verification_id is 'The identity verification decided on.';
comment on column decision.version is '1: decided by the rules; 2 and up: by a reviewer, or by time.';
comment on column decision.holds is 'True for the version that holds, the highest one.';
comment on column decision.process_id is 'Onboarding process.';
comment on column decision.process_type is 'Type of the process, which selects the policy.';
comment on column decision.user_id is 'User of the process, a pseudonym.';
comment on column decision.result is 'OK, NOK, or WAIT for a reviewer.';
comment on column decision.code is 'Code of the rule that fired, e.g. UNDER_AGE; ACCEPTED where none did; REVIEWED for a reviewer''s decision; CASE_EXPIRED, PROCESS_EXPIRED where nobody decided in time.';
comment on column decision.reason is 'Text that belongs to the code; a reviewer''s own words are not shown.';
comment on column decision.rule is 'Number of the rule that fired, from 1; null: none fired, or a reviewer decided.';
comment on column decision.score is 'Score that counted, 0 to 10; null: there was none, or a reviewer decided.';
comment on column decision.policy_version is 'Version of the policy by which the rules decided.';
comment on column decision.event_date is 'Day (UTC) of the event decided on, at which ages and validity count.';
comment on column decision.reviewed is 'True when a reviewer decided.';
comment on column decision.decided_at is 'When it was decided.';

create view approval as
select identity_verification_id,
       version,
       version = max(version) over (partition by identity_verification_id) as holds,
       process_id,
       process_type,
       user_id,
       result,
       code,
       reason,
       rule,
       score,
       frame,
       frame_in_use,
       process_attempt,
       day_attempt,
       awaits_facts,
       policy_version,
       event_date,
       requested_at,
       reviewed_by is not null as reviewed,
       decided_at
  from approval.decision;
comment on view approval is 'Decisions of approval on presence checks, with the rule that fired. A fact that comes later, or a review, adds a version; the highest one holds.';
comment on column approval.identity_verification_id is 'The identity verification decided on.';
comment on column approval.version is '1: decided when asked; 2 and up: when a fact came, by a reviewer, or by time.';
comment on column approval.holds is 'True for the version that holds, the highest one.';
comment on column approval.process_id is 'Onboarding process.';
comment on column approval.process_type is 'Type of the process, which selects the policy; null: none was named.';
comment on column approval.user_id is 'User of the process, a pseudonym.';
comment on column approval.result is 'OK, NOK, or WAIT for a fact or a reviewer.';
comment on column approval.code is 'Code of the rule that fired, e.g. FACE_IN_USE; ACCEPTED where none did; REVIEWED for a reviewer''s decision; CASE_EXPIRED, PROCESS_EXPIRED where nobody decided in time.';
comment on column approval.reason is 'Text that belongs to the code; a reviewer''s own words are not shown.';
comment on column approval.rule is 'Number of the rule that fired, from 1; null: none fired, or a reviewer decided.';
comment on column approval.score is 'The provider''s score, 0 to 10; null: there was none.';
comment on column approval.frame is 'Whether a picture came with the request.';
comment on column approval.frame_in_use is 'Whether the picture had come with another user before.';
comment on column approval.process_attempt is 'Which verification of the process it was, from 1.';
comment on column approval.day_attempt is 'Which verification of the user on that day it was, from 1.';
comment on column approval.awaits_facts is 'True: what another worker tells may change it without a person.';
comment on column approval.policy_version is 'Version of the policy by which the rules decided.';
comment on column approval.event_date is 'Day (UTC) of the request.';
comment on column approval.requested_at is 'When it was first decided.';
comment on column approval.reviewed is 'True when a reviewer decided.';
comment on column approval.decided_at is 'When it was decided.';

create view consent as
select user_id,
       consent_type,
       state = 'APPROVED' as approved,
       state,
       version as answers,
       process_id,
       process_type,
       text_version,
       language,
       text_digest is not null as text_imported,
       required,
       submitted_at,
       recorded_at
  from consent.holding;
comment on view consent is 'What holds now: latest answer of each user to each type of consent.';
comment on column consent.user_id is 'Who answered, a pseudonym.';
comment on column consent.consent_type is 'Type of consent.';
comment on column consent.approved is 'True when the state is APPROVED.';
comment on column consent.state is 'APPROVED; REFUSED: not approved, nor ever before; WITHDRAWN: not approved any more.';
comment on column consent.answers is 'Number of the user''s answers to this type so far.';
comment on column consent.process_id is 'Onboarding process in which the answer was given.';
comment on column consent.process_type is 'Type of the process.';
comment on column consent.text_version is 'Version of the text that was shown; null: not known.';
comment on column consent.language is 'Language of that text; null: not known.';
comment on column consent.text_imported is 'True when that text is one of those imported.';
comment on column consent.required is 'Whether processes of this type required this consent.';
comment on column consent.submitted_at is 'When the answer was given.';
comment on column consent.recorded_at is 'When the answer was stored.';

create view consent_answer as
select user_id,
       consent_type,
       version,
       version = max(version) over (partition by user_id, consent_type) as holds,
       state,
       process_id,
       process_type,
       text_version,
       language,
       text_digest is not null as text_imported,
       required,
       policy_version,
       submitted_at,
       recorded_at
  from consent.submission;
comment on view consent_answer is 'Every answer of users to consents, withdrawals included.';
comment on column consent_answer.user_id is 'Who answered, a pseudonym.';
comment on column consent_answer.consent_type is 'Type of consent.';
comment on column consent_answer.version is 'Number of the answer among those of this user to this type, from 1.';
comment on column consent_answer.holds is 'True for the answer that holds, the one of the highest version.';
comment on column consent_answer.state is 'APPROVED; REFUSED: not approved, nor ever before; WITHDRAWN: not approved any more.';
comment on column consent_answer.process_id is 'Onboarding process in which the answer was given.';
comment on column consent_answer.process_type is 'Type of the process.';
comment on column consent_answer.text_version is 'Version of the text that was shown; null: not known.';
comment on column consent_answer.language is 'Language of that text; null: not known.';
comment on column consent_answer.text_imported is 'True when that text is one of those imported.';
comment on column consent_answer.required is 'Whether processes of this type required this consent.';
comment on column consent_answer.policy_version is 'Version of the policy that said what is required.';
comment on column consent_answer.submitted_at is 'When the answer was given.';
comment on column consent_answer.recorded_at is 'When the answer was stored.';

do $create$
begin
    execute 'create view review as ' || runtime.of_each_service('review_case', $$
        (select distinct on (identity_verification_id)
                '{service}' as job,
                identity_verification_id,
                process_id,
                process_type,
                user_id,
                state,
                code,
                reason,
                opened_at,
                case when state = 'OPEN' then clock_timestamp() - opened_at end as age,
                expires_at,
                result,
                closed_code,
                closed_at
           from {service}.review_case
          order by identity_verification_id, version desc)
        $$);
end
$create$;
comment on view review is 'Cases that wait, or waited, for a person: open ones with their age and reason.';
comment on column review.job is 'Job whose rules said WAIT: evaluation or approval.';
comment on column review.identity_verification_id is 'The identity verification that the case is about.';
comment on column review.process_id is 'Onboarding process.';
comment on column review.process_type is 'Type of the process.';
comment on column review.user_id is 'User of the process, a pseudonym.';
comment on column review.state is 'OPEN; RESOLVED: by a reviewer; SUPERSEDED: the rules decided after all; EXPIRED: nobody decided in time.';
comment on column review.code is 'Code of the rule that wants a person.';
comment on column review.reason is 'Text that belongs to the code.';
comment on column review.opened_at is 'When the rules first said WAIT.';
comment on column review.age is 'How long an open case has waited; null: it is closed.';
comment on column review.expires_at is 'When it is refused if nobody decides.';
comment on column review.result is 'OK or NOK; null: it is open.';
comment on column review.closed_code is 'REVIEWED, CASE_EXPIRED, PROCESS_EXPIRED, or the code of the rule that decided after all; null: it is open.';
comment on column review.closed_at is 'When it was closed; null: it is open.';

create view otp as
select process_id,
       process_type,
       user_id,
       otp_type,
       resend,
       channel,
       result,
       attempts,
       policy_version,
       requested_at,
       decided_at
  from otp.answer;
comment on view otp is 'What became of each request for a one-time code.';
comment on column otp.process_id is 'Onboarding process.';
comment on column otp.process_type is 'Type of the process; null: not told.';
comment on column otp.user_id is 'User of the process, a pseudonym; null: not told.';
comment on column otp.otp_type is 'What the code is for: ACTIVATION or USER_VERIFICATION.';
comment on column otp.resend is 'True: a further message for a challenge.';
comment on column otp.channel is 'SMS or EMAIL; null: there was no destination.';
comment on column otp.result is 'SENT, UNKNOWN (perhaps sent, the answer was lost), or why nothing was sent: NO_DESTINATION, TOO_SOON, TOO_MANY, EXPIRED, PROVIDER_REFUSED, PROVIDER_EXHAUSTED.';
comment on column otp.attempts is 'Tries of the provider; 0: none was made.';
comment on column otp.policy_version is 'Version of the policy that let it pass or refused it.';
comment on column otp.requested_at is 'When it was requested.';
comment on column otp.decided_at is 'When the answer was known.';

do $create$
begin
    execute 'create view effect as ' || runtime.of_each_service('effect', $$
        select '{service}' as service,
               kind,
               state,
               failure,
               attempts,
               unknowns,
               last_status,
               created_at,
               case when state = 'PENDING' then clock_timestamp() - created_at end as age,
               due_at,
               expires_at,
               finished_at
          from {service}.effect
        $$);
end
$create$;
comment on view effect is 'What providers were asked to do (messages, call-backs), and what came of it.';
comment on column effect.service is 'Service that asked.';
comment on column effect.kind is 'What is to be done, by which provider.';
comment on column effect.state is 'PENDING; SENT: the provider accepted it; FAILED: not done, see failure; UNKNOWN: perhaps done, since an answer was lost and no repeat was accepted.';
comment on column effect.failure is 'REFUSED by the provider; EXHAUSTED: tries used up; EXPIRED before its turn; ERASED: the person''s data were erased meanwhile; null: it did not fail.';
comment on column effect.attempts is 'Tries so far.';
comment on column effect.unknowns is 'Tries whose answer was lost; the provider may have done it more than once by as many.';
comment on column effect.last_status is 'Code of the last answer, of HTTP or SMTP; null: none came.';
comment on column effect.created_at is 'When it was asked for.';
comment on column effect.age is 'How long it has been pending; null: it is not.';
comment on column effect.due_at is 'Not to be tried before.';
comment on column effect.expires_at is 'Not to be begun after.';
comment on column effect.finished_at is 'When its end was recorded; null: it is pending.';

create view process_timeline as
select process_id,
       decided_at as at,
       'lookup' as job,
       'lookup.completed' as event,
       process_type,
       user_id,
       null::text as identity_verification_id,
       null::integer as version,
       consent as result,
       code
  from lookup.answer
union all
select process_id,
       recorded_at,
       'consent',
       'consent.completed',
       process_type,
       user_id,
       null,
       version,
       state,
       consent_type
  from consent.submission
union all
select process_id,
       decided_at,
       'evaluation',
       case when reviewed_by is null then 'evaluation.completed' else 'review.decided' end,
       process_type,
       user_id,
       identity_verification_id,
       version,
       result,
       code
  from evaluation.decision
union all
select process_id,
       decided_at,
       'approval',
       case when reviewed_by is null then 'approval.completed' else 'review.decided' end,
       process_type,
       user_id,
       identity_verification_id,
       version,
       result,
       code
  from approval.decision
union all
select process_id,
       decided_at,
       'otp',
       'otp.completed',
       process_type,
       user_id,
       null,
       null,
       otp_type,
       result
  from otp.answer
union all
select name,
       published_at,
       'schedule',
       'process.expired',
       null,
       null,
       null,
       null,
       null,
       null
  from schedule.published
 where topic = 'onboarding.process.expired.v1';
comment on view process_timeline is 'What happened in each process, one row an event; order by process_id, at, version.';
comment on column process_timeline.process_id is 'Onboarding process.';
comment on column process_timeline.at is 'When it happened.';
comment on column process_timeline.job is 'Job that reports it: lookup, consent, otp, evaluation, approval or schedule.';
comment on column process_timeline.event is 'lookup.completed, consent.completed, otp.completed, evaluation.completed and approval.completed (decided by the rules, or by time), review.decided (by a reviewer) or process.expired.';
comment on column process_timeline.process_type is 'Type of the process; null for process.expired.';
comment on column process_timeline.user_id is 'User, a pseudonym; null when lookup or upstream told none, and for process.expired.';
comment on column process_timeline.identity_verification_id is 'Identity verification decided on; null for other events.';
comment on column process_timeline.version is 'Version of the decision, see decision.version and approval.version, or of the answer to a consent, see consent_answer.version; null for other events.';
comment on column process_timeline.result is 'Lookup: whether consent is REQUIRED, NOT_REQUIRED or NOT_EVALUATED. Consent: APPROVED, REFUSED or WITHDRAWN. Otp: what the code is for. Evaluation, approval and review: OK, NOK or WAIT. Null for process.expired.';
comment on column process_timeline.code is 'Lookup: FOUND, AMBIGUOUS, NOT_FOUND, PROSPECT or INSUFFICIENT. Consent: type of consent. Otp: SENT, or why not. Evaluation, approval and review: code of the rule. Null for process.expired.';

-- Each array_agg picks the last event of its kind. Grouped by process_id alone, so that a condition
-- on it reaches the indexes of the tables. Approval has the last word on a verification; evaluation
-- has it where it has decided on another one since.
create view process as
select process_id,
       process_type,
       user_id,
       case case when approval_verification = evaluation_verification
                      or approved_at >= coalesce(evaluated_at, approved_at)
                 then approval_result
                 else nullif(evaluation_result, 'OK')
            end
           when 'OK' then 'ACCEPTED'
           when 'NOK' then 'REJECTED'
           when 'WAIT' then 'IN_REVIEW'
           else case
               when expired_at is not null then 'EXPIRED'
               when evaluation_result = 'OK' then 'DOCUMENTS_ACCEPTED'
               when lookup_code is null then 'STARTED'
               when lookup_code in ('FOUND', 'PROSPECT') then 'USER_FOUND'
               else 'USER_NOT_FOUND'
           end
       end as state,
       lookup_code,
       consent_demand,
       consents_approved,
       codes_sent,
       evaluation_result,
       evaluation_code,
       approval_result,
       approval_code,
       identity_verifications,
       started_at,
       last_at,
       expired_at
  from (select process_id,
               (array_agg(process_type order by at desc)
                    filter (where process_type is not null))[1] as process_type,
               (array_agg(user_id order by at desc, version desc nulls last)
                    filter (where user_id is not null))[1] as user_id,
               (array_agg(code order by at desc) filter (where job = 'lookup'))[1] as lookup_code,
               (array_agg(result order by at desc)
                    filter (where job = 'lookup'))[1] as consent_demand,
               count(*) filter (where job = 'consent'
                                  and result = 'APPROVED') as consents_approved,
               count(*) filter (where job = 'otp' and code = 'SENT') as codes_sent,
               (array_agg(result order by at desc, version desc)
                    filter (where job = 'evaluation'))[1] as evaluation_result,
               (array_agg(code order by at desc, version desc)
                    filter (where job = 'evaluation'))[1] as evaluation_code,
               (array_agg(identity_verification_id order by at desc, version desc)
                    filter (where job = 'evaluation'))[1] as evaluation_verification,
               max(at) filter (where job = 'evaluation') as evaluated_at,
               (array_agg(result order by at desc, version desc)
                    filter (where job = 'approval'))[1] as approval_result,
               (array_agg(code order by at desc, version desc)
                    filter (where job = 'approval'))[1] as approval_code,
               (array_agg(identity_verification_id order by at desc, version desc)
                    filter (where job = 'approval'))[1] as approval_verification,
               max(at) filter (where job = 'approval') as approved_at,
               count(distinct identity_verification_id) as identity_verifications,
               min(at) as started_at,
               max(at) as last_at,
               min(at) filter (where event = 'process.expired') as expired_at
          from process_timeline
         group by process_id) as latest;
comment on view process is 'Onboarding processes with their state, one row a process.';
comment on column process.process_id is 'Onboarding process.';
comment on column process.process_type is 'Type of the process, as last told.';
comment on column process.user_id is 'User, a pseudonym, as last told; null: not known.';
comment on column process.state is 'By the last decision: ACCEPTED (approval OK), REJECTED (NOK) or IN_REVIEW (WAIT). Without one EXPIRED when its time is over, else how far it came: DOCUMENTS_ACCEPTED (evaluation OK), USER_FOUND, USER_NOT_FOUND or STARTED.';
comment on column process.lookup_code is 'How the last lookup ended: FOUND, AMBIGUOUS, NOT_FOUND, PROSPECT or INSUFFICIENT; null: none yet.';
comment on column process.consent_demand is 'What the last lookup answered about consent: REQUIRED, NOT_REQUIRED or NOT_EVALUATED; null: none yet.';
comment on column process.consents_approved is 'Number of consents approved in it.';
comment on column process.codes_sent is 'Number of messages with a one-time code that a provider accepted.';
comment on column process.evaluation_result is 'Last decision of evaluation or of a reviewer: OK, NOK or WAIT; null: none yet.';
comment on column process.evaluation_code is 'Code of that decision.';
comment on column process.approval_result is 'Last decision of approval or of a reviewer: OK, NOK or WAIT; null: none yet.';
comment on column process.approval_code is 'Code of that decision.';
comment on column process.identity_verifications is 'Number of identity verifications decided on.';
comment on column process.started_at is 'First event known.';
comment on column process.last_at is 'Last event known.';
comment on column process.expired_at is 'When the schedule said that its time is over; null: it did not.';

create view funnel_by_day as
select (started_at at time zone 'UTC')::date as day,
       process_type,
       count(*) as processes,
       count(*) filter (where lookup_code is not null) as looked_up,
       count(*) filter (where lookup_code in ('FOUND', 'PROSPECT')) as user_found,
       count(*) filter (where consents_approved > 0) as consented,
       count(*) filter (where codes_sent > 0) as code_sent,
       count(*) filter (where evaluation_result is not null) as evaluated,
       count(*) filter (where evaluation_result = 'OK') as documents_accepted,
       count(*) filter (where approval_result is not null) as presence_checked,
       count(*) filter (where state = 'IN_REVIEW') as in_review,
       count(*) filter (where state = 'REJECTED') as rejected,
       count(*) filter (where state = 'ACCEPTED') as accepted,
       count(*) filter (where state = 'EXPIRED') as expired
  from process
 group by 1, 2;
comment on view funnel_by_day is 'How far the processes that began on a day have come by now.';
comment on column funnel_by_day.day is 'Day (UTC) of the first event of the processes.';
comment on column funnel_by_day.process_type is 'Type of the processes.';
comment on column funnel_by_day.processes is 'Processes that began on this day.';
comment on column funnel_by_day.looked_up is 'Of these, looked up.';
comment on column funnel_by_day.user_found is 'Of these, the last lookup answered a user: FOUND or PROSPECT.';
comment on column funnel_by_day.consented is 'Of processes, a consent was approved.';
comment on column funnel_by_day.code_sent is 'Of processes, a one-time code was sent.';
comment on column funnel_by_day.evaluated is 'Of processes, documents decided on at least once.';
comment on column funnel_by_day.documents_accepted is 'Of evaluated, the last decision on documents is OK.';
comment on column funnel_by_day.presence_checked is 'Of processes, approval decided at least once.';
comment on column funnel_by_day.in_review is 'Of processes, the state is IN_REVIEW, see process.state.';
comment on column funnel_by_day.rejected is 'Of processes, the state is REJECTED.';
comment on column funnel_by_day.accepted is 'Of processes, the state is ACCEPTED.';
comment on column funnel_by_day.expired is 'Of processes, the state is EXPIRED.';

do $create$
begin
    execute 'create view dead_letter as ' || runtime.of_each_service('dead_letter', $$
        select '{service}' as service, g.name as consumer_group, t.name as topic, d.generation,
               d.partition, d."offset", d.reason, d.detail, d.recorded_at, d.replayed_at
          from {service}.dead_letter d
          join {service}.consumer_group g using (group_id)
          join {service}.topic t using (topic_id)
        $$);
end
$create$;
comment on view dead_letter is 'Events that were parked because they cannot be handled, and why.';
comment on column dead_letter.service is 'Service that parked it.';
comment on column dead_letter.consumer_group is 'Its consumer group.';
comment on column dead_letter.topic is 'Topic it came on; it is parked on the topic of that name with .dlt added.';
comment on column dead_letter.generation is 'Generation of the topic; goes up when the topic is created anew.';
comment on column dead_letter.partition is 'Partition it came on.';
comment on column dead_letter."offset" is 'Offset in that partition.';
comment on column dead_letter.reason is 'Reason code.';
comment on column dead_letter.detail is 'What is wrong and where in the event, without personal data.';
comment on column dead_letter.recorded_at is 'When it was parked.';
comment on column dead_letter.replayed_at is 'When it was last put back on its topic; null: never.';

-- Of the batches at or above the published offset the first is looked up by the primary key: it
-- begins at that offset or is the last one to begin before it.
do $create$
begin
    execute $$
        create view publishing_lag as
        select p.service, p.consumer_group, p.topic, p.generation, p.partition,
               p.next_offset, p.published_offset,
               p.next_offset - p.published_offset as unpublished_offsets,
               p.oldest_at as oldest_unpublished_at,
               clock_timestamp() - p.oldest_at as oldest_unpublished_age,
               p.stopped
          from ($$ || runtime.of_each_service('partition', $$
        select '{service}' as service, g.name as consumer_group, t.name as topic, p.generation,
               p.partition, p.next_offset, p.published_offset, p.stopped,
               (select b.recorded_at
                  from {service}.batch b
                 where b.group_id = p.group_id and b.topic_id = p.topic_id
                   and b.generation = p.generation and b.partition = p.partition
                   and b.first_offset >= coalesce(
                           (select max(e.first_offset)
                              from {service}.batch e
                             where e.group_id = p.group_id and e.topic_id = p.topic_id
                               and e.generation = p.generation and e.partition = p.partition
                               and e.first_offset <= p.published_offset), 0)
                   and b.last_offset >= p.published_offset
                   and b.results_count > 0
                 order by b.first_offset
                 limit 1) as oldest_at
          from {service}.partition p
          join {service}.consumer_group g using (group_id)
          join {service}.topic t using (topic_id)
        $$) || ') as p';
end
$create$;
comment on view publishing_lag is 'What is decided and stored but not yet known to be published, by input partition. Some milliseconds are usual.';
comment on column publishing_lag.service is 'Service.';
comment on column publishing_lag.consumer_group is 'Its consumer group.';
comment on column publishing_lag.topic is 'Input topic.';
comment on column publishing_lag.generation is 'Generation of the topic; goes up when the topic is created anew.';
comment on column publishing_lag.partition is 'Input partition.';
comment on column publishing_lag.next_offset is 'Offset to be consumed next.';
comment on column publishing_lag.published_offset is 'Results of all offsets before it are published.';
comment on column publishing_lag.unpublished_offsets is 'Number of offsets consumed whose results are not yet known to be published.';
comment on column publishing_lag.oldest_unpublished_at is 'When the oldest batch with such results was stored; null: there is none.';
comment on column publishing_lag.oldest_unpublished_age is 'How long ago that was.';
comment on column publishing_lag.stopped is 'Why the partition waits for an operator; null: it does not.';

grant usage on schema analytics to analyst;
grant select on decision, approval, review, consent, consent_answer, otp, effect,
                process_timeline, process, funnel_by_day, dead_letter, publishing_lag to analyst;

-- What a process is, and how far it is, is said here alone; the schedule looks at that too.
grant usage on schema analytics to onboarding_schedule;
grant select on process_timeline, process to onboarding_schedule;

reset role;
commit;
