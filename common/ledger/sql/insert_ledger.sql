-- One row an event; an id that another transaction took meanwhile makes the batch run again.
insert into ledger (group_id, source_id, event_id, topic_id, generation, partition, "offset",
                    outcome, digest_key, digest, event_id_text)
select $1::smallint, v.*
from unnest($2::integer[], $3::uuid[], $4::integer[], $5::smallint[], $6::integer[], $7::bigint[],
            $8::smallint[], $9::smallint[], $10::bytea[], $11::text[]) as v;
