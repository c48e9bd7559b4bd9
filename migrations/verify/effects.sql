-- Makes a table of effects beside a ledger, fills it, and takes everything back.

begin;

create schema runtime_verify;
select runtime.create_ledger('runtime_verify');
select runtime.create_effects('runtime_verify');
set local search_path = runtime_verify;

insert into consumer_group (name) values ('group');
insert into topic (name) values ('effects/topic');
insert into partition (group_id, topic_id, partition, cluster_id, next_offset, published_offset,
                       owner_epoch, last_stamp)
values (1, 1, 0, 'cluster', 0, 0, 1, now());
insert into effect (effect_id, group_id, topic_id, partition, kind, due_at, expires_at, cause,
                    sealed_by, content, state, finished_at)
values (gen_random_uuid(), 1, 1, 0, 'kind', now(), now(), '', '', '', 'PENDING', null),
       (gen_random_uuid(), 1, 1, 0, 'kind', now(), now(), '', '', null, 'SENT',
        now() - interval '2 days');
do $$
declare
    nameless text;
begin
    assert runtime.forget_effects('runtime_verify', interval '1 day') = 1,
        'what ended long ago is not forgotten';
    assert (select count(*) = 1 from effect where state = 'PENDING'), 'a pending effect is gone';
    begin
        update effect set state = 'UNKNOWN', finished_at = now();
        assert false, 'an effect ends and keeps its content';
    exception
        when check_violation then null;
    end;
    begin
        update effect set trying = true;
        assert false, 'a try that nobody makes';
    exception
        when check_violation then null;
    end;
    select string_agg(a.attname, ', ') into nameless
      from pg_attribute a
     where a.attrelid = 'effect'::regclass and a.attnum > 0 and not a.attisdropped
       and (col_description(a.attrelid, a.attnum) is null or obj_description(a.attrelid) is null);
    assert nameless is null, 'columns without a comment: ' || nameless;
end
$$;
select runtime.drop_effects('runtime_verify');
select runtime.drop_ledger('runtime_verify');

rollback;
