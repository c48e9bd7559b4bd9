/* `onboarding erase`: makes noise of all that is stored of a person. */
#include <stdio.h>
#include <time.h>

#include "common/avro/schema.h"
#include "common/avro/topic.h"
#include "common/core/clock.h"
#include "common/core/seal.h"
#include "common/core/timestamp.h"
#include "common/worker/states.h"
#include "services.h"
#include "topics.h"

static struct {
    const char *user;
} given;

static const struct argument arguments[] = {
    {"USER", ARGUMENT_TEXT, offsetof(__typeof__(given), user), true, NULL, "user id", 0, 0},
};

enum { IDS_MAX = 100 }; /* of a person; a second one is rare already */

/* All ids of the person, each of which has data keys of its own. */
struct ids {
    struct arena arena;
    const char *items[IDS_MAX];
    size_t count;
};

struct erasing {
    struct digest subject;
    size_t erased; /* data keys that went now */
    size_t before; /* services that have a proof of an earlier time */
};

/* Lookup alone knows who is who. */
static bool find_ids(const struct cli *cli, struct ids *out, struct error *error)
{
    const struct value user = TEXT(given.user);
    struct store store;

    if (!store_connect(cli, "lookup", NULL, &store, error))
        return false;
    bool fine = store_run(&store, &sql_find_ids, &user, error);
    out->count = fine ? db_row_count(store.db, 0) : 0;
    if (out->count > IDS_MAX)
        fine = error_set(error, ERROR_FATAL, "the user has more than %d ids", IDS_MAX);
    for (size_t i = 0; fine && i < out->count; i++) {
        struct row row = db_row(store.db, 0, i);
        out->items[i] = row_text(&row, 0, &out->arena);
    }
    store_close(&store);
    return fine;
}

static bool erase(struct store *store, void *context, struct error *error)
{
    struct erasing *erasing = context;
    const struct value lock = INT(states_subject_lock(store->service, &erasing->subject));
    const struct value subject = BYTES(digest_bytes(&erasing->subject));
    char time[TIME_TEXT_SIZE];

    db_queue(store->db, &sql_lock_subject, &lock);
    if (!store_run(store, &sql_erase_subject, &subject, error))
        return false;
    struct row row = db_row(store->db, 1, 0);
    if (row_int(&row, 0) != 0) {
        erasing->erased++;
        printf("%-12s erased\n", store->service);
    } else if (!row_is_null(&row, 1)) {
        erasing->before++;
        time_format(row_time_ms(&row, 1), time);
        printf("%-12s erased already, at %s\n", store->service, time);
    } else {
        printf("%-12s has no data key of this user\n", store->service);
    }
    return true;
}

static void print_until(const char *topic, const char *suffix, int64_t retention_ms)
{
    char time[TIME_TEXT_SIZE];

    time_format(clock_unix_ms() + retention_ms, time);
    printf("  %s%s until %s\n", topic, suffix, time);
}

/* What it holds may speak of a person: its fields, or a reviewer's words among its texts. */
static bool is_personal(const struct topic *topic)
{
    return topic->schema->personal || topic == &topic_evaluation_completed ||
           topic == &topic_approval_completed;
}

/* Kafka forgets by itself only, and a segment as a whole. */
static void print_topics(void)
{
    enum { TIDYING_MS = 10 * 60 * 1000 }; /* it looks every five minutes, and deletes one later */

    printf("Topics that carry personal data forget by their retention; what they hold is gone at\n"
           "the latest:\n");
    for (unsigned i = 0; i < topic_count; i++) {
        const struct topic *topic = topics[i];
        int64_t beyond_ms = topic->segment_ms + TIDYING_MS;
        if (!is_personal(topic))
            continue;
        print_until(topic->name, "", topic->retention_ms + beyond_ms);
        if (topic->dead_letter_retention_ms != 0)
            print_until(topic->name, ".dlt", topic->dead_letter_retention_ms + beyond_ms);
    }
    printf("Stored dead letters that no worker could read are nobody's: they go with the keys of\n"
           "their days.\n");
}

static bool erase_all(const struct cli *cli, const struct ids *ids, struct erasing *erasing,
                      struct error *error)
{
    bool fine = true;

    for (size_t i = 0; fine && i < ids->count; i++) {
        if (ids->count > 1)
            printf("%s%s\n", ids->items[i], i == 0 ? "" : ", the same person");
        erasing->subject = subject_of_user(&cli->digest_key, ids->items[i]);
        fine = services_each(cli, &sql_list_vaults, NULL, erase, erasing, error);
    }
    return fine;
}

static enum cli_exit run(const struct cli *cli)
{
    struct erasing erasing = {.erased = 0};
    struct ids ids = {.count = 0};
    struct error error;

    if (!cli->digest_key.present) {
        (void)cli_fail("ONBOARDING_DIGEST_KEY_FILE: is required to find the user's data keys");
        return CLI_CONFIG;
    }
    bool fine = find_ids(cli, &ids, &error) && erase_all(cli, &ids, &erasing, &error);
    arena_done(&ids.arena);
    if (!fine)
        return cli_fail("%s%s", error.text,
                        erasing.erased != 0 ? "; not all services are done: run it again" : "");
    if (erasing.erased + erasing.before == 0)
        return cli_fail("nothing is stored of such a user: is the id right, and the digest key?");
    if (erasing.erased == 0)
        printf("This was done already.\n");
    print_topics();
    return CLI_DONE;
}

const struct command command_erase = {
    .name = "erase",
    .purpose = "make unreadable what is stored of a person, for good",
    .details =
        "Deletes the user's data key in every service, so that personal columns and stored\n"
        "results of before are noise, and leaves a row of proof in table erasure. Ids and\n"
        "decisions stay.\n"
        "Whoever has several ids, as a prospect who was registered later, is erased under all.\n"
        "Events of the user that come later are stored under a new key.\n"
        "Exit code 0 also where it was done already; 1 where nothing was ever stored.\n"
        "The user of ONBOARDING_POSTGRES_URL must be a member of onboarding_owner.\n",
    .needs = NEEDS_POSTGRES | NEEDS_DIGEST_KEY,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run,
};
