/* Ids as contracts have them; names and codes as they are compared, whoever typed them. */
#include "common/core/text.h"

#include <stdint.h>
#include <string.h>
#include <utf8proc.h>

#include "common/core/base.h"

enum {
    DECOMPOSED_MAX = 32,  /* code points of one; Unicode's longest (U+FDFA) has 18 */
    REPLACEMENT = 0xfffd, /* for bytes that are no UTF-8 */
    ENCODED_MAX = 4,
};

/* Letters with a stroke and ligatures, which NFKD leaves whole. */
static const struct {
    utf8proc_int32_t letter;
    const char *plain;
} letters[] = {
    {0x142, "l"},  /* ł */
    {0xf8, "o"},   /* ø */
    {0x111, "d"},  /* đ */
    {0xdf, "ss"},  /* ß */
    {0xe6, "ae"},  /* æ */
    {0x153, "oe"}, /* œ */
};

struct writer {
    bool is_code;
    bool space; /* white space is due before the next character */
    bool full;
    size_t used;
    char bytes[TEXT_NORMAL_MAX];
};

static void put(struct writer *writer, const char *bytes, size_t size)
{
    size_t space = writer->space && writer->used > 0 ? 1 : 0;

    if (writer->full || size + space > sizeof writer->bytes - writer->used) {
        writer->full = true;
        return;
    }
    if (space > 0)
        writer->bytes[writer->used++] = ' ';
    memcpy(writer->bytes + writer->used, bytes, size);
    writer->used += size;
    writer->space = false;
}

static bool is_white(utf8proc_int32_t c, utf8proc_category_t category)
{
    return (c >= '\t' && c <= '\r') || c == 0x85 || category == UTF8PROC_CATEGORY_ZS ||
           category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

static bool shows_nothing(utf8proc_int32_t c, utf8proc_category_t category)
{
    return category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CC ||
           category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
           category == UTF8PROC_CATEGORY_ME || utf8proc_get_property(c)->ignorable;
}

/* Full stop, middle dot; dashes and the minus sign; slashes of either lean. */
static bool is_separator(utf8proc_int32_t c, utf8proc_category_t category)
{
    return category == UTF8PROC_CATEGORY_PD || c == 0x2212 || c == '.' || c == 0xb7 || c == '/' ||
           c == '\\' || c == 0x2044 || c == 0x2215;
}

static void put_codepoint(struct writer *writer, utf8proc_int32_t c)
{
    utf8proc_uint8_t encoded[ENCODED_MAX];

    for (size_t i = 0; i < COUNT(letters); i++)
        if (letters[i].letter == c) {
            put(writer, letters[i].plain, strlen(letters[i].plain));
            return;
        }
    put(writer, (const char *)encoded, (size_t)utf8proc_encode_char(c, encoded));
}

/* One code point of a decomposition. */
static void take(struct writer *writer, utf8proc_int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);

    if (is_white(c, category))
        writer->space = !writer->is_code;
    else if (!shows_nothing(c, category) && !(writer->is_code && is_separator(c, category)))
        put_codepoint(writer, utf8proc_tolower(c));
}

static void take_ascii(struct writer *writer, char c)
{
    char lower = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    bool letter_or_digit = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');

    if (letter_or_digit)
        put(writer, &lower, 1);
    else
        take(writer, c);
}

/* The bytes of the next character, and what it decomposes to. */
static size_t take_next(struct writer *writer, const char *text, size_t left)
{
    utf8proc_int32_t codepoint, parts[DECOMPOSED_MAX];
    int boundary = 0;

    if ((unsigned char)*text < 0x80) {
        take_ascii(writer, *text);
        return 1;
    }

    utf8proc_ssize_t size =
        utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)left, &codepoint);
    if (size <= 0) {
        take(writer, REPLACEMENT);
        return 1;
    }
    utf8proc_ssize_t count = utf8proc_decompose_char(
        codepoint, parts, DECOMPOSED_MAX, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &boundary);
    for (utf8proc_ssize_t i = 0; i < count && i < DECOMPOSED_MAX; i++)
        take(writer, parts[i]);
    return (size_t)size;
}

static const char *normalize(const char *text, bool is_code, struct arena *arena)
{
    size_t left = strlen(text);
    struct writer writer;

    writer.is_code = is_code;
    writer.space = writer.full = false;
    writer.used = 0;
    while (left > 0 && !writer.full) {
        size_t size = take_next(&writer, text, left);

        text += size;
        left -= size;
    }
    return arena_copy(arena, writer.bytes, writer.used);
}

const char *text_normalize(const char *text, struct arena *arena)
{
    return normalize(text, false, arena);
}

const char *text_normalize_code(const char *text, struct arena *arena)
{
    return normalize(text, true, arena);
}

bool text_is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

bool text_is_id(const char *text)
{
    return !text_is_blank(text) && strlen(text) <= TEXT_ID_MAX;
}
