-- The worker runtime's tables, written once: runtime.create_ledger() makes them in a schema.
-- Plain SQL that needs no role of ours, so that a benchmark can run this file by itself.

begin;

create schema runtime;
comment on schema runtime is 'Makes, drops and tidies the tables of the worker runtime, which live in the schema of each service.';

create table runtime.outcome (
    outcome smallint primary key,
    name    text not null unique
);
comment on table runtime.outcome is 'What became of a consumed event, by the number in ledger.outcome.';
comment on column runtime.outcome.outcome is 'The number in ledger.outcome.';
comment on column runtime.outcome.name is 'The name in documents and logs.';
insert into runtime.outcome (outcome, name)
values (1, 'DONE'),        -- handled; its rows and results are stored
       (2, 'DUPLICATE'),   -- its id had been seen with the same content
       (3, 'CONFLICT'),    -- its id had been seen with other content; a dead letter
       (4, 'DEAD_LETTER'), -- cannot be handled; parked
       (5, 'IGNORED'),     -- another worker's case
       (6, 'GAP');         -- offsets from here on were gone before they were consumed

-- It has no search_path of its own, else the one that it sets would end with it.
create function runtime.enter_schema(target_schema name)
returns name
language plpgsql
as $$
declare
    schema_owner name;
begin
    select pg_get_userbyid(nspowner) into strict schema_owner
      from pg_namespace where nspname = target_schema;
    perform set_config('search_path', quote_ident(target_schema) || ', pg_temp', true);
    return schema_owner;
end
$$;
comment on function runtime.enter_schema(name) is 'Begins what makes tables in a schema: names without a schema are of that one until the calling function, which has a search_path of its own, returns. Returns the schema''s owner.';

-- Creates the runtime's tables in a schema, owned by the schema's owner; grants service_role (may
-- be null) what a worker needs.
create function runtime.create_ledger(target_schema name, service_role name default null)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $create_ledger$
declare
    schema_owner name;
    table_name   name;
begin
    schema_owner := runtime.enter_schema(target_schema);

    create table consumer_group (
        group_id smallint generated always as identity primary key,
        name     text not null unique
    );
    comment on table consumer_group is 'Kafka consumer groups by number: every key of the runtime begins with it.';
    comment on column consumer_group.group_id is 'The number. Look the name up before inserting: a refused insert uses a number up.';
    comment on column consumer_group.name is 'group.id in Kafka.';

    create table source (
        source_id integer generated always as identity primary key,
        name      text not null unique
    );
    insert into source (source_id, name) overriding system value values (0, '');
    comment on table source is 'Values of ce_source by number. Number 0 (the empty name) is reserved: such ledger rows are known by their coordinates, not by an id of the sender.';
    comment on column source.source_id is 'The number. Look the name up before inserting: a refused insert uses a number up.';
    comment on column source.name is 'ce_source of events; empty for number 0 only.';

    create table topic (
        topic_id integer generated always as identity primary key,
        name     text not null unique
    );
    comment on table topic is 'Kafka topics by number.';
    comment on column topic.topic_id is 'The number. Look the name up before inserting: a refused insert uses a number up.';
    comment on column topic.name is 'The name in Kafka.';

    -- Every batch updates a row: half-empty pages keep those updates on the page (HOT).
    create table partition (
        next_offset      bigint not null check (next_offset >= 0),
        published_offset bigint not null,
        owner_epoch      bigint not null,
        last_stamp       timestamptz not null,
        topic_id         integer not null references topic,
        partition        integer not null check (partition >= 0),
        deaths           integer not null default 0 check (deaths >= 0),
        group_id         smallint not null references consumer_group,
        generation       smallint not null default 0 check (generation >= 0),
        clean            boolean not null default false,
        cluster_id       text not null,
        stopped          text,
        primary key (group_id, topic_id, partition),
        check (published_offset <= next_offset)
    ) with (fillfactor = 50, vacuum_truncate = false,
            autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
    comment on table partition is 'How far each input partition is consumed and published, and whose it is. An owner changes a row only where owner_epoch is still its own.';
    comment on column partition.next_offset is 'The offset to consume next; all before it are in the ledger.';
    comment on column partition.published_offset is 'The results of all offsets before it are known to be in Kafka.';
    comment on column partition.owner_epoch is 'Goes up by one with every claim; the fence against former owners.';
    comment on column partition.last_stamp is 'Latest record timestamp that any owner may have published with.';
    comment on column partition.topic_id is 'Input topic; see topic.';
    comment on column partition.partition is 'Partition number.';
    comment on column partition.deaths is 'Claims in a row that followed the death of a process; 0 after a committed batch.';
    comment on column partition.group_id is 'Consumer group; see consumer_group.';
    comment on column partition.generation is 'Goes up by one when an operator accepts that the topic was created anew; offsets begin again.';
    comment on column partition.clean is 'The last owner left in order, with everything published.';
    comment on column partition.cluster_id is 'Kafka cluster that the offsets belong to.';
    comment on column partition.stopped is 'Why the partition waits for an operator; null: it does not.';

    -- No foreign keys and no second btree: this table takes a row for every event. A row costs a
    -- third less to insert without ON CONFLICT, and its write-ahead log a fifth less.
    create table ledger (
        recorded_at   timestamptz not null default now(),
        "offset"      bigint not null,
        source_id     integer not null,
        topic_id      integer not null,
        partition     integer not null,
        group_id      smallint not null,
        generation    smallint not null,
        outcome       smallint not null,
        digest_key    smallint not null,
        event_id      uuid not null,
        digest        bytea not null,
        event_id_text text,
        primary key (group_id, source_id, event_id)
    ) with (vacuum_truncate = false, autovacuum_freeze_min_age = 0,
            autovacuum_vacuum_insert_scale_factor = 0,
            autovacuum_vacuum_insert_threshold = 1000000,
            autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100000);
    create index ledger_recorded_at on ledger using brin (recorded_at);
    comment on table ledger is 'One row for every event consumed: the key against repeats, and the audit trail. Results are in batch, found by topic, generation, partition and offset.';
    comment on column ledger.recorded_at is 'Start of the transaction that consumed it.';
    comment on column ledger."offset" is 'Offset of the event; for a GAP the first offset that was gone.';
    comment on column ledger.source_id is 'Sender of the event, see source; 0: event_id is made of the coordinates.';
    comment on column ledger.topic_id is 'Input topic; see topic.';
    comment on column ledger.partition is 'Input partition.';
    comment on column ledger.group_id is 'Consumer group; see consumer_group.';
    comment on column ledger.generation is 'Generation of the topic; see partition.generation.';
    comment on column ledger.outcome is 'What became of it; see runtime.outcome.';
    comment on column ledger.digest_key is 'Which key of the ring made the digest.';
    comment on column ledger.event_id is 'ce_id when that is a UUID, else one derived from it; with source 0 one derived from the coordinates.';
    comment on column ledger.digest is 'Keyed digest (HMAC) of the decrypted content, to tell a duplicate from a conflict.';
    comment on column ledger.event_id_text is 'ce_id as received when it is no UUID; else null.';

    create table batch (
        first_offset  bigint not null,
        last_offset   bigint not null,
        recorded_at   timestamptz not null default now(),
        topic_id      integer not null,
        partition     integer not null,
        results_count integer not null check (results_count >= 0),
        group_id      smallint not null,
        generation    smallint not null,
        results       bytea,
        primary key (group_id, topic_id, generation, partition, first_offset),
        check (first_offset <= last_offset)
    ) with (vacuum_truncate = false, autovacuum_freeze_min_age = 0,
            autovacuum_vacuum_insert_scale_factor = 0,
            autovacuum_vacuum_insert_threshold = 10000,
            autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
            toast.vacuum_truncate = false, toast.autovacuum_freeze_min_age = 0);
    -- Compressing would cost more CPU than the bytes written: lz4 a sixth more, pglz five times.
    alter table batch alter column results set storage external;
    create index batch_recorded_at on batch using brin (recorded_at);
    comment on table batch is 'One row for the events of one partition that one transaction consumed: their results as stored for publishing, and for publishing again.';
    comment on column batch.first_offset is 'First offset of the batch.';
    comment on column batch.last_offset is 'Last offset of the batch.';
    comment on column batch.recorded_at is 'Start of the transaction.';
    comment on column batch.topic_id is 'Input topic; see topic.';
    comment on column batch.partition is 'Input partition.';
    comment on column batch.results_count is 'Number of results, dead letters included.';
    comment on column batch.group_id is 'Consumer group; see consumer_group.';
    comment on column batch.generation is 'Generation of the topic; see partition.generation.';
    comment on column batch.results is 'StoredResults in Avro (schemas/stored_results.avsc) with their ids packed (common/ledger/pack.h), dead letters included; null: none.';

    create table dead_letter (
        "offset"      bigint not null,
        recorded_at   timestamptz not null default now(),
        replayed_at   timestamptz,
        topic_id      integer not null,
        partition     integer not null,
        group_id      smallint not null,
        generation    smallint not null,
        reason        text not null,
        detail        text,
        event_id_text text,
        primary key (group_id, topic_id, generation, partition, "offset")
    );
    comment on table dead_letter is 'Events that were parked on the dead letter topic, and why.';
    comment on column dead_letter."offset" is 'Offset in the input topic.';
    comment on column dead_letter.recorded_at is 'Start of the transaction that parked it.';
    comment on column dead_letter.replayed_at is 'When an operator last put it back on the input topic; null: never.';
    comment on column dead_letter.topic_id is 'Input topic; see topic.';
    comment on column dead_letter.partition is 'Input partition.';
    comment on column dead_letter.group_id is 'Consumer group; see consumer_group.';
    comment on column dead_letter.generation is 'Generation of the topic; see partition.generation.';
    comment on column dead_letter.reason is 'Reason code, as in header onboarding-dlt-reason.';
    comment on column dead_letter.detail is 'What is wrong and where, without personal data.';
    comment on column dead_letter.event_id_text is 'ce_id as received; null when it has none.';

    create table suspect (
        "offset"   bigint not null,
        noted_at   timestamptz not null default now(),
        topic_id   integer not null,
        partition  integer not null,
        deaths     integer not null,
        group_id   smallint not null,
        generation smallint not null,
        primary key (group_id, topic_id, partition)
    ) with (fillfactor = 50);
    comment on table suspect is 'The record in hand on partitions whose owners keep dying; found again after a further death it is to blame.';
    comment on column suspect."offset" is 'Offset of the record.';
    comment on column suspect.noted_at is 'When it was last taken in hand.';
    comment on column suspect.topic_id is 'Input topic; see topic.';
    comment on column suspect.partition is 'Input partition.';
    comment on column suspect.deaths is 'How often in a row it was taken in hand and never put down.';
    comment on column suspect.group_id is 'Consumer group; see consumer_group.';
    comment on column suspect.generation is 'Generation of the topic; see partition.generation.';

    create table schema_version (
        fingerprint   bigint primary key,
        registered_at timestamptz not null default now(),
        name          text not null,
        json          text not null
    );
    comment on table schema_version is 'Avro schemas of other program versions, so that old and new programs read each other during a rollout.';
    comment on column schema_version.fingerprint is 'CRC-64-AVRO of the canonical form, its 64 bits taken as a signed number.';
    comment on column schema_version.registered_at is 'When it was registered.';
    comment on column schema_version.name is 'Full name of the schema.';
    comment on column schema_version.json is 'The schema as written, with defaults and documentation.';

    foreach table_name in array runtime.ledger_tables() loop
        execute format('alter table %I owner to %I', table_name, schema_owner);
    end loop;
    if service_role is not null then
        execute format('grant usage on schema %I to %I', target_schema, service_role);
        execute format('grant select, insert on consumer_group, source, topic, ledger, batch,'
                       ' schema_version to %I', service_role);
        execute format('grant select, insert, update on partition, dead_letter to %I',
                       service_role);
        execute format('grant select, insert, update, delete on suspect to %I', service_role);
    end if;
end
$create_ledger$;
comment on function runtime.create_ledger(name, name) is 'Creates the runtime''s tables in a schema, owned by its owner, and grants a service role (may be null) what a worker needs.';

create function runtime.ledger_tables()
returns name[]
language sql
immutable
as $$
    select array['suspect', 'dead_letter', 'batch', 'ledger', 'partition', 'schema_version',
                 'topic', 'source', 'consumer_group']::name[]
$$;
comment on function runtime.ledger_tables() is 'Names of the tables that create_ledger() makes, in an order in which they can be dropped.';

create function runtime.drop_ledger(target_schema name)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    table_name name;
begin
    foreach table_name in array runtime.ledger_tables() loop
        execute format('drop table %I.%I', target_schema, table_name);
    end loop;
end
$$;
comment on function runtime.drop_ledger(name) is 'Drops what create_ledger() made in a schema.';

-- The caller repeats it, each time in a transaction of its own, until it returns 0: so no lock
-- is held for long and the log is written in small pieces.
create function runtime.forget(target_schema name, results_older interval, ids_older interval,
                               chunk integer default 10000)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten bigint := 0;
    step      bigint;
begin
    if results_older > ids_older then
        raise exception 'results would outlive the ids that lead to them'
            using errcode = 'invalid_parameter_value';
    end if;
    perform set_config('search_path', quote_ident(target_schema) || ', pg_temp', true);

    delete from batch
     where ctid = any (array(
               select b.ctid
                 from batch b
                where b.recorded_at < now() - results_older
                  and not exists (select
                                    from partition p
                                   where p.group_id = b.group_id
                                     and p.topic_id = b.topic_id
                                     and p.partition = b.partition
                                     and p.generation = b.generation
                                     and p.published_offset <= b.last_offset)
                limit chunk));
    get diagnostics forgotten = row_count;

    delete from ledger
     where ctid = any (array(
               select l.ctid
                 from ledger l
                where l.recorded_at < now() - ids_older
                limit chunk));
    get diagnostics step = row_count;
    forgotten := forgotten + step;

    delete from dead_letter
     where ctid = any (array(
               select d.ctid
                 from dead_letter d
                where d.recorded_at < now() - ids_older
                limit chunk));
    get diagnostics step = row_count;
    return forgotten + step;
end
$$;
comment on function runtime.forget(name, interval, interval, integer) is 'Deletes up to chunk rows each of published results older than results_older, and of ids and dead letters older than ids_older; returns how many rows went. Repeat until 0.';

-- A view over the same table of every service is made at deployment, of one select for each.
create function runtime.of_each_service(relation name, template text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select string_agg(replace(template, '{service}', quote_ident(n.nspname)), ' union all '
                      order by n.nspname)
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
     where c.relname = relation and c.relkind in ('r', 'v')
       and n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'
$$;
comment on function runtime.of_each_service(name, text) is 'The template for each schema that has such a table or view, with the schema''s name in place of {service}, joined by union all; null: none has.';

revoke execute on all functions in schema runtime from public;

do $$
begin
    if exists (select from pg_roles where rolname = 'onboarding_owner') then
        alter schema runtime owner to onboarding_owner;
        alter table runtime.outcome owner to onboarding_owner;
        alter function runtime.enter_schema(name) owner to onboarding_owner;
        alter function runtime.create_ledger(name, name) owner to onboarding_owner;
        alter function runtime.ledger_tables() owner to onboarding_owner;
        alter function runtime.drop_ledger(name) owner to onboarding_owner;
        alter function runtime.of_each_service(name, text) owner to onboarding_owner;
        alter function runtime.forget(name, interval, interval, integer) owner to onboarding_owner;
    end if;
end
$$;

commit;
