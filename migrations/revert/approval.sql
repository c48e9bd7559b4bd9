-- Drops what the approval worker knows, its ledger included.

begin;

select runtime.drop_reviews('approval');
select runtime.drop_vault('approval');
select runtime.drop_ledger('approval');
drop table approval.customer_link;
drop table approval.face_use;
drop table approval.consent;
drop table approval.evaluation;
drop table approval.decision;
drop schema approval;

commit;
