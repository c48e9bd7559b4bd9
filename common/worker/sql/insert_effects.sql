-- What handlers of a batch ask providers to do.
insert into effect (group_id, topic_id, partition, effect_id, kind, order_key, reference, subject,
                    due_at, expires_at, cause, content, sealed_by)
select $1::smallint, v.topic_id, v.partition, v.effect_id, v.kind, v.order_key, v.reference,
       v.subject, now(), v.expires_at, v.cause, v.content, v.sealed_by
from unnest($2::integer[], $3::integer[], $4::uuid[], $5::text[], $6::text[], $7::text[],
            $8::text[], $9::timestamptz[], $10::bytea[], $11::bytea[], $12::bytea[])
     as v (topic_id, partition, effect_id, kind, order_key, reference, subject, expires_at, cause,
           content, sealed_by);
