#ifndef CLI_AUDIT_SET_H
#define CLI_AUDIT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/base.h"
#include "common/kafka/event_meta.h"

/*
 * Stored results by what they are known by, and what was met of each in the topics: pure, so that
 * every verdict has its example in the tests. A result is known by its ce_id, a dead letter by
 * group and coordinates, since its ce_id is upstream's and may come twice.
 */

enum {
    AUDIT_RESULTS_MAX = 5000000, /* some 450 MB; beyond, --since narrows it down */
    AUDIT_HASH_SIZE = 16,        /* of a keyed hash: nobody can make two agree */
};

struct audit_hash {
    uint8_t bytes[AUDIT_HASH_SIZE];
};

/* A stored result. */
struct audit_item {
    struct audit_hash identity;
    struct audit_hash content; /* of key, value and headers */
    uint32_t input;            /* number of the input partition */
    int64_t offset;            /* in it */
    uint32_t output;           /* number of the output topic */
    int32_t partition;         /* in it */
    bool due;                  /* PostgreSQL says it is published, and it can't be forgotten yet */
    bool differs;              /* met with other bytes */
    bool misplaced;            /* met on another partition */
    uint32_t met;              /* how often */
};

struct audit_set;

struct audit_set *audit_set_new(void);
void audit_set_free(struct audit_set *set); /* takes NULL */

/* What a result and a record in a topic have in common. */
struct audit_record {
    const char *topic;
    int32_t partition;
    struct bytes key;
    struct bytes value;
    struct header_list headers;
};

/*
 * Adds a result; identity and content of `item` are made of `record`. False: the set is full, or
 * the result has nothing to be known by.
 */
MUST_CHECK bool audit_set_add(struct audit_set *set, const struct audit_record *record,
                              struct audit_item item);

/* Before the first of these: sorts what was added. */
void audit_set_seal(struct audit_set *set);

/* The item that a record is of; NULL: none of ours. */
struct audit_item *audit_set_find(struct audit_set *set, const struct audit_record *record);

/* Notes a record found in a topic. */
void audit_set_meet(struct audit_set *set, const struct audit_record *record);

size_t audit_set_count(const struct audit_set *set);
struct audit_item *audit_set_at(struct audit_set *set, size_t index);

enum audit_verdict {
    AUDIT_FOUND,
    AUDIT_PENDING,   /* not there, and not due */
    AUDIT_MISSING,   /* not there */
    AUDIT_REPEATED,  /* there more than once */
    AUDIT_DIFFERING, /* there with other bytes */
    AUDIT_MISPLACED, /* there on another partition */
    AUDIT_VERDICTS,
};

extern const char *const audit_verdict_text[AUDIT_VERDICTS];

enum audit_verdict audit_judge(const struct audit_item *item);

#endif
