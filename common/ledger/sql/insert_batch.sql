-- The offsets that a batch covers in a partition, with the encoded results of its events.
insert into batch (group_id, topic_id, generation, partition, first_offset, last_offset,
                   results_count, results)
select $1::smallint, v.*
from unnest($2::integer[], $3::smallint[], $4::integer[], $5::bigint[], $6::bigint[],
            $7::integer[], $8::bytea[]) as v;
