-- The schemas that programs of this and other versions write, as they registered them.
select name, json from schema_version;
