#ifndef COMMON_CORE_ERROR_H
#define COMMON_CORE_ERROR_H

#include <stdbool.h>

/* What the caller must do about a failure; the text is for people. */
enum error_kind {
    ERROR_POISON, /* this message can never succeed: a dead letter */
    ERROR_RETRY,  /* the world may get better: roll back, wait, take the batch again */
    ERROR_FATAL,  /* this process cannot go on: exit non-zero and let the supervisor restart it */
};

/*
 * Why a record became a dead letter; the text goes into the header `onboarding-dlt-reason` and
 * into metrics, so the list is closed.
 */
enum reason {
    REASON_NONE,
    REASON_MALFORMED,           /* bytes that are not what their schema says */
    REASON_SCHEMA_UNKNOWN,      /* an id or fingerprint that nobody knows */
    REASON_SCHEMA_INCOMPATIBLE, /* a writer's schema that cannot be resolved to ours */
    REASON_HEADERS_INVALID,     /* CloudEvents attributes missing, repeated or out of bounds */
    REASON_KEY_INVALID,         /* no key, or another than the event's own */
    REASON_CONTRACT,            /* a rule of the contract that the content breaks */
    REASON_ID_CONFLICT,         /* an id met before with other content */
    REASON_TOO_LARGE,           /* a result larger than its topic takes */
    REASON_DATA_REFUSED,        /* the database refuses the values (SQLSTATE classes 22, 23, 54) */
    REASON_CRASH_SUSPECT,       /* the record in hand when the process died, repeatedly */
    REASON_COUNT
};

extern const char *const reason_text[REASON_COUNT];

struct error {
    enum error_kind kind;
    enum reason reason; /* of ERROR_POISON; else REASON_NONE */
    char text[256];     /* never holds personal data */
};

/* Sets *error and returns false, so that `return error_set(error, …)` reads as one. */
bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for ERROR_POISON, with its reason. */
bool error_poison(struct error *error, enum reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts context before the text on the way up, keeping kind and reason; returns false too. */
bool error_within(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
