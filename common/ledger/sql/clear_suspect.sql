delete from suspect
where group_id = $1::smallint and topic_id = $2::integer and partition = $3::integer;
