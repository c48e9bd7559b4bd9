-- Data keys of persons, written once: runtime.create_vault() makes their tables in the schema of a
-- service. Personal values of its other tables are sealed under them: who deletes a person's data
-- key makes noise of them all. Plain SQL that needs no role of ours.

begin;

-- Creates the tables in a schema, owned by the schema's owner; grants service_role (may be null)
-- what a worker needs.
create function runtime.create_vault(target_schema name, service_role name default null)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $create_vault$
declare
    schema_owner name;
begin
    schema_owner := runtime.enter_schema(target_schema);

    create table subject_key (
        created_at timestamptz not null default now(),
        day        date,
        key_id     smallint not null check (key_id > 0),
        subject    bytea primary key check (octet_length(subject) = 32),
        wrapped    bytea not null check (octet_length(wrapped) = 61)
    );
    create unique index subject_key_day on subject_key (day) where day is not null;
    comment on table subject_key is 'Data keys: one a person whose data this schema holds, and one a day for data of nobody known. Without its key what was sealed is noise.';
    comment on column subject_key.created_at is 'Start of the transaction that made it.';
    comment on column subject_key.day is 'Day (UTC) of a key for data of nobody known: stored results and dead letters; null: it is a person''s.';
    comment on column subject_key.key_id is 'Which key of ONBOARDING_DATA_KEYS_FILE wraps it.';
    comment on column subject_key.subject is 'Keyed digest of the user id, or of the day.';
    comment on column subject_key.wrapped is 'The data key, sealed under that key.';

    create table erasure (
        erased_at timestamptz not null default now(),
        subject   bytea not null check (octet_length(subject) = 32),
        why       text not null,
        primary key (subject, erased_at)
    );
    comment on table erasure is 'Proofs: data keys of persons that were deleted. Of what was sealed before then nothing can be read any more.';
    comment on column erasure.erased_at is 'Start of the transaction that deleted the data key.';
    comment on column erasure.subject is 'Keyed digest of the user id.';
    comment on column erasure.why is 'OPERATOR: by the command onboarding erase; else what the event retention.due said.';

    execute format('alter table subject_key owner to %I', schema_owner);
    execute format('alter table erasure owner to %I', schema_owner);
    if service_role is not null then
        execute format('grant select, insert, delete on subject_key to %I', service_role);
        execute format('grant select, insert on erasure to %I', service_role);
    end if;
end
$create_vault$;
comment on function runtime.create_vault(name, name) is 'Creates the tables of data keys in a schema, owned by its owner, and grants a service role (may be null) what a worker needs.';

create function runtime.drop_vault(target_schema name)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('drop table %I.erasure', target_schema);
    execute format('drop table %I.subject_key', target_schema);
end
$$;
comment on function runtime.drop_vault(name) is 'Drops what create_vault() made in a schema. What was sealed there cannot be read any more.';

create function runtime.forget_days(target_schema name, results_older interval)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten bigint;
begin
    perform set_config('search_path', quote_ident(target_schema) || ', pg_temp', true);
    delete from subject_key k
     where k.day < ((now() - results_older) at time zone 'UTC')::date
       and not exists (select
                         from batch b
                        where b.recorded_at < (k.day + 1)::timestamp at time zone 'UTC');
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;
comment on function runtime.forget_days(name, interval) is 'Deletes the data keys of days whose stored results are older than results_older and were forgotten (see forget()); returns how many went.';

revoke execute on all functions in schema runtime from public;

do $$
begin
    if exists (select from pg_roles where rolname = 'onboarding_owner') then
        alter function runtime.create_vault(name, name) owner to onboarding_owner;
        alter function runtime.drop_vault(name) owner to onboarding_owner;
        alter function runtime.forget_days(name, interval) owner to onboarding_owner;
    end if;
end
$$;

commit;
