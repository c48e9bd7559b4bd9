/*
 * Fuzzes the decoder. The first byte of an input picks writer and reader, the rest is the value.
 * What is let through is encoded, read again, and must have the same digest; and memory stays
 * within what codec.h promises.
 */
#include <stdlib.h>
#include <string.h>

#include "common/avro/codec.h"
#include "common/avro/parse.h"
#include "common/avro/plan.h"
#include "common/avro/topic.h"
#include "evaluation_requested.h"
#include "lookup_requested.h"
#include "stored_results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Another version of EvaluationRequested: other order and types, recursion, unions, no bytes. */
static const char foreign[] =
    "{\"type\":\"record\",\"name\":\"EvaluationRequested\",\"fields\":["
    "{\"name\":\"tree\",\"type\":{\"type\":\"record\",\"name\":\"Tree\",\"fields\":["
    "{\"name\":\"left\",\"type\":[\"null\",\"Tree\"]},"
    "{\"name\":\"more\",\"type\":{\"type\":\"array\",\"items\":\"Tree\"}}]}},"
    "{\"name\":\"nothings\",\"type\":{\"type\":\"array\",\"items\":\"null\"}},"
    "{\"name\":\"fixed\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}},"
    "{\"name\":\"counts\",\"type\":{\"type\":\"map\",\"values\":\"float\"}},"
    "{\"name\":\"score\",\"type\":[\"string\",\"float\",\"null\",\"int\",\"long\"]},"
    "{\"name\":\"userId\",\"type\":\"bytes\"},{\"name\":\"processId\",\"type\":\"string\"},"
    "{\"name\":\"processType\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"identityVerificationId\",\"type\":\"string\"},"
    "{\"name\":\"provider\",\"type\":\"string\"},"
    "{\"name\":\"status\",\"type\":{\"type\":\"enum\",\"name\":\"ProviderStatus\",\"symbols\":"
    "[\"LATE\",\"FAILURE\",\"SUCCESS\"]}},"
    "{\"name\":\"documents\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":"
    "\"Document\",\"fields\":[{\"name\":\"x\",\"type\":\"null\"},{\"name\":\"type\",\"type\":"
    "\"string\"},{\"name\":\"rawData\",\"type\":\"bytes\"}]}}},"
    "{\"name\":\"person\",\"type\":[{\"type\":\"record\",\"name\":\"Person\",\"fields\":[]},"
    "\"null\"]}]}";

static struct hmac *hmac;
static struct plan *foreign_plan;

static void start(void)
{
    static const struct key key = {.bytes = {42}, .present = true};
    struct writer writer;
    struct error error;

    hmac = hmac_new(&key);
    if (!writer_parse(foreign, sizeof foreign - 1, &writer, &error) ||
        !plan_new(writer.schema, &evaluation_requested_schema, &foreign_plan, &error))
        abort();
    writer_done(&writer);
}

static void check_again(const struct schema *schema, const void *record, struct arena *arena)
{
    struct digest first = event_digest(schema, record, hmac);
    struct bytes bytes = record_encode(schema, record, arena);
    struct error error;
    void *again;

    if (!record_decode(schema, bytes, arena, &again, &error))
        abort();
    struct digest second = event_digest(schema, again, hmac);
    if (memcmp(&first, &second, sizeof first) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct error error = {0};
    void *out;

    if (hmac == NULL)
        start();
    if (size == 0)
        return 0;
    unsigned pick = data[0] % (topic_count + 2);
    bool is_foreign = pick == topic_count + 1;
    const struct schema *schema = is_foreign            ? &evaluation_requested_schema
                                  : pick == topic_count ? &stored_results_schema
                                                        : topics[pick]->schema;
    const struct plan *plan = is_foreign ? foreign_plan : plan_own(schema);
    struct bytes body = {data + 1, size - 1};
    bool done = plan_read(plan, body, body.size + 65536, &arena, &out, &error);
    if (arena_bytes(&arena) > 2 * body.size + 4 * 65536)
        abort();
    if (done)
        check_again(schema, out, &arena);
    else if (error.kind != ERROR_POISON || error.reason == REASON_NONE)
        abort();
    arena_done(&arena);
    return 0;
}
