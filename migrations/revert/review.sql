-- Drops evaluation's cases and what makes them. Fails where cases have expired: decisions that no
-- reviewer made would break the older rule.

begin;

alter table evaluation.decision drop constraint decision_check;
alter table evaluation.decision add constraint decision_check
    check (version = 1 or reviewed_by is not null);
comment on table evaluation.decision is 'Decisions on identity verifications: version 1 by the rules, later ones by reviewers; the highest version holds.';
comment on column evaluation.decision.version is '1: by the rules; 2 and up: by a reviewer.';
comment on column evaluation.decision.code is 'The rule that decided, e.g. UNDER_AGE; ACCEPTED where none fired; REVIEWED for a reviewer''s decision.';
comment on column evaluation.decision.reviewed_by is 'Who reviewed, sealed for the user; null: the rules decided.';
select runtime.drop_reviews('evaluation');
drop function runtime.drop_reviews(name);
drop function runtime.create_reviews(name, name, text);

commit;
