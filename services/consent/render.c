/* Values into HTML: measured first, then written, by one walk. */
#include "services/consent/render.h"

#include <string.h>
#include <utf8proc.h>

#include "common/core/base.h"
#include "services/consent/html.h"
#include "services/consent/html_text.h"

/* Bytes written so far; with `out` NULL they are counted only. */
struct sheet {
    char *out;
    size_t size;
};

static void put(struct sheet *sheet, const char *text, size_t size)
{
    if (sheet->out != NULL)
        memcpy(sheet->out + sheet->size, text, size);
    sheet->size += size;
}

static const struct {
    char character;
    const char *escaped;
} escapes[] = {
    {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"},
};

static void put_character(struct sheet *sheet, const char *text, size_t size)
{
    for (size_t i = 0; i < COUNT(escapes); i++)
        if (*text == escapes[i].character) {
            put(sheet, escapes[i].escaped, strlen(escapes[i].escaped));
            return;
        }
    put(sheet, text, size);
}

static void put_value(struct sheet *sheet, const char *value)
{
    static const char replacement[] = "\xef\xbf\xbd";

    while (*value != '\0') {
        utf8proc_int32_t code_point;
        utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)value, -1, &code_point);

        if (size > 0 && html_shows(code_point))
            put_character(sheet, value, (size_t)size);
        else
            put(sheet, replacement, sizeof replacement - 1);
        value += size > 0 ? size : 1;
    }
}

static const char *find_value(const struct text_map *variables, const char *name, size_t size)
{
    for (size_t i = 0; i < variables->count; i++)
        if (strlen(variables->items[i].key) == size &&
            memcmp(variables->items[i].key, name, size) == 0)
            return variables->items[i].value;
    return NULL;
}

/* At a variable of `size` bytes with its braces. */
static bool put_variable(struct sheet *sheet, const char *at, size_t size,
                         const struct text_map *variables)
{
    const char *value = find_value(variables, at + 2, size - 4);

    if (value != NULL)
        put_value(sheet, value);
    return value != NULL;
}

/* False: a variable has no value. What grows too large is left off. */
static bool put_all(struct sheet *sheet, const char *html, const struct text_map *variables)
{
    const char *end = html + strlen(html);

    while (html < end && sheet->size <= HTML_BYTES_MAX) {
        const char *brace = memchr(html, '{', (size_t)(end - html));
        const char *stop = brace == NULL ? end : brace;
        size_t size = html_variable(stop, (size_t)(end - stop));

        put(sheet, html, (size_t)(stop - html));
        if (size > 0 && !put_variable(sheet, stop, size, variables))
            return false;
        if (size == 0 && stop < end)
            put(sheet, stop, size = 1);
        html = stop + size;
    }
    return true;
}

enum rendering html_render(const char *html, const struct text_map *variables, struct arena *arena,
                           const char **out)
{
    struct sheet sheet = {0};

    if (strstr(html, "{{") == NULL) {
        *out = html;
        return RENDERING_DONE;
    }
    if (!put_all(&sheet, html, variables))
        return RENDERING_VARIABLE_MISSING;
    if (sheet.size > HTML_BYTES_MAX)
        return RENDERING_TOO_LARGE;
    sheet = (struct sheet){.out = arena_alloc(arena, sheet.size + 1, 1)};
    (void)put_all(&sheet, html, variables); /* the same again */
    *out = sheet.out;
    return RENDERING_DONE;
}
