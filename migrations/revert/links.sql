-- Drops what makes the tables of ids that are one person's.

begin;

drop function runtime.create_links(name, name);

commit;
