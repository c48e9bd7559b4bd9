-- Some of a service's results older than $2 ms, of its ids and dead letters older than $3 ms.
select runtime.forget($1::text::name, $2::bigint * interval '1 ms', $3::bigint * interval '1 ms',
                      $4::bigint::integer);
