/* A thread's decoder: frames, writers and the plans it has made for them. */
#include <stdlib.h>

#include "common/avro/codec.h"
#include "common/avro/plan.h"
#include "common/avro/store.h"
#include "common/avro/wire.h"

enum {
    /* Structs of an event take at most as much as its bytes, plus this for a small one. */
    EVENT_STRUCT_BYTES = 64 * 1024,
    /* Stored results are our own bytes: small headers in many structs. */
    STORED_STRUCT_FACTOR = 8,
};

struct known_plan {
    const struct writer *writer;
    const struct schema *reader;
    const struct plan *plan; /* NULL: the writer cannot be read, says `error` */
    struct plan *made;       /* the same where it is the decoder's own; NULL: the schema's */
    struct error error;
};

struct decoder {
    const struct schema_store *store;
    struct known_plan *plans;
    size_t count;
};

struct decoder *decoder_new(const struct schema_store *store)
{
    struct decoder *decoder = calloc(1, sizeof *decoder);

    if (decoder == NULL)
        abort();
    decoder->store = store;
    return decoder;
}

void decoder_free(struct decoder *decoder)
{
    if (decoder == NULL)
        return;
    for (size_t i = 0; i < decoder->count; i++)
        plan_free(decoder->plans[i].made);
    free(decoder->plans);
    free(decoder);
}

static const struct writer *find_writer(const struct decoder *decoder, const struct frame *frame,
                                        struct error *error)
{
    const struct writer *writer = frame->framing == FRAMING_CONFLUENT
                                      ? schema_store_find_id(decoder->store, frame->id)
                                      : schema_store_find(decoder->store, frame->fingerprint);

    if (writer != NULL)
        return writer;
    if (frame->framing == FRAMING_CONFLUENT)
        error_poison(error, REASON_SCHEMA_UNKNOWN, "schema id %u", frame->id);
    else
        error_poison(error, REASON_SCHEMA_UNKNOWN, "fingerprint %016llx",
                     (unsigned long long)frame->fingerprint);
    return NULL;
}

/* The plan of the pair, made when it is first met; as many as the store has writers. */
static const struct known_plan *find_plan(struct decoder *decoder, const struct writer *writer,
                                          const struct schema *reader)
{
    for (size_t i = 0; i < decoder->count; i++)
        if (decoder->plans[i].writer == writer && decoder->plans[i].reader == reader)
            return &decoder->plans[i];

    decoder->plans = reallocarray(decoder->plans, decoder->count + 1, sizeof *decoder->plans);
    if (decoder->plans == NULL)
        abort();
    struct known_plan *known = &decoder->plans[decoder->count++];
    *known = (struct known_plan){.writer = writer, .reader = reader};
    if (writer->fingerprint == reader->fingerprint)
        known->plan = plan_own(reader);
    else if (plan_new(writer->schema, reader, &known->made, &known->error))
        known->plan = known->made;
    return known;
}

bool decoder_read(struct decoder *decoder, const struct schema *reader, struct bytes value,
                  struct arena *arena, void **out, struct error *error)
{
    struct frame frame;

    if (!frame_read(value, &frame, error))
        return false;
    const struct writer *writer = find_writer(decoder, &frame, error);
    if (writer == NULL)
        return false;
    const struct known_plan *known = find_plan(decoder, writer, reader);
    if (known->plan == NULL) {
        *error = known->error;
        return false;
    }
    return plan_read(known->plan, frame.body, frame.body.size + EVENT_STRUCT_BYTES, arena, out,
                     error);
}

bool record_decode(const struct schema *schema, struct bytes value, struct arena *arena, void **out,
                   struct error *error)
{
    size_t room = value.size * STORED_STRUCT_FACTOR + EVENT_STRUCT_BYTES;

    return plan_read(plan_own(schema), value, room, arena, out, error);
}
