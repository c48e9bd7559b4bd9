#ifndef CONSENT_HTML_H
#define CONSENT_HTML_H

#include <stddef.h>

#include "common/core/problems.h"

/*
 * HTML of consents: what the bank's own people wrote is checked before it is taken, and refused
 * as a whole where anything in it is not listed here; nothing is changed in silence.
 *
 * Allowed are the elements and attributes of html_tables.c, all elements closed and in order,
 * values quoted, characters that show, references that are known, and {{variable}} in text.
 */

enum {
    HTML_BYTES_MAX = 512 * 1024, /* as JSON, where a quote takes two bytes, still below 1 MiB */
    HTML_DEPTH_MAX = 32,         /* elements inside each other; a table in a list takes ten */
    HTML_ATTRIBUTES_MAX = 8,     /* of an element */
    HTML_NAME_BYTES_MAX = 16,    /* of an element or attribute; the longest listed has ten */
};

/* Adds every mistake as "line N: what is wrong". */
void html_check(const char *text, size_t size, struct problems *problems);

#endif
