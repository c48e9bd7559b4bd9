/* Schemas of writers: bounded here, parsed by avro-c. */
#include "common/avro/parse.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "common/avro/canonical.h"

/* avro-c writes through NULL when memory is short; a worker that cannot hold a schema aborts. */
static void *allocate(void *user, void *old, size_t old_size, size_t size)
{
    (void)user;
    (void)old_size;
    if (size == 0) {
        free(old);
        return NULL;
    }
    void *memory = realloc(old, size);
    if (memory == NULL)
        abort();
    return memory;
}

static void set_allocator(void)
{
    avro_set_allocator(allocate, NULL);
}

bool writer_parse(const char *json, size_t size, struct writer *out, struct error *error)
{
    static once_flag once = ONCE_FLAG_INIT;
    json_error_t where;
    char *canonical = NULL;
    json_t *tree = NULL;
    bool done = false;

    call_once(&once, set_allocator);
    if (size > SCHEMA_JSON_BYTES_MAX) {
        error_poison(error, REASON_SCHEMA_INCOMPATIBLE, "a schema of %zu bytes", size);
        goto done;
    }
    tree = json_loadb(json, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
    if (tree == NULL) {
        error_poison(error, REASON_SCHEMA_INCOMPATIBLE, "a schema that is not JSON, line %d",
                     where.line);
        goto done;
    }
    canonical = canonical_form(tree);
    if (canonical == NULL) {
        error_poison(error, REASON_SCHEMA_INCOMPATIBLE, "not an Avro schema");
        goto done;
    }
    out->fingerprint = canonical_fingerprint(canonical, strlen(canonical));
    /* avro-c's text is one for the whole process in Debian's build: another thread's, maybe. */
    done = avro_schema_from_json_length(canonical, strlen(canonical), &out->schema) == 0 ||
           error_poison(error, REASON_SCHEMA_INCOMPATIBLE, "not an Avro schema to avro-c");
done:
    free(canonical);
    json_decref(tree);
    return done;
}

void writer_done(struct writer *writer)
{
    avro_schema_decref(writer->schema);
}
