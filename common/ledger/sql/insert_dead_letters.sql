insert into dead_letter (group_id, topic_id, generation, partition, "offset", reason, detail,
                         event_id_text)
select $1::smallint, v.*
from unnest($2::integer[], $3::smallint[], $4::integer[], $5::bigint[], $6::text[], $7::text[],
            $8::text[]) as v;
