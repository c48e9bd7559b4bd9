-- Notes what Kafka acknowledged.
insert into published (topic, name, event_id, due_at)
select * from unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[])
on conflict do nothing;
