-- Makes a ledger in a schema of its own and takes everything back.

begin;

create schema runtime_verify;
select runtime.create_ledger('runtime_verify');

do $$
begin
    assert (select count(*) = 9 from pg_tables where schemaname = 'runtime_verify'),
        'create_ledger() does not make its nine tables';
    assert (select count(*) = 1 from runtime_verify.source where source_id = 0 and name = ''),
        'source 0 is missing';
    assert (select array_agg(name order by outcome) from runtime.outcome)
         = array['DONE', 'DUPLICATE', 'CONFLICT', 'DEAD_LETTER', 'IGNORED', 'GAP'],
        'outcomes differ';
end
$$;
select runtime.forget('runtime_verify', interval '1 day', interval '2 days');
select runtime.drop_ledger('runtime_verify');

rollback;
