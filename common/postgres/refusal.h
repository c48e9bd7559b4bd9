#ifndef COMMON_POSTGRES_REFUSAL_H
#define COMMON_POSTGRES_REFUSAL_H

#include <stdbool.h>

#include "common/core/base.h"
#include "common/core/error.h"

/* RETRY, with the SQLSTATE and, where that has one, what it means for the schema. Returns false. */
MUST_CHECK bool refusal_set(const char *sqlstate, const char *schema, struct error *error);

#endif
