#ifndef EVALUATION_POLICY_H
#define EVALUATION_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/json_form.h"
#include "common/core/policy_file.h"
#include "common/worker/service.h"

/* Documents by what policies may ask for; any other type is kept, and fulfils no requirement. */
enum document_kind {
    DOCUMENT_KIND_ID_CARD,
    DOCUMENT_KIND_PASSPORT,
    DOCUMENT_KIND_DRIVING_LICENSE,
    DOCUMENT_KIND_OTHER,
};
extern const char *const document_kind_text[DOCUMENT_KIND_OTHER + 1]; /* NULL at OTHER */

enum image_kind {
    IMAGE_KIND_FACE,
    IMAGE_KIND_DOCUMENT_FRONT_SIDE,
    IMAGE_KIND_DOCUMENT_BACK_SIDE,
    IMAGE_KIND_OTHER,
};
extern const char *const image_kind_text[IMAGE_KIND_OTHER + 1]; /* NULL at OTHER */

#define KIND_BIT(kind) (UINT32_C(1) << (kind))

enum { DOCUMENT_GROUPS_MAX = 8 }; /* more documents than that nobody carries */

/* Countries by ISO 3166 alpha-3. */
struct place_lists {
    bool all;                   /* no list of accepted ones: all are */
    struct json_texts accepted; /* when not all */
    struct json_texts refused;
};

/* Of each group one document is required. */
struct document_groups {
    uint32_t kinds[DOCUMENT_GROUPS_MAX]; /* by KIND_BIT */
    size_t count;
};

/* The bank's limits for one process type; README tells what a file may say. */
struct evaluation_policy {
    double score_nok_below;  /* 0..10; a score below is refused */
    double score_wait_below; /* 0..10, not below the former; a score below needs a person */
    int64_t minimum_age;     /* years at the event's date */
    int64_t valid_days;      /* days that a document must be valid beyond the event's date */
    struct document_groups documents;
    struct place_lists countries;     /* that issued a document */
    struct place_lists nationalities; /* of the person */
    uint32_t images;                  /* kinds that must be there, by KIND_BIT */
    int64_t case_expiry_hours;        /* what nobody has decided by then is refused */
};

extern const struct evaluation_policy evaluation_policy_builtin;

extern const struct policy_format evaluation_policy_format; /* of struct policy */

#endif
