-- For every id asked: the id that is answered for it, and whether others mean the same person.
select asked.user_id, alias.first_id,
       exists (select from alias as other where other.first_id = asked.user_id)
  from unnest($1::text[]) as asked (user_id)
  left join alias using (user_id);
