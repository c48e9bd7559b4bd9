#ifndef COMMON_CORE_TEXT_H
#define COMMON_CORE_TEXT_H

#include <stdbool.h>

#include "common/core/arena.h"

enum { TEXT_ID_MAX = 255 }; /* bytes of an id in the contracts */

/* Nothing but spaces, tabs and ends of lines. */
bool text_is_blank(const char *text);

/* An id as the contracts have them: not blank, at most TEXT_ID_MAX bytes. */
bool text_is_id(const char *text);

/*
 * Bytes of a normalised text. What is longer is cut between characters: two texts that agree so
 * far are taken for equal. No name and no identifier comes near it.
 */
enum { TEXT_NORMAL_MAX = 1000 };

/*
 * The form in which names are compared: NFKD without marks (Mn, Mc, Me) and without characters
 * that show nothing (format characters, controls), ł→l ø→o đ→d ß→ss æ→ae œ→oe, lower case,
 * white space trimmed and inner runs of it one space. Idempotent. What is no UTF-8 becomes U+FFFD.
 */
const char *text_normalize(const char *text, struct arena *arena);

/* The same for codes (numbers of documents, of customers): no spaces, dots, dashes, slashes. */
const char *text_normalize_code(const char *text, struct arena *arena);

#endif
