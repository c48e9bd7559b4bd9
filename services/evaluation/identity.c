/* Personal numbers and documents as keyed digests. */
#include "services/evaluation/identity.h"

#include <string.h>

#include "common/core/blind_index.h"
#include "services/evaluation/evidence.h"

struct gathered {
    struct digest *items;
    size_t count;
};

static void add_number(struct gathered *to, const char *number, const struct key *key,
                       struct arena *arena)
{
    const char *text = evidence_code(number, arena);

    if (text != NULL)
        to->items[to->count++] = blind_index(key, "evaluation.personalNumber", &text, 1, arena);
}

static void add_document(struct gathered *to, const char *type, const char *country,
                         const char *number, const struct key *key, struct arena *arena)
{
    const char *parts[] = {evidence_type(type, arena), evidence_country(country, arena),
                           evidence_code(number, arena)};

    if (parts[2] == NULL)
        return;
    if (parts[1] == NULL)
        parts[1] = "";
    to->items[to->count++] = blind_index(key, "evaluation.document", parts, COUNT(parts), arena);
}

static struct gathered room_for(size_t count, struct arena *arena)
{
    return (struct gathered){
        .items = arena_alloc(arena, count * sizeof(struct digest), _Alignof(struct digest))};
}

struct identities identities_of_event(const struct evaluation_requested *event,
                                      const struct key *key, struct arena *arena)
{
    struct gathered gathered = room_for(2 * event->documents.count, arena);

    for (size_t i = 0; i < event->documents.count; i++) {
        const struct document *document = &event->documents.items[i];

        if (document->data == NULL)
            continue;
        add_number(&gathered, document->data->personalNumber, key, arena);
        add_document(&gathered, document->type, document->country, document->data->documentNumber,
                     key, arena);
    }
    return (struct identities){gathered.items, gathered.count};
}

struct identities identities_of_customer(const struct customer_registered *event,
                                         const struct key *key, struct arena *arena)
{
    struct gathered gathered = room_for(1 + event->documents.count, arena);

    add_number(&gathered, event->personalNumber, key, arena);
    for (size_t i = 0; i < event->documents.count; i++) {
        const struct customer_document *document = &event->documents.items[i];

        add_document(&gathered, document->type, document->country, document->documentNumber, key,
                     arena);
    }
    return (struct identities){gathered.items, gathered.count};
}

struct bytes identities_pack(const struct identities *identities)
{
    _Static_assert(sizeof(struct digest) == DIGEST_SIZE, "digests lie side by side");
    return (struct bytes){(const uint8_t *)identities->items, identities->count * DIGEST_SIZE};
}

struct identities identities_unpack(struct bytes packed)
{
    return (struct identities){.items = (const struct digest *)packed.data,
                               .count = packed.size / DIGEST_SIZE};
}

bool identities_contain(const struct identities *identities, const struct digest *digest)
{
    for (size_t i = 0; i < identities->count; i++)
        if (memcmp(&identities->items[i], digest, sizeof *digest) == 0)
            return true;
    return false;
}
