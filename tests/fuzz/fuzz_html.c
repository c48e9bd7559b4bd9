/*
 * Fuzzes the check of HTML, and what it lets through: no text passes in which a browser could find
 * more than the listed elements, and a rendered one passes again.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "services/consent/html.h"
#include "services/consent/render.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Found by reading, not by parsing: what is never in a good text, whatever stands around it. */
static const char *const never[] = {
    "<!",        "<?",        "<script",   "<style", "<img",       "<svg",  "<math",
    "<iframe",   "<object",   "<form",     "<input", "<link",      "<meta", "<base",
    "<template", "<textarea", "<noscript", "<xmp",   "<plaintext",
};

static char *text_of(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (text == NULL)
        abort();
    if (size != 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

static void check_again(const char *html, struct problems *problems)
{
    static struct text_entry entries[] = {{"name", "<b>&\"'\x01"}, {"a", "x"}};
    const struct text_map variables = {entries, COUNT(entries)};
    struct arena arena = {0};
    const char *out;

    for (size_t i = 0; i < COUNT(never); i++)
        if (strcasestr(html, never[i]) != NULL)
            abort();
    if (html_render(html, &variables, &arena, &out) == RENDERING_DONE) {
        html_check(out, strlen(out), problems);
        if (problems->count != 0)
            abort();
    }
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct problems problems;
    char *text = text_of(data, size);

    problems.count = 0;
    html_check(text, size, &problems);
    if (problems.count == 0)
        check_again(text, &problems);
    free(text);
    return 0;
}
