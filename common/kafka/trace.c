/* The trace that an event belongs to. */
#include "common/kafka/trace.h"

#include <string.h>

#include "common/core/random.h"

enum {
    TRACE_AT = 3,
    TRACE_DIGITS = 32,
    SPAN_AT = 36,
    SPAN_DIGITS = 16,
    FLAGS_AT = 53,
    LENGTH = TRACEPARENT_SIZE - 1,
};

static const char shape[] = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
static const char digits[] = "0123456789abcdef";

static bool is_digit(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_zero(const uint8_t *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] != '0')
            return false;
    return true;
}

bool traceparent_read(struct bytes value, char out[static TRACEPARENT_SIZE])
{
    const uint8_t *text = value.data;

    if (value.size < LENGTH)
        return false;
    for (size_t i = 0; i < LENGTH; i++)
        if (shape[i] == 'x' ? !is_digit(text[i]) : text[i] != '-')
            return false;

    bool first_version = memcmp(text, "00", 2) == 0;
    if (memcmp(text, "ff", 2) == 0 || is_zero(text + TRACE_AT, TRACE_DIGITS) ||
        is_zero(text + SPAN_AT, SPAN_DIGITS))
        return false;
    if (value.size > LENGTH && (first_version || text[LENGTH] != '-'))
        return false;

    memcpy(out, text, LENGTH);
    out[LENGTH] = '\0';
    if (!first_version) {
        bool sampled = strchr("13579bdf", out[FLAGS_AT + 1]) != NULL;

        memcpy(out, "00", 2);
        memcpy(out + FLAGS_AT, sampled ? "01" : "00", 2);
    }
    return true;
}

/* `count` digits, a multiple of 16, of which not all are 0. */
static void put_random(char *out, size_t count)
{
    for (size_t done = 0; done < count; done += 16) {
        uint64_t bits;

        do
            bits = random_bits();
        while (bits == 0);
        for (size_t i = 0; i < 16; i++, bits >>= 4)
            out[done + i] = digits[bits & 0x0f];
    }
}

void traceparent_start(char out[static TRACEPARENT_SIZE])
{
    memcpy(out, "00-", TRACE_AT);
    put_random(out + TRACE_AT, TRACE_DIGITS);
    out[SPAN_AT - 1] = '-';
    put_random(out + SPAN_AT, SPAN_DIGITS);
    memcpy(out + FLAGS_AT - 1, "-01", sizeof "-01");
}

void traceparent_next(const char *traceparent, char out[static TRACEPARENT_SIZE])
{
    memcpy(out, traceparent, TRACEPARENT_SIZE);
    put_random(out + SPAN_AT, SPAN_DIGITS);
}

void traceparent_id(const char *traceparent, char out[static TRACE_ID_SIZE])
{
    memcpy(out, traceparent + TRACE_AT, TRACE_DIGITS);
    out[TRACE_DIGITS] = '\0';
}

bool tracestate_is_good(struct bytes value)
{
    if (value.size == 0 || value.size > TRACESTATE_BYTES_MAX)
        return false;
    for (size_t i = 0; i < value.size; i++)
        if (value.data[i] < 0x20 || value.data[i] > 0x7e)
            return false;
    return true;
}
