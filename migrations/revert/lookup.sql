-- Drops what the lookup worker knows, its ledger included.

begin;

select runtime.drop_vault('lookup');
select runtime.drop_ledger('lookup');
drop table lookup.answer;
drop table lookup.consent;
drop table lookup.alias;
drop table lookup.identity;
drop schema lookup;

commit;
