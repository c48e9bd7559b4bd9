/* The rules of the benchmark's worker; pure, as rules of a service are. */
#include "decide.h"

#include <stdbool.h>
#include <string.h>

#include "common/core/date.h"

enum { SCORE_MIN = 5 };

typedef bool condition(const struct client_evaluate *event);

static bool failed(const struct client_evaluate *event)
{
    return event->status == VERIFICATION_STATUS_FAILURE;
}

static bool scored_low(const struct client_evaluate *event)
{
    return event->score < SCORE_MIN;
}

static bool expired(const struct client_evaluate *event)
{
    char today[DATE_TEXT_SIZE];

    date_format(date_of_ms(event->occurredAt), today);
    for (size_t i = 0; i < event->documents.count; i++) {
        const char *expiry = event->documents.items[i].data.dateOfExpiry;
        if (expiry != NULL && strcmp(expiry, today) < 0)
            return true;
    }
    return false;
}

static bool nameless(const struct client_evaluate *event)
{
    for (size_t i = 0; i < event->documents.count; i++) {
        const char *surname = event->documents.items[i].data.surname;
        if (surname == NULL || surname[0] == '\0')
            return true;
    }
    return event->documents.count == 0;
}

/* The first whose condition holds decides. */
static const struct {
    condition *holds;
    struct decision decision;
} rules[] = {
    {failed, {EVALUATION_RESULT_NOK, "VERIFICATION_FAILED"}},
    {scored_low, {EVALUATION_RESULT_NOK, "LOW_SCORE"}},
    {expired, {EVALUATION_RESULT_NOK, "DOCUMENT_EXPIRED"}},
    {nameless, {EVALUATION_RESULT_WAIT, "MISSING_SURNAME"}},
};

struct decision decide(const struct client_evaluate *event)
{
    for (size_t i = 0; i < COUNT(rules); i++)
        if (rules[i].holds(event))
            return rules[i].decision;
    return (struct decision){EVALUATION_RESULT_OK, NULL};
}

static unsigned count_fields(const struct document_data *data)
{
    const char *const fields[] = {
        data->givenNames,  data->surname,      data->dateOfBirth,    data->placeOfBirth,
        data->sex,         data->nationality,  data->personalNumber, data->documentNumber,
        data->dateOfIssue, data->dateOfExpiry, data->authority,
    };
    unsigned count = 0;

    for (size_t i = 0; i < COUNT(fields); i++)
        count += fields[i] != NULL;
    return count;
}

static char *put(char *at, const char *text)
{
    size_t size = strlen(text);

    memcpy(at, text, size);
    return at + size;
}

/* A JSON string; texts of events are UTF-8 already, so only quotes and controls are escaped. */
static char *put_string(char *at, const char *text)
{
    static const char digits[] = "0123456789abcdef";

    if (text == NULL)
        return put(at, "null");
    *at++ = '"';
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20) {
            at = put(at, "\\u00");
            *at++ = digits[c >> 4];
            *at++ = digits[c & 0xf];
            continue;
        }
        if (c == '"' || c == '\\')
            *at++ = '\\';
        *at++ = (char)c;
    }
    *at++ = '"';
    return at;
}

enum {
    ESCAPED_SIZE = 6, /* bytes of one character at worst, \u001f */
    FRAME_SIZE = 96,  /* names, quotes, commas and the number of an object */
};

static size_t size_max(const struct document *document)
{
    const char *const texts[] = {document->type, document->status, document->data.documentNumber,
                                 document->data.dateOfExpiry};
    size_t size = FRAME_SIZE;

    for (size_t i = 0; i < COUNT(texts); i++)
        size += texts[i] == NULL ? 0 : ESCAPED_SIZE * strlen(texts[i]);
    return size;
}

static char *put_document(char *at, const struct document *document)
{
    unsigned fields = count_fields(&document->data);

    at = put_string(put(at, "{\"type\":"), document->type);
    at = put_string(put(at, ",\"status\":"), document->status);
    at = put_string(put(at, ",\"documentNumber\":"), document->data.documentNumber);
    at = put_string(put(at, ",\"dateOfExpiry\":"), document->data.dateOfExpiry);
    at = put(at, ",\"fields\":");
    if (fields >= 10)
        *at++ = (char)('0' + fields / 10);
    *at++ = (char)('0' + fields % 10);
    *at++ = '}';
    return at;
}

const char *summarize(const struct client_evaluate *event, struct arena *arena)
{
    size_t size = sizeof "[]";

    for (size_t i = 0; i < event->documents.count; i++)
        size += size_max(&event->documents.items[i]) + 1;

    char *text = arena_alloc(arena, size, 1);
    char *at = text;
    *at++ = '[';
    for (size_t i = 0; i < event->documents.count; i++) {
        if (i != 0)
            *at++ = ',';
        at = put_document(at, &event->documents.items[i]);
    }
    *at++ = ']';
    *at = '\0';
    return text;
}
