#ifndef CLI_STORE_H
#define CLI_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli_sql.h"
#include "command.h"
#include "common/postgres/db.h"

/* The tables of the runtime in a service's schema, as commands see them. */
struct store {
    struct db_options options;
    struct db *db;
    const char *service;
    const char *group;
    int16_t group_id;
    struct arena arena; /* `group` */
};

/*
 * `group` NULL: the one that a worker takes without a setting, onboarding-SERVICE. Errors are
 * for the user: no such service, group or right.
 */
MUST_CHECK bool store_open(const struct cli *cli, const char *service, const char *group,
                           struct store *out, struct error *error);
void store_close(struct store *store);

/* The two halves: the connection, then the group's number. */
MUST_CHECK bool store_connect(const struct cli *cli, const char *service, const char *group,
                              struct store *out, struct error *error);
MUST_CHECK bool store_find_group(struct store *store, bool *found, struct error *error);

/* db_run(), with an error that says what is missing. */
MUST_CHECK bool store_run(struct store *store, const struct statement *statement,
                          const struct value *values, struct error *error);

/* The same, and a line of output for each row; `print` may use the arena, which lasts as long. */
enum cli_exit store_list(struct store *store, const struct statement *statement,
                         const struct value *values,
                         void (*print)(const struct row *row, struct arena *arena));

/* A record of a topic by its place: "lookup.requested/0/17". */
struct place {
    const char *topic; /* full name; of the dead letters' topic where that was given */
    const struct topic *of;
    bool dead_letters; /* the place is one in the dead letters' topic */
    int32_t partition;
    int64_t offset;
};

MUST_CHECK bool place_read(const char *text, struct arena *arena, struct place *out,
                           struct error *error);

#define SERVICE_ARGUMENT(values)                                                                   \
    {                                                                                              \
        "--service", ARGUMENT_TEXT, offsetof(__typeof__(values), service), true, "NAME",           \
            "whose tables: lookup, evaluation, …", 0, 0                                            \
    }
#define GROUP_ARGUMENT(values)                                                                     \
    {                                                                                              \
        "--group", ARGUMENT_TEXT, offsetof(__typeof__(values), group), false, "NAME",              \
            "consumer group; onboarding-SERVICE without", 0, 0                                     \
    }

#endif
