-- Drops texts and answers, and the consent worker's ledger.

begin;

select runtime.drop_vault('consent');
select runtime.drop_ledger('consent');
drop view consent.holding;
drop table consent.submission;
drop table consent.edition;
drop schema consent;

commit;
