#ifndef COMMON_LEDGER_STATEMENTS_H
#define COMMON_LEDGER_STATEMENTS_H

#include "common/ledger/mutant.h"
#include "ledger_sql.h"

#endif
