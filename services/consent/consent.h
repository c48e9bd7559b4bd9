#ifndef CONSENT_H
#define CONSENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/base.h"
#include "services/consent/policy.h"

/* A text of a consent as it was imported; nothing in it ever changes. */
struct edition {
    const char *language; /* ISO 639-1, lower case */
    const char *version;
    int32_t effective_from; /* first day (UTC) in force, days since 1970-01-01 */
    struct bytes digest;    /* SHA-256 of the HTML */
    const char *html;       /* NULL where only the version matters */
};

struct edition_list {
    const struct edition *const *items; /* of one type of consent, in any order */
    size_t count;
};

/* The day and the languages that a text is looked for by. */
struct text_wish {
    const char *language; /* NULL: any will do */
    const char *fallback; /* the policy's default language */
    int32_t day;          /* of the event (UTC), days since 1970-01-01 */
};

/*
 * The latest text in force on the day in the language wished for, else in the fallback; NULL:
 * neither has one. No two texts of a language begin on the same day.
 */
const struct edition *text_choose(struct edition_list editions, const struct text_wish *wish);

/* What a user answered to, as it is recorded. */
struct text_shown {
    const char *version;  /* NULL: nobody said, and there is no text of ours */
    const char *language; /* NULL: likewise */
    struct bytes digest;  /* of our text of this version and language; data NULL: there is none */
};

/*
 * The version that the caller told, be it one of ours or not: what a person saw is not ours to
 * correct. Without one, the text that text_choose() gives.
 */
struct text_shown text_shown_find(struct edition_list editions, const struct text_wish *wish,
                                  const char *told_version);

/* What an answer amounts to, after the answer of the same user and type before it. */
enum consent_state {
    CONSENT_STATE_NONE, /* before the first answer */
    CONSENT_STATE_APPROVED,
    CONSENT_STATE_REFUSED,   /* never approved */
    CONSENT_STATE_WITHDRAWN, /* not approved any more */
    CONSENT_STATE_COUNT
};
extern const char *const consent_state_text[CONSENT_STATE_COUNT];

enum consent_state consent_state_after(enum consent_state before, bool approved);

/* Whose clock ever: the answers of a user and type rise in time. 0: there is none before. */
int64_t consent_moment(int64_t now_ms, int64_t before_ms);

/* The answer of a user to a type that holds. */
struct holding {
    const char *type;
    enum consent_state state;
    int64_t version; /* answers of the user to the type so far */
    int64_t recorded_at_ms;
};

struct holding_list {
    const struct holding *const *items; /* of one user */
    size_t count;
};

/* Has the user approved all that the policy requires? */
bool consent_is_complete(struct holding_list holdings, const struct consent_policy *policy);

#endif
