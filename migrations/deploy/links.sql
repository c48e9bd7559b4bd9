-- Which ids are one person's: runtime.create_links() makes the table of them in the schema of a
-- service that ties something to users.

begin;

-- Creates the table in a schema, owned by the schema's owner; grants service_role what a worker needs.
create function runtime.create_links(target_schema name, service_role name)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $create_links$
declare
    schema_owner name;
begin
    schema_owner := runtime.enter_schema(target_schema);

    create table customer_link (
        user_id     text primary key,
        first_id    text not null,
        recorded_at timestamptz not null,
        check (user_id <> first_id)
    );
    create index customer_link_first on customer_link (first_id);
    comment on table customer_link is 'Ids that mean a person who had another id before, as the lookup worker told; what is tied to either is one person''s.';
    comment on column customer_link.user_id is 'The later id.';
    comment on column customer_link.first_id is 'The id that stays.';
    comment on column customer_link.recorded_at is 'When it was recorded, by the database''s clock.';

    execute format('alter table customer_link owner to %I', schema_owner);
    execute format('grant select, insert on customer_link to %I', service_role);
end
$create_links$;
comment on function runtime.create_links(name, name) is 'Creates the table of ids that are one person''s in a schema, owned by its owner, with the rights of a service role.';
revoke execute on function runtime.create_links(name, name) from public;
alter function runtime.create_links(name, name) owner to onboarding_owner;

commit;
