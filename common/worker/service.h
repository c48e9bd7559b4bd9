#ifndef COMMON_WORKER_SERVICE_H
#define COMMON_WORKER_SERVICE_H

#include <stdint.h>

#include "common/avro/topic.h"
#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/core/error.h"
#include "common/core/problems.h"
#include "common/core/setting.h"
#include "common/core/uuid.h"
#include "common/kafka/event_meta.h"
#include "common/postgres/statement.h"

/*
 * What a service is made of: routes from topics to pure handlers, the kinds of state that
 * handlers may look at, settings and a policy. Everything else is the runtime's.
 */

struct states;
struct keys;
struct outcome;
struct provider_options;
struct row;

/* Everything that a handler may know: handlers read no clock, no environment, no database. */
struct turn {
    const void *event;             /* a struct of the route's schema, or a struct effect_outcome */
    const struct event_meta *meta; /* CloudEvents attributes, trace, reply address */
    const void *config;            /* the service's settings and secrets */
    const void *policy;            /* of the same version for the whole batch; NULL without one */
    struct states *states;         /* what was loaded for this batch; see state_find() */
    int64_t now_ms;                /* Unix time of the batch, by PostgreSQL's clock */
    struct uuid fresh_id;          /* a UUIDv7 that nobody else got, for what the event creates */
    struct arena *arena;           /* lives until the batch is done */
};

/* A worker is a table of these. */
struct route {
    const struct topic *from;
    /* Which keys of which state kinds the event needs: they are locked and loaded. May be NULL. */
    void (*load)(const struct turn *turn, struct keys *keys); /* turn->states is NULL here */
    void (*handle)(const struct turn *turn, struct outcome *out);
};

/*
 * Rows that handlers look at, found by key: for a whole batch one query, after a lock on every
 * key. Kinds are loaded in the order of the service's table; a row may ask for further keys
 * (`follow`), best of its own kind or one further down: every way back is one more exchange.
 */
struct state_kind {
    const char *name;             /* namespace of the locks; unique in the service */
    const struct statement *load; /* $1: array of keys, text[] or bytea[]; column 0: the key */
    size_t size;                  /* bytes of the struct that read() fills; zeroed before */
    void (*read)(const struct row *row, struct arena *arena, void *out); /* columns 1, 2, … */
    void (*follow)(const void *state, struct keys *keys);                /* or NULL */
    bool fixed; /* rows that no handler writes: read without locks on their keys */
};

/* Asks for the rows under a key; the same key may be asked for often. The bytes are copied. */
void keys_add(struct keys *keys, const struct state_kind *kind, struct bytes key);
void keys_add_text(struct keys *keys, const struct state_kind *kind, const char *key);

struct state_list {
    void **items; /* each of the kind's struct; in the order of the query, then of state_add() */
    size_t count;
};

/*
 * The rows under a key, changes of earlier events of the batch included. The handler may change
 * the structs: later events of the batch see it. Asking for a key that was not loaded aborts.
 */
struct state_list state_find(const struct turn *turn, const struct state_kind *kind,
                             struct bytes key);
struct state_list state_find_text(const struct turn *turn, const struct state_kind *kind,
                                  const char *key);

/* A new zeroed struct under a key, for later events of the batch; writes no row by itself. */
void *state_add(const struct turn *turn, const struct state_kind *kind, struct bytes key);
void *state_add_text(const struct turn *turn, const struct state_kind *kind, const char *key);

/*
 * Personal data at rest. Each person has a data key, under which values of that person are sealed;
 * who deletes the key makes noise of them all. A route's load() asks for the keys of the users
 * whose values its handler seals or opens; one that is missing is made with the first seal.
 */
void keys_add_subject(struct keys *keys, const char *user_id);

/*
 * A value for a bytea column, in turn->arena. It opens for this user, column ("contact.phone") and
 * row (what the row is known by) only.
 */
struct bytes subject_seal(const struct turn *turn, const char *user_id, const char *column,
                          const char *row, struct bytes clear);

/* False: the person's key was erased, or this is not what was sealed there. */
MUST_CHECK bool subject_open(const struct turn *turn, const char *user_id, const char *column,
                             const char *row, struct bytes sealed, struct bytes *clear);

/* Deletes the person's data key with this batch, leaving a proof; `why` names nobody. */
void subject_erase(const struct turn *turn, const char *user_id, const char *why);

/*
 * The results of this event are this user's data, whatever their schemas say: they are stored
 * sealed. Without it only those whose schemas have personal fields are, as of the user in the
 * event's field userId, else of nobody known.
 */
void outcome_subject(struct outcome *out, const char *user_id);

/* Columns of a row, by index, each in the type that the query gives; texts are NULL for NULL. */
bool row_is_null(const struct row *row, int column);
const char *row_text(const struct row *row, int column, struct arena *arena);
struct bytes row_bytes(const struct row *row, int column, struct arena *arena);
struct uuid row_uuid(const struct row *row, int column);
int64_t row_int(const struct row *row, int column); /* smallint, integer, bigint, date in days */
bool row_bool(const struct row *row, int column);
double row_double(const struct row *row, int column);
int64_t row_time_ms(const struct row *row, int column); /* timestamptz in Unix milliseconds */

/* The place of a text among names; `otherwise`: NULL, or what a later version wrote. */
int row_choice(const struct row *row, int column, const char *const *names, int count,
               int otherwise);

/*
 * Appends a row for a statement; rows of one statement travel together. Values in the order of
 * $1, $2, …, of the types that the statement names:
 *     outcome_row(out, &sql_insert_decision, TEXT(id), INT(score), TIME_MS(now), NOTHING);
 * Everything is copied.
 */
#define outcome_row(out, statement, ...)                                                           \
    outcome_row_array((out), (statement), (const struct value[]){__VA_ARGS__},                     \
                      sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value))
void outcome_row_array(struct outcome *out, const struct statement *statement,
                       const struct value *values, size_t count);

/*
 * Appends a result event: `record` is a struct of topic->schema and is encoded at once. Where
 * the event asked for a reply, the result goes to its reply address too.
 */
void outcome_event(struct outcome *out, const struct topic *topic, const char *key,
                   const void *record);

/* The event needs nothing done (another worker's case); the ledger says IGNORED. */
void outcome_ignore(struct outcome *out);

/* Drops what this event appended and makes it a dead letter; no personal data in the text. */
void outcome_reject(struct outcome *out, enum reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Something to be done outside, by a provider: an SMS, an e-mail, a call-back. A handler asks for
 * it; it is committed with the batch, performed beside the loop for as long as it takes, and what
 * became of it comes to the kind's own handler, once, as the event of a turn whose `meta` is the
 * asking event's: so outcome_event() answers the sender of that event. Such a handler may ask for
 * further effects.
 *
 * A provider gets each effect at least once, mostly once: a lost answer is followed by one repeat
 * with the same idempotency key, which is the effect's id.
 */
struct effect_kind {
    const char *name;                        /* for the table, metrics and logs */
    const struct provider_options *provider; /* filled by settings before the worker starts */
    void (*load)(const struct turn *turn, struct keys *keys); /* as of a route; may be NULL */
    void (*handle)(const struct turn *turn, struct outcome *out);
};

struct effect_request {
    const struct effect_kind *kind;
    /*
     * Effects of one key run one after another, in the order asked for (by events of one input
     * partition). In clear in the table, as is `reference`: nothing personal. NULL: no order.
     */
    const char *order_key;
    const char *reference; /* the service's own, handed back with the outcome; may be NULL */
    const char *subject;   /* the user whose data key seals the content; NULL: nobody's */
    int64_t expires_ms;    /* Unix time; not begun after it */
    const char *recipient; /* of an e-mail; NULL else */
    const char *path;      /* of an HTTP request, appended to the provider's URL; may be NULL */
    struct bytes body;
};

/* Asks for an effect. Everything is copied; recipient, path and body are sealed at rest. */
void outcome_effect(struct outcome *out, const struct effect_request *request);

enum effect_state {
    EFFECT_SENT,    /* the provider accepted it */
    EFFECT_FAILED,  /* it was not done, and will not be; `failure` says why */
    EFFECT_UNKNOWN, /* it may have been done: an answer was lost, and no repeat was accepted */
};

enum effect_failure {
    EFFECT_FAILURE_NONE,
    EFFECT_REFUSED,   /* for good, by the provider */
    EFFECT_EXHAUSTED, /* tries used up, or the next one would come after expires_ms */
    EFFECT_EXPIRED,   /* its turn came after expires_ms, the first */
    EFFECT_ERASED,    /* its content cannot be read any more: the subject was erased */
};

/* What became of an effect; the event of its kind's turn. */
struct effect_outcome {
    struct uuid id;
    const char *order_key, *reference, *subject; /* as asked for */
    enum effect_state state;
    enum effect_failure failure;
    const char *provider_id; /* the provider's name for it; NULL: it told none */
    int attempts;
    int status;            /* HTTP or SMTP code of the last answer; 0: there was none */
    struct bytes response; /* an HTTP answer's body, bounded by provider_options; not stored */
};

/* A service's policy file: versioned JSON, read at start and on SIGHUP. */
struct policy_format {
    /*
     * All of the policy, or NULL with every mistake listed in `problems` by its path. The text
     * is `size` bytes and need not end in NUL.
     */
    void *(*parse)(const char *text, size_t size, struct problems *problems);
    void (*free)(void *policy); /* takes NULL */
    const char *(*version)(const void *policy);
};

/* Each program defines one, `service`, in services/NAME/service.c; common/worker/main.c runs it. */
struct service {
    const char *name; /* schema in PostgreSQL, log field; consumer group onboarding-NAME */
    const struct route *routes;
    size_t route_count;
    const struct state_kind *const *states; /* in the order in which they are loaded */
    size_t state_count;
    const struct topic *const *outputs; /* every topic that a handler may publish to */
    size_t output_count;
    const struct effect_kind *const *effects; /* every kind that a handler may ask for */
    size_t effect_count;
    const struct setting *settings; /* the service's own, beside the runtime's */
    size_t setting_count;
    void *config; /* what `settings` fills */
    /* What no single setting shows: lists what contradicts, completes `config`; or NULL. */
    void (*check)(void *config, struct problems *problems);
    const struct policy_format *policy; /* NULL: the service has none */
    bool has_secrets; /* in its events: what held one is overwritten after the batch */
};

#endif
