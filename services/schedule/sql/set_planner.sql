-- These queries look at many rows at once: what keeps a worker's probes to its indexes is in their way.
select set_config('enable_hashjoin', 'on', false),
       set_config('enable_mergejoin', 'on', false),
       set_config('enable_seqscan', 'on', false),
       set_config('plan_cache_mode', 'force_custom_plan', false);
