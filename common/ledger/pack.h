#ifndef COMMON_LEDGER_PACK_H
#define COMMON_LEDGER_PACK_H

#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/core/error.h"

/*
 * Encoded results are mostly ids, and ids are texts: packed, a UUID takes 16 bytes, one that stood
 * a little before takes one, and the digits of a trace half. PACKED, then again and again
 *     the number of bytes that stand as they are (a varint), these bytes, and one of
 *     END;
 *     UUID and its 16 bytes, for its 36 characters;
 *     DIGITS, n, and n bytes, for 2n digits of base 16;
 *     AGAIN + k, for the UUID that was written as one k UUIDs before the last (k < PACK_KEPT).
 * Only small letters count as digits, so that all bytes come back as they were. StoredResults in
 * Avro never begin with PACKED, so what was stored plain is told apart.
 */
enum { PACK_KEPT = 8 };
enum pack_mark { PACKED = 1 };
enum pack_step { PACK_END, PACK_UUID, PACK_DIGITS, PACK_AGAIN };

struct bytes ids_pack(struct bytes plain, struct arena *arena);

/* What was packed, or the same bytes where they stand plain. FATAL: not what ids_pack() wrote. */
MUST_CHECK bool ids_unpack(struct bytes stored, struct arena *arena, struct bytes *out,
                           struct error *error);

#endif
