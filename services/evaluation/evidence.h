#ifndef EVALUATION_EVIDENCE_H
#define EVALUATION_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/arena.h"
#include "evaluation_requested.h"
#include "services/evaluation/policy.h"

/*
 * What an event gives to decide on, in one shape whatever shape it came in: the two spellings of
 * the driving licence, the forms of dates, scores at the top or at each document, texts
 * normalised for comparison. Blank texts and unreadable dates are missing.
 */

/* A calendar day, days since 1970-01-01. */
struct day {
    bool known;
    int32_t days;
};

/* A person as a document shows it. Texts are normalised; NULL: missing. */
struct holder {
    const char *surname;
    const char *given_names;
    struct day born;
    const char *personal_number; /* without spaces, dots, dashes, slashes */
};

struct evidence_document {
    enum document_kind kind;
    const char *type; /* upper case; of a driving licence always DRIVING_LICENSE */
    bool failed;
    struct holder holder;
    const char *country;     /* alpha-3, upper case; NULL: missing */
    const char *nationality; /* likewise */
    const char *number;      /* as personal_number */
    struct day issued;
    struct day expires; /* the last valid day */
    uint32_t images;    /* kinds there, by KIND_BIT */
};

struct evidence {
    bool failed;         /* the provider's check as a whole */
    const double *score; /* 0..10; the one that counts: the whole's, else the lowest; NULL: none */
    const struct evidence_document *documents;
    size_t document_count;
    struct holder person; /* as the provider cross-checked it; all missing where it did not */
};

struct evidence evidence_read(const struct evaluation_requested *event, struct arena *arena);

/* The type of a document in one spelling, upper case, whatever the sender's. */
const char *evidence_type(const char *type, struct arena *arena);

/* A number or the like, normalised without spaces, dots, dashes, slashes; NULL: missing. */
const char *evidence_code(const char *text, struct arena *arena);

/* A name, normalised; NULL: missing. */
const char *evidence_name(const char *text, struct arena *arena);

/* A country's code in upper case; NULL: missing or blank. */
const char *evidence_country(const char *country, struct arena *arena);

/* The event's date forms as a day; NULL and unreadable texts are not known. */
struct day evidence_day(const char *text);

#endif
