/* What text in HTML is made of: characters that show, references, variables. */
#include "services/consent/html_text.h"

#include <stdlib.h>
#include <string.h>

#include "common/core/base.h"
#include "services/consent/html_tables.h"

enum { REFERENCE_BYTES_MAX = 9 }; /* #x10FFFF; */

bool html_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool html_shows(int32_t code_point)
{
    static const struct {
        int32_t from, to;
    } hidden[] = {
        {0x00, 0x08},     {0x0b, 0x0c},     {0x0e, 0x1f},       {0x7f, 0x9f},
        {0x2028, 0x202e}, {0x2060, 0x206f}, {0xd800, 0xdfff},   {0xfdd0, 0xfdef},
        {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
    };

    for (size_t i = 0; i < COUNT(hidden); i++)
        if (code_point >= hidden[i].from && code_point <= hidden[i].to)
            return false;
    return code_point >= 0 && code_point <= 0x10ffff && (code_point & 0xfffe) != 0xfffe;
}

/* Of "#60" or "#x3c" without the "#"; -1: it is none. */
static int32_t number_of(const char *text, size_t size)
{
    bool hexadecimal = size > 0 && (text[0] == 'x' || text[0] == 'X');
    const char *allowed = hexadecimal ? "0123456789abcdefABCDEF" : "0123456789";
    char digits[REFERENCE_BYTES_MAX + 1];
    size_t skipped = hexadecimal ? 1 : 0;

    if (size <= skipped || size > REFERENCE_BYTES_MAX)
        return -1;
    memcpy(digits, text + skipped, size - skipped);
    digits[size - skipped] = '\0';
    if (strspn(digits, allowed) != size - skipped)
        return -1;
    return (int32_t)strtol(digits, NULL, hexadecimal ? 16 : 10);
}

const char *html_reference_fault(const char *text, size_t size)
{
    const char *name = text + 1;
    size_t most = size - 1 < REFERENCE_BYTES_MAX ? size - 1 : REFERENCE_BYTES_MAX;
    const char *stop = memchr(name, ';', most);
    size_t length = stop == NULL ? 0 : (size_t)(stop - name);

    if (length == 0)
        return "& begins no reference; write &amp;";
    if (name[0] == '#' ? html_shows(number_of(name + 1, length - 1))
                       : html_reference_is_known(name, length))
        return NULL;
    return "the reference behind & is not allowed";
}

size_t html_variable(const char *text, size_t size)
{
    size_t length = 2;

    if (size < 5 || memcmp(text, "{{", 2) != 0 || !html_is_letter(text[2]))
        return 0;
    while (length < size && length - 2 <= HTML_VARIABLE_BYTES_MAX &&
           (html_is_letter(text[length]) || is_digit(text[length]) || text[length] == '_'))
        length++;
    if (length - 2 > HTML_VARIABLE_BYTES_MAX || size - length < 2 ||
        memcmp(text + length, "}}", 2) != 0)
        return 0;
    return length + 2;
}
