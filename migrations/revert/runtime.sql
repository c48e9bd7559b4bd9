-- Ledgers are dropped by the migrations that made them.

begin;

drop function runtime.of_each_service(name, text);
drop function runtime.forget(name, interval, interval, integer);
drop function runtime.drop_ledger(name);
drop function runtime.ledger_tables();
drop function runtime.create_ledger(name, name);
drop function runtime.enter_schema(name);
drop table runtime.outcome;
drop schema runtime;

commit;
