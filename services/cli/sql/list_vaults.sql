-- The schemas with data keys of persons that this user may read.
select n.nspname::text
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relname = 'subject_key' and c.relkind = 'r'
  and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
order by 1;
