#ifndef COMMON_LEDGER_LEDGER_H
#define COMMON_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core/arena.h"
#include "common/core/digest.h"
#include "common/core/error.h"
#include "common/core/map.h"
#include "common/ledger/partition.h"
#include "common/postgres/db.h"

/*
 * The runtime's tables as one thread sees them: a connection that is opened when needed, and the
 * numbers that stand for names. The functions return false when the database is away or refuses;
 * the connection is then closed and opened anew by the next ledger_connect().
 */
struct ledger {
    const struct db_options *options;
    const char *group;
    struct db *db; /* NULL: not connected */
    int16_t group_id;
    struct hmac *hmac; /* of event contents and ids */
    int16_t digest_key_id;
    struct arena source_memory;
    struct map sources; /* ce_source → its number + 1, as a pointer */
    unsigned look_ups;  /* batches to come whose ids are looked up before they are handled */
};

enum { SOURCES_MAX = 10000 }; /* remembered; beyond, all are forgotten and asked for again */

void ledger_init(struct ledger *ledger, const struct db_options *options, const char *group,
                 const struct key *digest_key);
void ledger_done(struct ledger *ledger);

MUST_CHECK bool ledger_connect(struct ledger *ledger, struct error *error);
void ledger_disconnect(struct ledger *ledger);

MUST_CHECK bool ledger_topic_id(struct ledger *ledger, const char *topic, int32_t *out,
                                struct error *error);
MUST_CHECK bool ledger_source_id(struct ledger *ledger, const char *source, int32_t *out,
                                 struct error *error);

/* ce_id as the ledger's key: itself when it is a UUID, else a keyed hash. */
struct uuid ledger_event_id(struct ledger *ledger, const char *id, bool *is_uuid);

/* The key of rows that no id tells apart: generation and coordinates. */
struct uuid ledger_coordinates(const struct partition *partition, int64_t offset);

/*
 * Writes published_offset of each ACTIVE partition where it rose; `clean` says that this owner
 * leaves in order. `fenced` when one of them is no longer ours. False only when the database is
 * away.
 */
MUST_CHECK bool ledger_mark(struct ledger *ledger, struct partition *const *partitions,
                            size_t count, bool clean, bool *fenced, struct error *error);

/* Another stamp under the row's lock; `fenced` when the partition is no longer ours. */
MUST_CHECK bool ledger_take_stamp(struct ledger *ledger, const struct partition *partition,
                                  int64_t *out_ms, bool *fenced, struct error *error);

MUST_CHECK bool ledger_note_suspect(struct ledger *ledger, const struct partition *partition,
                                    int64_t offset, struct error *error);
MUST_CHECK bool ledger_clear_suspect(struct ledger *ledger, const struct partition *partition,
                                     struct error *error);

#endif
