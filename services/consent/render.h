#ifndef CONSENT_RENDER_H
#define CONSENT_RENDER_H

#include "common/avro/schema.h"
#include "common/core/arena.h"

enum rendering {
    RENDERING_DONE,
    RENDERING_VARIABLE_MISSING, /* half a contract is worse than none */
    RENDERING_TOO_LARGE,        /* beyond HTML_BYTES_MAX */
};

/*
 * Checked HTML with the values of its variables, which are plain text: whatever a browser would
 * take for markup is escaped, what does not show becomes U+FFFD. *out lives in the arena, or is
 * `html` itself where it has no variable.
 */
enum rendering html_render(const char *html, const struct text_map *variables, struct arena *arena,
                           const char **out);

#endif
