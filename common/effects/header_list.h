#ifndef COMMON_EFFECTS_HEADER_LIST_H
#define COMMON_EFFECTS_HEADER_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/core/base.h"

/* HTTP headers from a secret file: "Name: value", one a line; empty lines are skipped. */

/* What is wrong with the text, in words behind its setting's name; NULL: nothing. */
const char *header_list_fault(const char *text);

/* The next line of a text without faults; *at moves on. False at the end. */
bool header_list_next(const char **at, struct bytes *out);

/* Whether a text without faults has a header of this name, in whatever case. */
bool header_list_has(const char *text, const char *name);

/* A name of what the program or libcurl says itself. */
bool header_is_reserved(const char *name, size_t size);

/* A header's name: letters, digits and the other characters of RFC 9110's token; not empty. */
bool header_is_name(const char *text, size_t size);

/* Visible ASCII and single bytes between: nothing that ends a line or a header. */
bool header_is_value(const char *text, size_t size);

#endif
