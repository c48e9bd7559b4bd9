/* Visiting the tables of services, one after the other. */
#include "services.h"

#include <string.h>

static bool find_services(const struct cli *cli, const struct statement *list, struct arena *arena,
                          const char **names, size_t *count, struct error *error)
{
    struct store store;

    /* Any schema will do to ask which there are. */
    if (!store_connect(cli, "runtime", NULL, &store, error))
        return false;
    bool fine = store_run(&store, list, NULL, error);
    *count = fine ? db_row_count(store.db, 0) : 0;
    if (*count > SERVICES_MAX)
        fine = error_set(error, ERROR_FATAL, "more than %d services", SERVICES_MAX);
    for (size_t i = 0; fine && i < *count; i++) {
        struct row row = db_row(store.db, 0, i);
        names[i] = row_text(&row, 0, arena);
    }
    store_close(&store);
    return fine;
}

bool services_each(const struct cli *cli, const struct statement *list, const char *service,
                   bool (*visit)(struct store *store, void *context, struct error *error),
                   void *context, struct error *error)
{
    const char *names[SERVICES_MAX];
    struct arena arena = {0};
    size_t count = 0;
    size_t met = 0;
    bool fine = find_services(cli, list, &arena, names, &count, error);

    for (size_t i = 0; fine && i < count; i++) {
        struct store store;
        if (service != NULL && strcmp(service, names[i]) != 0)
            continue;
        met++;
        fine = store_connect(cli, names[i], NULL, &store, error);
        if (!fine)
            break;
        fine = visit(&store, context, error);
        store_close(&store);
    }
    if (fine && met == 0)
        fine = error_set(error, ERROR_FATAL,
                         "there is no such service in this database that this user may see");
    arena_done(&arena);
    return fine;
}
