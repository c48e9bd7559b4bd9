#ifndef CONSENT_NAMES_H
#define CONSENT_NAMES_H

#include <stdbool.h>

/* What types, versions and languages of consents may look like; for policies and for imports. */
enum {
    CONSENT_NAME_BYTES_MAX = 64, /* of a type and of a version: GDPR, 2026-01 */
    LANGUAGE_BYTES_MIN = 2,      /* ISO 639-1 */
    LANGUAGE_BYTES_MAX = 3,      /* ISO 639-2, for languages that 639-1 lacks */
};

/* ASCII letters, digits, dot, dash and underscore. */
bool consent_is_name(const char *text);

/* Two or three lower-case letters. */
bool consent_is_language(const char *text);

#endif
