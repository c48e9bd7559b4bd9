-- Another id of a person who is known already. An alias that is there already means that another
-- batch found it meanwhile: the error makes this one look again.
insert into alias (user_id, first_id)
select *
  from unnest($1::text[], $2::text[])
 order by 1;
