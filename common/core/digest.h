#ifndef COMMON_CORE_DIGEST_H
#define COMMON_CORE_DIGEST_H

#include <stdint.h>

#include "common/core/base.h"
#include "common/core/setting.h"

/* HMAC-SHA-256: every digest over personal content is keyed, else it is guessed in seconds. */
enum { DIGEST_SIZE = 32 };

struct digest {
    uint8_t bytes[DIGEST_SIZE];
};

/* A view of it, for keys and columns. */
struct bytes digest_bytes(const struct digest *digest);

/* Reused for many messages under one key; one a thread. */
struct hmac;

struct hmac *hmac_new(const struct key *key); /* aborts when OpenSSL has no memory */
void hmac_free(struct hmac *hmac);            /* takes NULL */
void hmac_start(struct hmac *hmac);
void hmac_add(struct hmac *hmac, const void *data, size_t size);
struct digest hmac_end(struct hmac *hmac);

/* All at once, for handlers and rare uses. */
struct digest digest_of(const struct key *key, struct bytes message);

#endif
