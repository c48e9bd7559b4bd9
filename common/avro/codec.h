#ifndef COMMON_AVRO_CODEC_H
#define COMMON_AVRO_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/avro/schema.h"
#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/core/digest.h"
#include "common/core/error.h"

/*
 * Events to structs and back. A value is framed as Confluent (00, schema id of four bytes, big
 * endian) or as Avro single-object encoding (C3 01, CRC-64-AVRO fingerprint, little endian);
 * both are read always.
 */

/* Where writers' schemas come from; shared by all threads, filled before they start. */
struct schema_store;

struct schema_store *schema_store_new(void);

/* A store that also knows what `below` knows, which outlives it; for one thread, to be added to. */
struct schema_store *schema_store_over(const struct schema_store *below);
void schema_store_free(struct schema_store *store); /* takes NULL */

/* A shipped schema can be met by its fingerprint; every generated schema is added at start. */
void schema_store_add(struct schema_store *store, const struct schema *schema);

/* A writer's schema from elsewhere (another version of ours); POISON when it does not parse. */
MUST_CHECK bool schema_store_add_json(struct schema_store *store, const char *json, size_t size,
                                      struct error *error);

/* The registry's id of a shipped schema (setting ONBOARDING_SCHEMA_IDS). */
void schema_store_set_id(struct schema_store *store, uint32_t id, const struct schema *schema);

/*
 * A thread's decoder: for each pair of writer's and reader's schema met it keeps a plan that
 * checks, resolves (Avro specification, schema resolution) and decodes in one bounded walk.
 */
struct decoder;

struct decoder *decoder_new(const struct schema_store *store);
void decoder_free(struct decoder *decoder); /* takes NULL */

/*
 * Decodes a framed value into a struct of `reader`, which with all it points to lives in `arena`.
 * POISON: MALFORMED, SCHEMA_UNKNOWN, SCHEMA_INCOMPATIBLE; CONTRACT where a number or a text is
 * out of the range that the schema gives. Memory taken is at most twice value.size and 64 KiB,
 * whatever the bytes say.
 */
MUST_CHECK bool decoder_read(struct decoder *decoder, const struct schema *reader,
                             struct bytes value, struct arena *arena, void **out,
                             struct error *error);

enum framing { FRAMING_SINGLE_OBJECT, FRAMING_CONFLUENT };

/*
 * Encodes a struct of `schema` in `arena`. A NULL that the schema does not allow is a bug and
 * aborts. `id` is used for FRAMING_CONFLUENT only.
 */
struct bytes event_encode(const struct schema *schema, const void *record, enum framing framing,
                          uint32_t id, struct arena *arena);

/*
 * The same without a frame, for what we store ourselves and read with the same schema. Memory as
 * above, but up to nine times the bytes: stored results are many small headers.
 */
struct bytes record_encode(const struct schema *schema, const void *record, struct arena *arena);
MUST_CHECK bool record_decode(const struct schema *schema, struct bytes bytes, struct arena *arena,
                              void **out, struct error *error);

/*
 * Keyed digest of the content (not of the bytes, which differ between writers): fields at their
 * default are left out, so that a new field with a default does not change old digests; maps
 * count in the order of their keys.
 */
struct digest event_digest(const struct schema *schema, const void *record, struct hmac *hmac);

/* The text of the struct's field `name` (a string field); NULL when absent. For keys. */
const char *event_text(const struct schema *schema, const void *record, const char *name);

#endif
