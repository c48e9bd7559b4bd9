/* The check of HTML: characters first, then tags, references and variables in one walk. */
#include "services/consent/html.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "services/consent/html_tables.h"
#include "services/consent/html_text.h"

struct open_element {
    const struct html_element *element;
    size_t line;
};

struct parser {
    const char *at, *end;
    size_t line; /* of `at`, from 1 */
    struct open_element open[HTML_DEPTH_MAX];
    size_t depth;
    struct problems *problems;
};

/* A run of the text; it has no NUL at its end. */
struct span {
    const char *start;
    size_t size;
};

static void add(struct problems *problems, size_t line, const char *format, va_list args)
{
    char where[32];
    char what[PROBLEM_TEXT_SIZE];

    snprintf(where, sizeof where, "line %zu", line);
    vsnprintf(what, sizeof what, format, args);
    problems_add(problems, where, "%s", what);
}

__attribute__((format(printf, 2, 3))) static void mistake(struct parser *parser, const char *format,
                                                          ...)
{
    va_list args;

    va_start(args, format);
    add(parser->problems, parser->line, format, args);
    va_end(args);
}

static size_t left(const struct parser *parser)
{
    return (size_t)(parser->end - parser->at);
}

static bool begins(const struct parser *parser, const char *text)
{
    size_t size = strlen(text);

    return left(parser) >= size && memcmp(parser->at, text, size) == 0;
}

static void step(struct parser *parser, size_t size)
{
    for (; size > 0; size--)
        parser->line += *parser->at++ == '\n';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_in_name(char c)
{
    return html_is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

static bool skip_spaces(struct parser *parser)
{
    const char *start = parser->at;

    while (parser->at < parser->end && is_space(*parser->at))
        step(parser, 1);
    return parser->at > start;
}

/* --- Text */

/* False: the bytes are no text, so that nothing else can be said of them. */
static bool check_characters(struct parser parser)
{
    size_t before = parser.problems->count;

    while (parser.at < parser.end) {
        utf8proc_int32_t code_point;
        utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)parser.at,
                                                 (utf8proc_ssize_t)left(&parser), &code_point);
        if (size <= 0) {
            mistake(&parser, "is not UTF-8");
            return false;
        }
        if (!html_shows(code_point))
            mistake(&parser, "U+%04X is not allowed", (unsigned)code_point);
        step(&parser, (size_t)size);
    }
    return parser.problems->count == before;
}

/* At "&", in text and in values. */
static void check_reference(struct parser *parser)
{
    const char *fault = html_reference_fault(parser->at, left(parser));

    if (fault != NULL)
        mistake(parser, "%s", fault);
}

static void check_text(struct parser *parser)
{
    size_t size = 1;

    if (*parser->at == '&') {
        check_reference(parser);
    } else if (begins(parser, "{{")) {
        size = html_variable(parser->at, left(parser));
        if (size == 0) {
            mistake(parser, "{{ begins no variable; write {{name}}");
            size = 2;
        }
    } else if (begins(parser, "}}")) {
        mistake(parser, "}} ends no variable");
        size = 2;
    }
    step(parser, size);
}

/* --- Tags */

static struct span take_name(struct parser *parser)
{
    struct span name = {parser->at, 0};

    while (parser->at < parser->end && is_in_name(*parser->at))
        step(parser, 1);
    name.size = (size_t)(parser->at - name.start);
    return name;
}

/* For messages: no longer than any name that is allowed. */
static int shown(struct span name)
{
    return (int)(name.size < HTML_NAME_BYTES_MAX ? name.size : HTML_NAME_BYTES_MAX);
}

/* After a mistake that leaves unclear where the tag ends. */
static void skip_tag(struct parser *parser)
{
    while (parser->at < parser->end && *parser->at != '>')
        step(parser, 1);
    if (parser->at < parser->end)
        step(parser, 1);
}

static void check_value(struct parser parser, struct span value)
{
    parser.end = parser.at + value.size;
    while (parser.at < parser.end) {
        if (*parser.at == '&')
            check_reference(&parser);
        else if (*parser.at == '<')
            mistake(&parser, "< in a value; write &lt;");
        else if (begins(&parser, "{{"))
            mistake(&parser, "a variable in a value");
        step(&parser, 1);
    }
}

/* At a quote: the value, in `*out`; false: it does not end. */
static bool take_value(struct parser *parser, struct span *out)
{
    const char *start = parser->at + 1;
    const char *stop = memchr(start, *parser->at, (size_t)(parser->end - start));

    if (stop == NULL) {
        mistake(parser, "a value is not closed");
        parser->at = parser->end;
        return false;
    }
    *out = (struct span){start, (size_t)(stop - start)};
    step(parser, 1);
    check_value(*parser, *out);
    step(parser, out->size + 1);
    return true;
}

/* What attributes an element has had so far. */
struct seen {
    const struct html_attribute *items[HTML_ATTRIBUTES_MAX];
    size_t count;
};

static void check_attribute(struct parser *parser, const struct html_element *element,
                            struct span name, struct span value, struct seen *seen)
{
    const struct html_attribute *attribute = html_attribute_find(element, name.start, name.size);

    if (attribute == NULL) {
        mistake(parser, "attribute %.*s is not allowed in <%s>", shown(name), name.start,
                element->name);
        return;
    }
    for (size_t i = 0; i < seen->count; i++)
        if (seen->items[i] == attribute) {
            mistake(parser, "attribute %s stands there twice", attribute->name);
            return;
        }
    if (seen->count == HTML_ATTRIBUTES_MAX) {
        mistake(parser, "more than %d attributes", HTML_ATTRIBUTES_MAX);
        return;
    }
    seen->items[seen->count++] = attribute;
    if (!attribute->fits(value.start, value.size))
        mistake(parser, "attribute %s wants %s", attribute->name, attribute->wants);
}

/* name="value"; false: the tag cannot be read on. */
static bool take_attribute(struct parser *parser, const struct html_element *element,
                           struct seen *seen)
{
    struct span name = take_name(parser);
    struct span value;

    if (name.size == 0) {
        mistake(parser, "neither an attribute nor the end of <%s>", element->name);
        return false;
    }
    if (!begins(parser, "=\"") && !begins(parser, "='")) {
        mistake(parser, "attribute %.*s wants a value in quotes", shown(name), name.start);
        return false;
    }
    step(parser, 1);
    if (!take_value(parser, &value))
        return false;
    check_attribute(parser, element, name, value, seen);
    return true;
}

static void open_element(struct parser *parser, const struct html_element *element, size_t line)
{
    const struct html_element *parent =
        parser->depth == 0 ? NULL : parser->open[parser->depth - 1].element;

    if (!html_element_fits(element, parent))
        mistake(parser, "<%s> stands outside of its place: %s", element->name, element->within);
    if (element->is_void)
        return;
    if (parser->depth == HTML_DEPTH_MAX) {
        mistake(parser, "more than %d elements inside each other", HTML_DEPTH_MAX);
        parser->at = parser->end; /* no end tag beyond would find its element */
        parser->depth = 0;
        return;
    }
    parser->open[parser->depth++] = (struct open_element){element, line};
}

/* Behind "<", at a letter. */
static void take_start_tag(struct parser *parser)
{
    size_t line = parser->line;
    struct span name = take_name(parser);
    const struct html_element *element = html_element_find(name.start, name.size);
    struct seen seen = {0};

    if (element == NULL) {
        mistake(parser, "element <%.*s> is not allowed", shown(name), name.start);
        skip_tag(parser);
        return;
    }
    while (skip_spaces(parser) && parser->at < parser->end && *parser->at != '>' &&
           !begins(parser, "/>"))
        if (!take_attribute(parser, element, &seen)) {
            skip_tag(parser);
            return;
        }
    if (element->is_void && begins(parser, "/>"))
        step(parser, 1);
    if (parser->at == parser->end || *parser->at != '>') {
        mistake(parser, "<%s> has no end where it wants one", element->name);
        skip_tag(parser);
        return;
    }
    step(parser, 1);
    open_element(parser, element, line);
}

static void close_element(struct parser *parser, const struct html_element *element)
{
    size_t depth = parser->depth;

    while (depth > 0 && parser->open[depth - 1].element != element)
        depth--;
    if (depth == 0) {
        mistake(parser, "</%s> closes nothing", element->name);
        return;
    }
    for (; parser->depth > depth; parser->depth--)
        mistake(parser, "</%s> comes before the end of <%s> in line %zu", element->name,
                parser->open[parser->depth - 1].element->name,
                parser->open[parser->depth - 1].line);
    parser->depth--;
}

/* Behind "</". */
static void take_end_tag(struct parser *parser)
{
    struct span name = take_name(parser);
    const struct html_element *element = html_element_find(name.start, name.size);

    skip_spaces(parser);
    if (parser->at == parser->end || *parser->at != '>') {
        mistake(parser, "an end tag wants a name and > only");
        skip_tag(parser);
        return;
    }
    if (element == NULL || element->is_void)
        mistake(parser, "</%.*s> is not allowed", shown(name), name.start);
    else
        close_element(parser, element);
    step(parser, 1);
}

static void take_tag(struct parser *parser)
{
    if (begins(parser, "<!--")) {
        mistake(parser, "a comment is not allowed");
        step(parser, 4);
        return;
    }
    step(parser, 1);
    if (parser->at < parser->end && html_is_letter(*parser->at)) {
        take_start_tag(parser);
    } else if (begins(parser, "/")) {
        step(parser, 1);
        take_end_tag(parser);
    } else {
        mistake(parser, "< begins no element; write &lt;");
    }
}

void html_check(const char *text, size_t size, struct problems *problems)
{
    struct parser parser = {
        .at = text,
        .end = text + size,
        .line = 1,
        .problems = problems,
    };

    if (size > HTML_BYTES_MAX) {
        mistake(&parser, "the text has more than %d bytes", HTML_BYTES_MAX);
        return;
    }
    if (!check_characters(parser))
        return;
    skip_spaces(&parser);
    if (parser.at == parser.end)
        mistake(&parser, "there is no text");
    while (parser.at < parser.end) {
        if (*parser.at == '<')
            take_tag(&parser);
        else
            check_text(&parser);
    }
    for (; parser.depth > 0; parser.depth--) {
        const struct open_element *open = &parser.open[parser.depth - 1];

        parser.line = open->line;
        mistake(&parser, "<%s> is not closed", open->element->name);
    }
}
