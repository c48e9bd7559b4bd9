-- Drops the schedule's views and what it knows to be published.

begin;

drop view schedule.customer;
drop view schedule.due;
drop table schedule.published;
drop schema schedule;

commit;
