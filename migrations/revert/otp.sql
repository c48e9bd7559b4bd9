-- Drops contacts and links, challenges, messages and answers, and the otp worker's effects and ledger.

begin;

drop view otp.due;
drop table otp.answer;
drop table otp.message;
drop table otp.challenge;
drop table otp.customer_link;
drop table otp.contact;
select runtime.drop_effects('otp');
select runtime.drop_vault('otp');
select runtime.drop_ledger('otp');
drop schema otp;

commit;
