-- Drops what the evaluation worker knows, its ledger included.

begin;

select runtime.drop_vault('evaluation');
select runtime.drop_ledger('evaluation');
drop table evaluation.customer_link;
drop table evaluation.identity_use;
drop table evaluation.customer;
drop table evaluation.decision;
drop schema evaluation;

commit;
