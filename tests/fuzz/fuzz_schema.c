/*
 * Fuzzes what is done with a writer's schema. An input is its JSON, a byte 00, and a value. A
 * schema that passes is resolved to every record of ours, and the value is read with it.
 */
#include <string.h>

#include "common/avro/parse.h"
#include "common/avro/plan.h"
#include "common/avro/topic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as(const struct writer *writer, const struct schema *reader, struct bytes body)
{
    struct arena arena = {0};
    struct error error;
    struct plan *plan;
    void *out;

    if (!plan_new(writer->schema, reader, &plan, &error))
        return;
    (void)!plan_read(plan, body, body.size + 65536, &arena, &out, &error);
    arena_done(&arena);
    plan_free(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size == 0 ? NULL : memchr(data, 0, size);
    size_t json_size = end == NULL ? size : (size_t)(end - data);
    struct bytes body = {data + size, 0};
    struct error error;
    struct writer writer;

    if (end != NULL)
        body = (struct bytes){end + 1, size - json_size - 1};
    if (!writer_parse((const char *)data, json_size, &writer, &error))
        return 0;
    for (unsigned i = 0; i < topic_count; i++)
        read_as(&writer, topics[i]->schema, body);
    writer_done(&writer);
    return 0;
}
