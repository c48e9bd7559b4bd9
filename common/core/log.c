/* JSON log lines, each written at once. */
#include "common/core/log.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <utf8proc.h>

#include "common/core/clock.h"
#include "common/core/timestamp.h"

enum {
    LINE_BYTES_MAX = PIPE_BUF, /* a pipe takes so much without mixing it with another's line */
    TEXT_BYTES_MAX = 1024,     /* of one value, escaped: one long text leaves room for the rest */
    ESCAPE_BYTES_MAX = 6,      /* \u001f */
    REPLACEMENT = 0xfffd,      /* for a byte that is no UTF-8 */
};

/* What ends a line when fields did not fit; room for it is always kept. */
#define CUT_END  ",\"cut\":true}\n"
#define LINE_END "}\n"

static const char *const level_text[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};

static const char *service_name = "onboarding";
static enum log_level level_lowest = LOG_INFO;

struct line {
    size_t used;
    bool full; /* something did not fit: what was written since the last whole field is dropped */
    char bytes[LINE_BYTES_MAX];
};

void log_start(const char *service, enum log_level lowest)
{
    service_name = service;
    level_lowest = lowest;
}

static void put(struct line *line, const char *bytes, size_t size)
{
    if (line->full || size > sizeof line->bytes - (sizeof CUT_END - 1) - line->used) {
        line->full = true;
        return;
    }
    memcpy(line->bytes + line->used, bytes, size);
    line->used += size;
}

static size_t escape_ascii(unsigned char c, char out[static ESCAPE_BYTES_MAX + 1])
{
    static const char with_letter[] = "\"\\\n\r\t\b\f";
    static const char letters[] = "\"\\nrtbf";
    const char *found = c == '\0' ? NULL : strchr(with_letter, c);

    if (found != NULL) {
        out[0] = '\\';
        out[1] = letters[found - with_letter];
        return 2;
    }
    if (c < 0x20 || c == 0x7f) {
        int size = snprintf(out, ESCAPE_BYTES_MAX + 1, "\\u%04x", c);
        return size < 0 ? 0 : (size_t)size;
    }
    out[0] = (char)c;
    return 1;
}

/* Escapes the next character of the text into `out`; how many bytes of the text it took. */
static size_t escape(const char *text, size_t left, char out[static ESCAPE_BYTES_MAX + 1],
                     size_t *out_size)
{
    utf8proc_int32_t codepoint;

    if ((unsigned char)*text < 0x80) {
        *out_size = escape_ascii((unsigned char)*text, out);
        return 1;
    }

    utf8proc_ssize_t size =
        utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)left, &codepoint);
    if (size <= 0) { /* no UTF-8 */
        *out_size = (size_t)utf8proc_encode_char(REPLACEMENT, (utf8proc_uint8_t *)out);
        return 1;
    }
    memcpy(out, text, (size_t)size);
    *out_size = (size_t)size;
    return (size_t)size;
}

static void put_text(struct line *line, const char *text)
{
    size_t left = strlen(text);
    size_t written = 0;

    put(line, "\"", 1);
    while (left > 0) {
        char escaped[ESCAPE_BYTES_MAX + 1];
        size_t size;
        size_t taken = escape(text, left, escaped, &size);

        if (written + size > TEXT_BYTES_MAX) {
            put(line, "\xe2\x80\xa6", 3); /* … */
            break;
        }
        put(line, escaped, size);
        written += size;
        text += taken;
        left -= taken;
    }
    put(line, "\"", 1);
}

static void put_name(struct line *line, const char *name)
{
    put(line, line->used == 0 ? "{" : ",", 1);
    put_text(line, name);
    put(line, ":", 1);
}

static void put_field(struct line *line, const struct log_field *field)
{
    size_t before = line->used;

    put_name(line, field->name);
    if (field->kind == LOG_FIELD_INT) {
        char digits[24];
        int size = snprintf(digits, sizeof digits, "%" PRId64, field->integer);

        put(line, digits, size < 0 ? 0 : (size_t)size);
    } else if (field->text == NULL) {
        put(line, "null", 4);
    } else {
        put_text(line, field->text);
    }
    if (line->full)
        line->used = before;
}

static void end_line(struct line *line)
{
    const char *end = line->full ? CUT_END : LINE_END;
    size_t size = strlen(end);

    memcpy(line->bytes + line->used, end, size);
    line->used += size;
}

/* Nobody is left to tell when this fails. */
static void write_line(const struct line *line)
{
    size_t done = 0;

    while (done < line->used) {
        ssize_t written = write(STDOUT_FILENO, line->bytes + done, line->used - done);

        if (written < 0 && errno != EINTR)
            return;
        if (written > 0)
            done += (size_t)written;
    }
}

void log_line_array(enum log_level level, const char *message, const struct log_field *fields,
                    size_t count)
{
    char time[TIME_TEXT_SIZE];
    struct line line;

    if (level < level_lowest)
        return;
    time_format(clock_unix_ms(), time);
    line.used = 0;
    line.full = false;
    put_field(&line, &LOG_TEXT("time", time));
    put_field(&line, &LOG_TEXT("level", level_text[level]));
    put_field(&line, &LOG_TEXT("service", service_name));
    put_field(&line, &LOG_TEXT("message", message));
    for (size_t i = 0; i < count; i++)
        put_field(&line, &fields[i]);
    end_line(&line);
    write_line(&line);
}
