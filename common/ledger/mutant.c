/* Statements without a condition that the protocol rests on, for seeing the suite catch it. */
#include "common/ledger/mutant.h"

#ifdef ONBOARDING_FAULTS

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/failpoint.h"

enum { CHANGED_MAX = 16 };

static const struct {
    const char *mutant;
    const char *conditions[4];
} cuts[] = {
    {"no_epoch_condition", {"and p.owner_epoch = v.owner_epoch", "and owner_epoch = $4::bigint"}},
    {"no_next_offset_condition", {"and p.next_offset = v.expected_offset"}},
    {"lost_leases_not_counted", {"+ j.lost::integer"}},
};

/* Blanks a condition out. $4 stays mentioned, else the parameter would have no use. */
static void cut(char *sql, const char *condition)
{
    char *at = strstr(sql, condition);
    const char *parameter = strstr(condition, "$4::bigint");

    if (at == NULL)
        return;
    memset(at, ' ', strlen(condition));
    if (parameter != NULL)
        memcpy(at, "and $4::bigint is not null", strlen("and $4::bigint is not null"));
}

static _Thread_local struct statement changed[CHANGED_MAX];
static _Thread_local const struct statement *originals[CHANGED_MAX];

const struct statement *mutant_statement(const struct statement *statement)
{
    size_t slot = 0;

    if (getenv("ONBOARDING_MUTANT") == NULL)
        return statement;
    while (slot < CHANGED_MAX && originals[slot] != NULL && originals[slot] != statement)
        slot++;
    assert(slot < CHANGED_MAX);
    if (originals[slot] == NULL) {
        size_t size = strlen(statement->sql) + 1;
        char *sql = malloc(size); /* lives as long as the thread */
        if (sql == NULL)
            abort();
        memcpy(sql, statement->sql, size);
        for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
            for (size_t k = 0; mutant_is(cuts[i].mutant) && cuts[i].conditions[k] != NULL; k++)
                cut(sql, cuts[i].conditions[k]);
        changed[slot] = *statement;
        changed[slot].sql = sql;
        originals[slot] = statement;
    }
    return &changed[slot];
}

#endif
