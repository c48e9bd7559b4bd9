#ifndef CONSENT_HTML_TEXT_H
#define CONSENT_HTML_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text in HTML: what the check of a text and the rendering of variables share. */

enum { HTML_VARIABLE_BYTES_MAX = 32 }; /* of a variable's name */

/*
 * The length of the {{variable}} that the text begins with, name in between: a letter, then
 * letters, digits and underscores; 0: there is none.
 */
size_t html_variable(const char *text, size_t size);

bool html_is_letter(char c); /* of ASCII */

/* Shows, or is white space: no controls, no marks that turn the direction of what follows. */
bool html_shows(int32_t code_point);

/* At "&": what is wrong with the reference; NULL: nothing. It is &name; or &#number;. */
const char *html_reference_fault(const char *text, size_t size);

#endif
