#ifndef CLI_DEAD_LETTERS_H
#define CLI_DEAD_LETTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/kafka/reader.h"
#include "store.h"

/* Dead letters as PostgreSQL lists them, and as they stand on their topics. */

enum {
    DEAD_LETTERS_MAX = 100000, /* of one command; more are left for the next */
    SCAN_POLL_MS = 200,
    SCAN_SILENCE_MS_MAX = 30000, /* with records due: the brokers are away */
    LOOK_BACK_MS = 2000,         /* before what PostgreSQL recorded: clocks differ */
};

struct dead_letter {
    const char *topic; /* where the event came from */
    int32_t partition;
    int64_t offset;
    int16_t generation;
    const char *reason;
    const char *detail;   /* may be NULL */
    const char *event_id; /* NULL: it had none */
    int64_t recorded_ms;
    int64_t replayed_ms; /* 0: never */
    bool met;            /* on its topic, by the command in hand */
};

struct dead_letter_list {
    struct dead_letter *items; /* oldest first */
    size_t count;
};

/* Which dead letters are asked for. */
struct dead_letter_choice {
    const char *reason; /* NULL: any */
    bool pending;       /* only those never replayed */
    int64_t count_max;  /* the oldest so many */
};

/* CLI_USAGE, said, for a reason that there is not: a mistyped one would find nothing to do. */
enum cli_exit dead_letters_check_reason(const char *reason);

MUST_CHECK bool dead_letters_load(struct store *store, const struct dead_letter_choice *choice,
                                  struct arena *arena, struct dead_letter_list *out,
                                  struct error *error);

/* None or one. */
MUST_CHECK bool dead_letters_find(struct store *store, const struct place *place,
                                  struct arena *arena, struct dead_letter_list *out,
                                  struct error *error);

/* Whose dead letter a record is, by its headers. */
struct dead_letter_origin {
    struct bytes group;
    struct bytes topic;
    int64_t partition;
    int64_t offset;
};

/* False when the headers are not a dead letter's. */
MUST_CHECK bool dead_letter_origin(struct header_list headers, struct dead_letter_origin *out);

/* Whether the event came from this place, by way of this group (NULL: any). */
bool dead_letter_is_from(const struct dead_letter_origin *origin, const char *group,
                         const char *topic, int32_t partition, int64_t offset);

/* A partition, from a Unix time on, up to where its log ends now. */
struct topic_stretch {
    const char *topic;
    int32_t partition;
    int64_t from_ms;
};

/* Shows `take` each record; ends early, without failing, when it gives false. */
MUST_CHECK bool topic_scan(struct kafka_reader *reader, const struct topic_stretch *stretch,
                           bool (*take)(void *context, const struct kafka_record *record),
                           void *context, struct error *error);

#endif
