#ifndef COMMON_LEDGER_STATEMENTS_H
#define COMMON_LEDGER_STATEMENTS_H

#include "common/postgres/statement.h"
#include "ledger_sql.h"

/*
 * The statement itself, but for mutants of test builds, which lose a condition that the protocol
 * rests on: no_epoch_condition, no_next_offset_condition.
 */
#ifdef ONBOARDING_FAULTS
const struct statement *mutant_statement(const struct statement *statement);
#else
#define mutant_statement(statement) (statement)
#endif

#endif
