-- Tables of effects are dropped by the migrations that made them.

begin;

drop function runtime.forget_effects(name, interval, integer);
drop function runtime.drop_effects(name);
drop function runtime.create_effects(name, name);

commit;
