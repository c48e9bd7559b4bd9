/* Writers' schemas by fingerprint and by a registry's id. */
#include "common/avro/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A handful of subjects in a few versions each: found by looking through all. */
struct schema_store {
    const struct schema_store *below; /* knows what this one doesn't; NULL: none */
    struct writer **writers; /* each in a block of its own: decoders keep their addresses */
    size_t count;
    struct known_id {
        uint32_t id;
        const struct writer *writer;
    } * ids;
    size_t id_count;
};

static void *grown(void *old, size_t count, size_t size)
{
    void *new = reallocarray(old, count, size);

    if (new == NULL)
        abort();
    return new;
}

struct schema_store *schema_store_new(void)
{
    struct schema_store *store = calloc(1, sizeof *store);

    if (store == NULL)
        abort();
    return store;
}

struct schema_store *schema_store_over(const struct schema_store *below)
{
    struct schema_store *store = schema_store_new();

    store->below = below;
    return store;
}

void schema_store_free(struct schema_store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < store->count; i++) {
        writer_done(store->writers[i]);
        free(store->writers[i]);
    }
    free(store->writers);
    free(store->ids);
    free(store);
}

const struct writer *schema_store_find(const struct schema_store *store, uint64_t fingerprint)
{
    for (size_t i = 0; i < store->count; i++)
        if (store->writers[i]->fingerprint == fingerprint)
            return store->writers[i];
    return store->below == NULL ? NULL : schema_store_find(store->below, fingerprint);
}

const struct writer *schema_store_find_id(const struct schema_store *store, uint32_t id)
{
    for (size_t i = 0; i < store->id_count; i++)
        if (store->ids[i].id == id)
            return store->ids[i].writer;
    return store->below == NULL ? NULL : schema_store_find_id(store->below, id);
}

bool schema_store_add_json(struct schema_store *store, const char *json, size_t size,
                           struct error *error)
{
    struct writer writer;

    if (!writer_parse(json, size, &writer, error))
        return false;
    if (schema_store_find(store, writer.fingerprint) != NULL) {
        writer_done(&writer);
        return true;
    }
    store->writers = grown(store->writers, store->count + 1, sizeof(void *));
    struct writer *added = grown(NULL, 1, sizeof *added);
    *added = writer;
    store->writers[store->count++] = added;
    return true;
}

void schema_store_add(struct schema_store *store, const struct schema *schema)
{
    struct error error;

    if (schema_store_add_json(store, schema->canonical, strlen(schema->canonical), &error))
        return;
    fprintf(stderr, "%s: %s\n", schema->name, error.text);
    abort(); /* the generator made it */
}

void schema_store_set_id(struct schema_store *store, uint32_t id, const struct schema *schema)
{
    schema_store_add(store, schema);
    store->ids = grown(store->ids, store->id_count + 1, sizeof *store->ids);
    store->ids[store->id_count++] =
        (struct known_id){id, schema_store_find(store, schema->fingerprint)};
}
