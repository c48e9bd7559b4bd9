#ifndef COMMON_AVRO_STORE_H
#define COMMON_AVRO_STORE_H

#include <stdint.h>

#include "common/avro/codec.h"
#include "common/avro/parse.h"

/* The writer of a fingerprint or of a registry's id; NULL: nobody knows it. */
const struct writer *schema_store_find(const struct schema_store *store, uint64_t fingerprint);
const struct writer *schema_store_find_id(const struct schema_store *store, uint32_t id);

#endif
