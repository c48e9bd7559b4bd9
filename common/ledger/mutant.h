#ifndef COMMON_LEDGER_MUTANT_H
#define COMMON_LEDGER_MUTANT_H

#include "common/postgres/statement.h"

/*
 * The statement itself, but for mutants of test builds, which lose a condition that the protocol
 * rests on: no_epoch_condition, no_next_offset_condition, lost_leases_not_counted.
 */
#ifdef ONBOARDING_FAULTS
const struct statement *mutant_statement(const struct statement *statement);
#else
#define mutant_statement(statement) (statement)
#endif

#endif
