#ifndef CONSENT_NAMES_H
#define CONSENT_NAMES_H

#include <stdbool.h>

/* What types and versions of consents may look like; for policies and for imports. */
enum { CONSENT_NAME_BYTES_MAX = 64 }; /* of a type and of a version: GDPR, 2026-01 */

/* ASCII letters, digits, dot, dash and underscore. */
bool consent_is_name(const char *text);

#endif
