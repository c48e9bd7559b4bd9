/* Writes what analysts may see of the documents. */
#include "services/evaluation/summary.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DOCUMENT_JSON_MAX = 256 }; /* the longest type, country and all images take some 150 */

struct writer {
    char *text;
    size_t used, size;
};

static void put(struct writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct writer *writer, const char *format, ...)
{
    size_t room = writer->size - writer->used;
    va_list args;

    va_start(args, format);
    int size = vsnprintf(writer->text + writer->used, room, format, args);
    va_end(args);
    assert(size >= 0 && (size_t)size < room);
    writer->used += (size_t)size;
}

static const char *or_other(const char *text)
{
    return text == NULL ? "OTHER" : text;
}

static const char *safe_country(const char *country)
{
    bool letters = strlen(country) == 3 && strspn(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;

    return letters ? country : "OTHER";
}

static void put_images(struct writer *writer, uint32_t images)
{
    const char *comma = "";

    put(writer, "\"images\":[");
    for (unsigned kind = 0; kind <= IMAGE_KIND_OTHER; kind++) {
        if ((images & KIND_BIT(kind)) == 0)
            continue;
        put(writer, "%s\"%s\"", comma, or_other(image_kind_text[kind]));
        comma = ",";
    }
    put(writer, "]");
}

static void put_document(struct writer *writer, const struct evidence_document *document)
{
    put(writer, "{\"type\":\"%s\",", or_other(document_kind_text[document->kind]));
    put(writer, "\"status\":\"%s\",", document->failed ? "FAILURE" : "SUCCESS");
    if (document->country != NULL)
        put(writer, "\"country\":\"%s\",", safe_country(document->country));
    put_images(writer, document->images);
    put(writer, "}");
}

const char *evidence_summary(const struct evidence *evidence, struct arena *arena)
{
    size_t size = (evidence->document_count + 1) * DOCUMENT_JSON_MAX;
    struct writer writer = {.text = arena_alloc(arena, size, 1), .size = size};

    put(&writer, "[");
    for (size_t i = 0; i < evidence->document_count; i++) {
        put(&writer, i == 0 ? "" : ",");
        put_document(&writer, &evidence->documents[i]);
    }
    put(&writer, "]");
    return writer.text;
}
