#ifndef CONSENT_HTML_TABLES_H
#define CONSENT_HTML_TABLES_H

#include <stdbool.h>
#include <stddef.h>

/* What may stand in the HTML of consents, as tables. Names are compared without case. */

struct html_element {
    const char *name;
    bool is_void;       /* has no content and no end tag */
    const char *within; /* parents, separated by spaces; NULL: any */
};

struct html_attribute {
    const char *name;
    const char *of; /* elements, separated by spaces; NULL: any */
    bool (*fits)(const char *value, size_t size);
    const char *wants; /* for the one whose value does not fit */
};

/* NULL: not allowed. */
const struct html_element *html_element_find(const char *name, size_t size);
const struct html_attribute *html_attribute_find(const struct html_element *element,
                                                 const char *name, size_t size);
bool html_element_fits(const struct html_element *element, const struct html_element *parent);

/* &name; without & and ; */
bool html_reference_is_known(const char *name, size_t size);

#endif
