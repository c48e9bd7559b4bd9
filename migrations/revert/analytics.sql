-- Takes the views and the analyst's rights away.

begin;

drop view analytics.publishing_lag;
drop view analytics.dead_letter;
drop view analytics.funnel_by_day;
drop view analytics.process;
drop view analytics.process_timeline;
drop view analytics.effect;
drop view analytics.otp;
drop view analytics.consent_answer;
drop view analytics.consent;
drop view analytics.review;
drop view analytics.approval;
drop view analytics.decision;
drop schema analytics;

commit;
