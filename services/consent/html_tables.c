/* Elements, attributes and references that texts of consents are made of; nothing else is. */
#include "services/consent/html_tables.h"

#include <string.h>
#include <strings.h>

#include "common/core/base.h"

/* clang-format off */
static const struct html_element elements[] = {
    {"a",          false, NULL},
    {"abbr",       false, NULL},
    {"article",    false, NULL},
    {"b",          false, NULL},
    {"blockquote", false, NULL},
    {"br",         true,  NULL},
    {"caption",    false, "table"},
    {"cite",       false, NULL},
    {"code",       false, NULL},
    {"dd",         false, "dl"},
    {"div",        false, NULL},
    {"dl",         false, NULL},
    {"dt",         false, "dl"},
    {"em",         false, NULL},
    {"footer",     false, NULL},
    {"h1",         false, NULL},
    {"h2",         false, NULL},
    {"h3",         false, NULL},
    {"h4",         false, NULL},
    {"h5",         false, NULL},
    {"h6",         false, NULL},
    {"header",     false, NULL},
    {"hr",         true,  NULL},
    {"i",          false, NULL},
    {"li",         false, "ol ul"},
    {"ol",         false, NULL},
    {"p",          false, NULL},
    {"pre",        false, NULL},
    {"q",          false, NULL},
    {"s",          false, NULL},
    {"section",    false, NULL},
    {"small",      false, NULL},
    {"span",       false, NULL},
    {"strong",     false, NULL},
    {"sub",        false, NULL},
    {"sup",        false, NULL},
    {"table",      false, NULL},
    {"tbody",      false, "table"},
    {"td",         false, "tr"},
    {"tfoot",      false, "table"},
    {"th",         false, "tr"},
    {"thead",      false, "table"},
    {"tr",         false, "table tbody tfoot thead"},
    {"u",          false, NULL},
    {"ul",         false, NULL},
};
/* clang-format on */

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"
#define WORDS   LETTERS DIGITS "-_"

static bool consists_of(const char *value, size_t size, const char *characters)
{
    for (size_t i = 0; i < size; i++)
        if (value[i] == '\0' || strchr(characters, value[i]) == NULL)
            return false;
    return size > 0;
}

static bool is_anything(const char *value, size_t size)
{
    (void)value, (void)size;
    return true;
}

static bool is_word(const char *value, size_t size)
{
    return consists_of(value, size, WORDS);
}

static bool is_words(const char *value, size_t size)
{
    return consists_of(value, size, WORDS " ");
}

enum { TAG_BYTES_MAX = 35, COUNT_DIGITS_MAX = 3 };

static bool is_language_tag(const char *value, size_t size)
{
    return size <= TAG_BYTES_MAX && consists_of(value, size, LETTERS DIGITS "-");
}

static bool is_count(const char *value, size_t size)
{
    return size <= COUNT_DIGITS_MAX && consists_of(value, size, DIGITS) && value[0] != '0';
}

/* Is the word one of those in the list, whatever its case? */
static bool is_among(const char *list, const char *word, size_t size)
{
    while (*list != '\0') {
        size_t length = strcspn(list, " ");

        if (length == size && strncasecmp(list, word, size) == 0)
            return true;
        list += length;
        list += strspn(list, " ");
    }
    return false;
}

static bool is_direction(const char *value, size_t size)
{
    return is_among("ltr rtl auto", value, size);
}

static bool is_scope(const char *value, size_t size)
{
    return is_among("row col rowgroup colgroup", value, size);
}

static const char *const link_starts[] = {"https://", "mailto:", "tel:", "#"};

/*
 * The start must stand there letter by letter: browsers skip white space and read references in
 * it, so neither may be part of a link, but for the & that separates parameters.
 */
static bool is_link(const char *value, size_t size)
{
    for (size_t i = 0; i < COUNT(link_starts); i++) {
        size_t start = strlen(link_starts[i]);

        if (size <= start || memcmp(value, link_starts[i], start) != 0)
            continue;
        for (size_t k = start; k < size; k++)
            if (value[k] == '&' && (size - k < 5 || memcmp(value + k, "&amp;", 5) != 0))
                return false;
        return consists_of(value + start, size - start, WORDS ".~:/?#[]@!$&()*+,;=%");
    }
    return false;
}

static const struct html_attribute attributes[] = {
    {"class", NULL, is_words, "letters, digits, dashes, underscores, spaces"},
    {"colspan", "td th", is_count, "a number from 1 to 999"},
    {"dir", NULL, is_direction, "ltr, rtl or auto"},
    {"href", "a", is_link, "a link to https://, mailto:, tel: or #"},
    {"id", NULL, is_word, "letters, digits, dashes, underscores"},
    {"lang", NULL, is_language_tag, "a language"},
    {"rowspan", "td th", is_count, "a number from 1 to 999"},
    {"scope", "th", is_scope, "row, col, rowgroup or colgroup"},
    {"start", "ol", is_count, "a number from 1 to 999"},
    {"title", NULL, is_anything, "text"},
};

static const char references[] =
    "amp apos bdquo bull copy dagger deg eacute euro gt hellip laquo ldquo lsquo lt mdash middot "
    "nbsp ndash para quot raquo rdquo reg rsquo sbquo sect shy thinsp times trade";

const struct html_element *html_element_find(const char *name, size_t size)
{
    for (size_t i = 0; i < COUNT(elements); i++)
        if (is_among(elements[i].name, name, size))
            return &elements[i];
    return NULL;
}

const struct html_attribute *html_attribute_find(const struct html_element *element,
                                                 const char *name, size_t size)
{
    for (size_t i = 0; i < COUNT(attributes); i++)
        if (is_among(attributes[i].name, name, size) &&
            (attributes[i].of == NULL ||
             is_among(attributes[i].of, element->name, strlen(element->name))))
            return &attributes[i];
    return NULL;
}

bool html_element_fits(const struct html_element *element, const struct html_element *parent)
{
    if (element->within == NULL)
        return true;
    return parent != NULL && is_among(element->within, parent->name, strlen(parent->name));
}

/* References are told apart by case. */
bool html_reference_is_known(const char *name, size_t size)
{
    const char *at = references;

    while (*at != '\0') {
        size_t length = strcspn(at, " ");

        if (length == size && memcmp(at, name, size) == 0)
            return true;
        at += length;
        at += strspn(at, " ");
    }
    return false;
}
