-- Some of a service's effects that ended $2 ms ago or earlier; 0 where it asks for none.
select case when to_regclass(format('%I.effect', $1::text)) is not null
            then runtime.forget_effects($1::text::name, $2::bigint * interval '1 ms',
                                        $3::bigint::integer)
            else 0
       end;
