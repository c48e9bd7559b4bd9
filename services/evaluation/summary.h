#ifndef EVALUATION_SUMMARY_H
#define EVALUATION_SUMMARY_H

#include "common/core/arena.h"
#include "services/evaluation/evidence.h"

/*
 * What there was to decide on, for analysts, as JSON without personal values:
 *
 *     [{"type": "PASSPORT", "status": "SUCCESS", "country": "CZE", "images": ["FACE"]}]
 *
 * Types and images that we do not know are OTHER, countries that are no three letters as well;
 * so no text of the sender gets in.
 */
const char *evidence_summary(const struct evidence *evidence, struct arena *arena);

#endif
