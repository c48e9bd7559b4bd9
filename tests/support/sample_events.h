#ifndef TESTS_SUPPORT_SAMPLE_EVENTS_H
#define TESTS_SUPPORT_SAMPLE_EVENTS_H

#include "evaluation_requested.h"
#include "lookup_requested.h"
#include "stored_results.h"

/* Events of invented people, with every kind of member filled. */
extern const struct evaluation_requested sample_evaluation_requested;
extern const struct lookup_requested sample_lookup_requested;
extern const struct stored_results sample_stored_results;

#endif
