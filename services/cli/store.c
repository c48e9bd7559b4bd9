/* Opening a service's tables, and naming what is missing. */
#include "store.h"

#include <stdio.h>
#include <string.h>

#include "topic_plan.h"

enum { SERVICE_BYTES_MAX = 40, OFFSET_DIGITS_MAX = 18, PARTITION_DIGITS_MAX = 9 };

/* SQLSTATEs that mean something to who called the command. */
static const struct {
    const char *sqlstate;
    const char *meaning;
} refusals[] = {
    {"42P01", "has no such tables in this database that this user may see"},
    {"3F000", "has no schema in this database"},
    {"42501", "may not be seen or changed by this user"},
    {"57014", "took too long to answer"},
};

bool store_run(struct store *store, const struct statement *statement, const struct value *values,
               struct error *error)
{
    if (db_run(store->db, statement, values, error))
        return true;
    for (size_t i = 0; i < COUNT(refusals); i++)
        if (strcmp(db_sqlstate(store->db), refusals[i].sqlstate) == 0)
            return error_set(error, ERROR_FATAL, "service %s %s", store->service,
                             refusals[i].meaning);
    return false;
}

enum cli_exit store_list(struct store *store, const struct statement *statement,
                         const struct value *values,
                         void (*print)(const struct row *row, struct arena *arena))
{
    struct arena arena = {0};
    struct error error;

    if (!store_run(store, statement, values, &error))
        return cli_fail("%s", error.text);
    for (size_t i = 0; i < db_row_count(store->db, 0); i++) {
        struct row row = db_row(store->db, 0, i);
        print(&row, &arena);
    }
    arena_done(&arena);
    return CLI_DONE;
}

static bool is_name(const char *service)
{
    size_t size = strlen(service);

    return size > 0 && size <= SERVICE_BYTES_MAX &&
           strspn(service, "abcdefghijklmnopqrstuvwxyz0123456789_") == size;
}

bool store_connect(const struct cli *cli, const char *service, const char *group, struct store *out,
                   struct error *error)
{
    struct store store = {.service = service};
    char name[sizeof "onboarding-" + SERVICE_BYTES_MAX];
    int size = snprintf(name, sizeof name, "onboarding-%s", service);

    if (!is_name(service))
        return error_set(error, ERROR_FATAL, "--service is no name of a service");
    store.options = postgres_config_options(&cli->postgres_config, service, CLI_PROGRAM);
    if (!db_open(&store.options, &store.db, error))
        return false;
    store.group = group != NULL ? group : arena_copy(&store.arena, name, (size_t)size);
    *out = store;
    return true;
}

bool store_find_group(struct store *store, bool *found, struct error *error)
{
    const struct value value = TEXT(store->group);

    if (!store_run(store, &sql_find_service_group, &value, error))
        return false;
    *found = db_row_count(store->db, 0) == 1;
    if (*found) {
        struct row row = db_row(store->db, 0, 0);
        store->group_id = (int16_t)row_int(&row, 0);
    }
    return true;
}

bool store_open(const struct cli *cli, const char *service, const char *group, struct store *out,
                struct error *error)
{
    struct store store = {0};
    bool found = false;

    if (!store_connect(cli, service, group, &store, error))
        return false;
    bool asked = store_find_group(&store, &found, error);
    if (found) {
        *out = store;
        return true;
    }
    store_close(&store);
    if (!asked)
        return false;
    return error_set(error, ERROR_FATAL, "service %s has no consumer group of that name", service);
}

void store_close(struct store *store)
{
    db_close(store->db);
    store->db = NULL;
    arena_done(&store->arena);
}

static bool read_number(const char *text, size_t size, size_t digits_max, int64_t *out)
{
    int64_t number = 0;

    if (size == 0 || size > digits_max || strspn(text, "0123456789") < size)
        return false;
    for (size_t i = 0; i < size; i++)
        number = number * 10 + (text[i] - '0');
    *out = number;
    return true;
}

bool place_read(const char *text, struct arena *arena, struct place *out, struct error *error)
{
    size_t name = strcspn(text, "/");
    size_t number = text[name] == '/' ? strcspn(text + name + 1, "/") : 0;
    const char *offset = text + name + 1 + number;
    int64_t partition = 0;
    struct place place = {0};

    if (number == 0 || *offset != '/' ||
        !read_number(text + name + 1, number, PARTITION_DIGITS_MAX, &partition) ||
        !read_number(offset + 1, strlen(offset + 1), OFFSET_DIGITS_MAX, &place.offset))
        return error_set(error, ERROR_FATAL, "a place is TOPIC/PARTITION/OFFSET");
    place.of = topic_plan_find(arena_copy(arena, text, name), &place.dead_letters);
    if (place.of == NULL)
        return error_set(error, ERROR_FATAL,
                         "there is no such topic; see " CLI_PROGRAM " topics list");
    place.topic = topic_plan_name(place.of, place.dead_letters, arena);
    place.partition = (int32_t)partition;
    *out = place;
    return true;
}
