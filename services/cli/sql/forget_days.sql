-- A service's keys of days older than $2 ms whose results are gone; 0 where it keeps no keys.
select case when to_regclass(format('%I.subject_key', $1::text)) is not null
            then runtime.forget_days($1::text::name, $2::bigint * interval '1 ms')
            else 0
       end;
