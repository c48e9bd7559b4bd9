-- What the schedule publishes: the services' views of what is due, and what it has published.

begin;

create schema schedule authorization onboarding_owner;
comment on schema schedule is 'The schedule: turns time into ordinary events (program onboarding-schedule).';

set local role onboarding_owner;
set local search_path = schedule;

create table published (
    topic        text not null,
    name         text not null,
    event_id     uuid not null,
    due_at       timestamptz not null,
    published_at timestamptz not null default now(),
    primary key (topic, name)
);
-- `onboarding forget` goes by this; notes of expired processes stay, see analytics.process.
create index published_forgettable on published (published_at)
    where topic <> 'onboarding.process.expired.v1';
comment on table published is 'Events of the schedule that Kafka has acknowledged; none of them is published again.';
comment on column published.topic is 'Topic in Kafka.';
comment on column published.name is 'What the event is about, as its service names it; unique in the topic.';
comment on column published.event_id is 'ce_id: derived from topic and name.';
comment on column published.due_at is 'When it was due.';
comment on column published.published_at is 'When it was acknowledged.';

-- A service that time concerns has a view `due` of these columns in its schema. It lists what is due
-- by now and leaves out what the service has handled.
do $create$
begin
    execute 'create view due (topic, name, due_at, data) as '
            || coalesce(runtime.of_each_service('due', 'select topic, name, due_at, data from {service}.due'),
                        $$select '', '', now(), '{}'::jsonb where false$$);
end
$create$;
comment on view due is 'Events of all services that are due by now and not handled.';
comment on column due.topic is 'Topic to publish to.';
comment on column due.name is 'What the event is about; unique in the topic, and the same each time.';
comment on column due.due_at is 'When it was due.';
comment on column due.data is 'The event''s fields, as in JSON for onboarding publish.';

create view customer as
select user_id
  from evaluation.customer
union all
select user_id
  from otp.contact
union all
select user_id
  from lookup.identity
 where not prospect
union all
select user_id
  from lookup.alias
union all
select first_id
  from lookup.alias
union all
select first.user_id
  from approval.decision as first
  join approval.decision as later using (identity_verification_id)
 where first.version = 1 and later.result = 'OK';
comment on view customer is 'The bank''s customers, as any worker was told, and who was accepted: their data are not the schedule''s to have erased. May name one often.';
comment on column customer.user_id is 'Id of the customer; where one began as a prospect, that id too.';

grant usage on schema schedule to onboarding_schedule;
grant select on due, customer to onboarding_schedule;
grant select, insert on published to onboarding_schedule;

reset role;
commit;
