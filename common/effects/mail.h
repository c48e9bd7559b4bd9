#ifndef COMMON_EFFECTS_MAIL_H
#define COMMON_EFFECTS_MAIL_H

#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/core/error.h"

/* A message of text alone, as SMTP takes it: RFC 5322 with CRLF, pure ASCII but for addresses. */

enum {
    MAIL_SUBJECT_MAX = 500,    /* bytes of UTF-8 */
    MAIL_NAME_MAX = 200,       /* likewise */
    MAIL_ID_MAX = 100,         /* bytes */
    MAIL_TEXT_MAX = 64 * 1024, /* bytes of UTF-8; a page is three thousand */
};

struct mail {
    const char *from, *from_name; /* as in the provider's options; the name may be "" */
    const char *to;
    const char *subject;
    const char *text; /* lines end in LF or CRLF, the last may have no end */
    const char *id;   /* letters, digits, '.', '-': Message-ID, so that a repeat is seen as one */
    int64_t date_ms;  /* Unix time */
};

/*
 * The message; lives in the arena. False (ERROR_POISON, without what was in the field): an address
 * or id that is none, text that is too long or no UTF-8, controls: a subject of two lines would be
 * a header of the sender's choice.
 */
MUST_CHECK bool mail_build(const struct mail *mail, struct arena *arena, struct bytes *out,
                           struct error *error);

#endif
