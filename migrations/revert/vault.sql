-- Tables of data keys are dropped by the migrations that made them.

begin;

drop function runtime.forget_days(name, interval);
drop function runtime.drop_vault(name);
drop function runtime.create_vault(name, name);

commit;
