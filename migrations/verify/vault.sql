-- Makes the tables of data keys beside a ledger, forgets a day, and takes everything back.

begin;

create schema runtime_verify;
select runtime.create_ledger('runtime_verify');
select runtime.create_vault('runtime_verify');
set local search_path = runtime_verify;

insert into subject_key (subject, wrapped, key_id, day)
select decode(repeat(to_char(n, 'FM00'), 32), 'hex'), decode(repeat('00', 61), 'hex'), 1,
       case when n < 4 then (now() at time zone 'UTC')::date - 10 * n end
  from generate_series(0, 4) as n;
insert into batch (group_id, topic_id, generation, partition, first_offset, last_offset,
                   results_count, recorded_at)
values (1, 1, 0, 0, 0, 0, 0, now() - interval '20 days');
do $$
declare
    nameless text;
begin
    assert runtime.forget_days('runtime_verify', interval '5 days') = 1,
        'forgotten are not just the days before all batches';
    delete from batch;
    assert runtime.forget_days('runtime_verify', interval '5 days') = 2,
        'days that are past are not forgotten';
    assert (select count(*) = 2 from subject_key where day is null or day > now() - interval '2 days'),
        'a key is gone that is still needed';
    select string_agg(a.attname, ', ') into nameless
      from pg_attribute a
     where a.attrelid in ('subject_key'::regclass, 'erasure'::regclass)
       and a.attnum > 0 and not a.attisdropped
       and (col_description(a.attrelid, a.attnum) is null or obj_description(a.attrelid) is null);
    assert nameless is null, 'columns without a comment: ' || nameless;
end
$$;
select runtime.drop_vault('runtime_verify');
select runtime.drop_ledger('runtime_verify');

rollback;
