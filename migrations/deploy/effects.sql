-- What handlers ask providers to do, written once: runtime.create_effects() makes its table in the
-- schema of a service that has a ledger. Plain SQL that needs no role of ours.

begin;

-- Creates the table in a schema, owned by the schema's owner; grants service_role (may be null)
-- what a worker needs.
create function runtime.create_effects(target_schema name, service_role name default null)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $create_effects$
declare
    schema_owner name;
begin
    schema_owner := runtime.enter_schema(target_schema);

    -- A row changes with each try: half-empty pages keep those updates short.
    create table effect (
        created_at   timestamptz not null default now(),
        due_at       timestamptz not null,
        expires_at   timestamptz not null,
        leased_until timestamptz,
        finished_at  timestamptz,
        leased_epoch bigint,
        topic_id     integer not null,
        partition    integer not null,
        attempts     integer not null default 0 check (attempts >= 0),
        last_status  integer,
        group_id     smallint not null,
        unknowns     smallint not null default 0 check (unknowns >= 0),
        trying       boolean not null default false,
        effect_id    uuid primary key,
        kind         text not null,
        state        text not null default 'PENDING'
                     check (state in ('PENDING', 'SENT', 'FAILED', 'UNKNOWN')),
        failure      text check (failure in ('REFUSED', 'EXHAUSTED', 'EXPIRED', 'ERASED')),
        order_key    text,
        reference    text,
        subject      text,
        provider_id  text,
        sealed_by    bytea not null,
        cause        bytea not null,
        content      bytea,
        check ((state = 'PENDING') = (finished_at is null)),
        check ((state = 'PENDING') = (content is not null)),
        check ((state = 'FAILED') = (failure is not null)),
        check ((leased_until is null) or (state = 'PENDING' and leased_epoch is not null)),
        check (leased_until is not null or not trying)
    ) with (fillfactor = 70, vacuum_truncate = false,
            autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
    -- What is due, and what stands before another of its key: pending ones are few.
    create index effect_due on effect (group_id, topic_id, partition, kind, due_at)
        where state = 'PENDING';
    create index effect_order on effect (group_id, topic_id, partition, order_key, effect_id)
        where state = 'PENDING';
    create index effect_finished on effect using brin (finished_at);
    comment on table effect is 'What providers are asked to do (messages, call-backs): one row each, committed with the event that asks for it, final with the event that tells what became of it.';
    comment on column effect.created_at is 'Start of the transaction that asked for it.';
    comment on column effect.due_at is 'Not to be tried before.';
    comment on column effect.expires_at is 'Not to be begun after.';
    comment on column effect.leased_until is 'In the hands of an owner until then at the latest, who tries it or records its end; later another may take it. Null: nobody has it.';
    comment on column effect.finished_at is 'When its end was recorded; null while it is pending.';
    comment on column effect.leased_epoch is 'Owner epoch of the partition under which it was last taken.';
    comment on column effect.topic_id is 'Pseudo topic effects/INPUT TOPIC; see topic.';
    comment on column effect.partition is 'Partition of the input topic that the asking event came from.';
    comment on column effect.attempts is 'Tries so far.';
    comment on column effect.last_status is 'Code of the last answer, of HTTP or SMTP; null: none came.';
    comment on column effect.group_id is 'Consumer group; see consumer_group.';
    comment on column effect.unknowns is 'Tries whose answer was lost; the provider may have done it more than once by as many.';
    comment on column effect.trying is 'A try is under way, or its answer is lost: once leased_until is over. False: whoever has it asks nobody.';
    comment on column effect.effect_id is 'UUIDv7, made when it was asked for; the key by which the provider tells a repeat.';
    comment on column effect.kind is 'What is to be done, by which provider: a name of the service.';
    comment on column effect.state is 'PENDING; SENT: the provider accepted it; FAILED: not done, see failure; UNKNOWN: perhaps done, since an answer was lost and no repeat was accepted.';
    comment on column effect.failure is 'REFUSED by the provider; EXHAUSTED: tries used up; EXPIRED before its first turn; ERASED: the subject was erased meanwhile.';
    comment on column effect.order_key is 'Effects of one key run one after another; null: no order.';
    comment on column effect.reference is 'The service''s own name for it.';
    comment on column effect.subject is 'User whose data key seals the content; null: nobody''s.';
    comment on column effect.sealed_by is 'That key, or one of the day; see subject_key.subject.';
    comment on column effect.provider_id is 'The provider''s name for it; null: it told none.';
    comment on column effect.cause is 'StoredCause in Avro (schemas/stored_cause.avsc): the asking event, for whoever waits for the answer.';
    comment on column effect.content is 'StoredContent in Avro (schemas/stored_content.avsc), sealed; null once it is final.';

    execute format('alter table effect owner to %I', schema_owner);
    if service_role is not null then
        execute format('grant select, insert, update on effect to %I', service_role);
    end if;
end
$create_effects$;
comment on function runtime.create_effects(name, name) is 'Creates the table of effects in a schema that has a ledger, owned by its owner, and grants a service role (may be null) what a worker needs.';

create function runtime.drop_effects(target_schema name)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('drop table %I.effect', target_schema);
end
$$;
comment on function runtime.drop_effects(name) is 'Drops what create_effects() made in a schema; before drop_ledger().';

create function runtime.forget_effects(target_schema name, older interval,
                                       chunk integer default 10000)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten bigint;
begin
    perform set_config('search_path', quote_ident(target_schema) || ', pg_temp', true);
    delete from effect
     where ctid = any (array(
               select e.ctid
                 from effect e
                where e.finished_at < now() - older
                limit chunk));
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;
comment on function runtime.forget_effects(name, interval, integer) is 'Deletes up to chunk effects that ended longer ago than older; returns how many went. Repeat until 0.';

revoke execute on all functions in schema runtime from public;

do $$
begin
    if exists (select from pg_roles where rolname = 'onboarding_owner') then
        alter function runtime.create_effects(name, name) owner to onboarding_owner;
        alter function runtime.drop_effects(name) owner to onboarding_owner;
        alter function runtime.forget_effects(name, interval, integer) owner to onboarding_owner;
    end if;
end
$$;

commit;
