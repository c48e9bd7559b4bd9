/* `onboarding keys rotate`: puts all data keys under the newest key of the ring. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/core/seal.h"
#include "services.h"

enum { CHUNK = 500 }; /* data keys of one transaction: locked for some milliseconds */

static struct {
    const char *service;
} given;

static const struct argument arguments[] = {
    {"--service", ARGUMENT_TEXT, offsetof(__typeof__(given), service), false, "NAME",
     "only this one's data keys", 0, 0},
};

struct rotation {
    const struct key_ring *ring;
    size_t behind; /* data keys that are not under the newest key at the end */
};

static int16_t newest(const struct rotation *rotation)
{
    return rotation->ring->ids[rotation->ring->count - 1];
}

struct chunk {
    struct digest subjects[CHUNK];
    struct bytes wrapped[CHUNK];
    int16_t key_ids[CHUNK];
    size_t count;
    struct arena arena;
};

/*
 * The next ones behind those of the chunk before, which begins with none; `but`: only those that
 * other keys wrap, 0: all.
 */
static bool read_chunk(struct store *store, int16_t but, struct chunk *out, struct error *error)
{
    struct digest last = {{0}};
    size_t size = out->count == 0 ? 0 : sizeof last.bytes;

    if (size != 0)
        last = out->subjects[out->count - 1];
    const struct value values[] = {BYTES(((struct bytes){last.bytes, size})),
                                   but == 0 ? NOTHING : INT(but), INT(CHUNK)};
    arena_reset(&out->arena);
    if (!store_run(store, &sql_read_keys, values, error))
        return false;
    out->count = db_row_count(store->db, 0);
    for (size_t i = 0; i < out->count; i++) {
        struct row row = db_row(store->db, 0, i);
        struct bytes subject = row_bytes(&row, 0, &out->arena);
        if (subject.size != sizeof out->subjects[i].bytes)
            return error_set(error, ERROR_FATAL, "a data key of no subject");
        memcpy(out->subjects[i].bytes, subject.data, subject.size);
        out->wrapped[i] = row_bytes(&row, 1, &out->arena);
        out->key_ids[i] = (int16_t)row_int(&row, 2);
    }
    return true;
}

static bool wrap_chunk(struct store *store, const struct rotation *rotation, struct chunk *chunk,
                       struct error *error)
{
    enum { VALUES = 4 };
    struct value values[CHUNK * VALUES];
    struct value *at = values;

    for (size_t i = 0; i < chunk->count; i++) {
        struct key key;
        int16_t key_id;
        if (!data_key_unwrap(rotation->ring, chunk->key_ids[i], &chunk->subjects[i],
                             chunk->wrapped[i], &key, error))
            return false;
        *at++ = BYTES(digest_bytes(&chunk->subjects[i]));
        *at++ =
            BYTES(data_key_wrap(rotation->ring, &chunk->subjects[i], &key, &chunk->arena, &key_id));
        *at++ = INT(chunk->key_ids[i]);
        *at++ = INT(key_id);
        OPENSSL_cleanse(&key, sizeof key);
    }
    db_queue_rows(store->db, &sql_wrap_keys, values, chunk->count);
    return db_exchange(store->db, error);
}

static bool count_behind(struct store *store, const struct rotation *rotation, int64_t *out,
                         struct error *error)
{
    *out = 0;
    if (!store_run(store, &sql_count_keys, NULL, error))
        return false;
    for (size_t i = 0; i < db_row_count(store->db, 0); i++) {
        struct row row = db_row(store->db, 0, i);
        if (row_int(&row, 0) != newest(rotation))
            *out += row_int(&row, 1) + row_int(&row, 2);
    }
    return true;
}

static void show(const struct store *store, const char *what, int64_t done, int64_t total)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%s: %s %lld of %lld", store->service, what, (long long)done,
                (long long)total);
}

static bool rewrap(struct store *store, const struct rotation *rotation, struct chunk *chunk,
                   int64_t total, struct error *error)
{
    int64_t done = 0;

    chunk->count = 0;
    do {
        if (!read_chunk(store, newest(rotation), chunk, error) ||
            (chunk->count != 0 && !wrap_chunk(store, rotation, chunk, error)))
            return false;
        done += (int64_t)chunk->count;
        show(store, "wrapped", done, total);
    } while (chunk->count == CHUNK);
    if (total != 0 && isatty(STDERR_FILENO))
        fputc('\n', stderr);
    printf("%-12s wrapped %lld", store->service, (long long)done);
    return true;
}

/* Every data key opens with the ring; the newest key holds all but `behind`. */
static bool verify(struct store *store, struct rotation *rotation, struct chunk *chunk,
                   struct error *error)
{
    int64_t sound = 0;
    size_t behind = 0;

    chunk->count = 0;
    do {
        if (!read_chunk(store, 0, chunk, error))
            return false;
        for (size_t i = 0; i < chunk->count; i++) {
            struct key key;
            if (!data_key_unwrap(rotation->ring, chunk->key_ids[i], &chunk->subjects[i],
                                 chunk->wrapped[i], &key, error))
                return false;
            OPENSSL_cleanse(&key, sizeof key);
            behind += chunk->key_ids[i] != newest(rotation);
        }
        sound += (int64_t)chunk->count;
    } while (chunk->count == CHUNK);
    printf(", verified %lld", (long long)sound);
    if (behind != 0)
        printf(", %zu of them are not under key %d", behind, newest(rotation));
    printf("\n");
    rotation->behind += behind;
    return true;
}

static bool rotate(struct store *store, void *context, struct error *error)
{
    static struct chunk chunk;
    struct rotation *rotation = context;
    int64_t total;

    bool fine = count_behind(store, rotation, &total, error) &&
                rewrap(store, rotation, &chunk, total, error) &&
                verify(store, rotation, &chunk, error);
    arena_done(&chunk.arena);
    return fine || error_within(error, "%s", store->service);
}

static enum cli_exit run(const struct cli *cli)
{
    struct rotation rotation = {.ring = &cli->data_keys};
    struct error error;

    if (cli->data_keys.count == 0) {
        (void)cli_fail("ONBOARDING_DATA_KEYS_FILE: is required");
        return CLI_CONFIG;
    }
    if (!services_each(cli, &sql_list_vaults, given.service, rotate, &rotation, &error))
        return cli_fail("%s", error.text);
    if (rotation.behind != 0)
        return cli_fail("workers still wrap with another key: restart them, and run it again");
    return CLI_DONE;
}

const struct command command_keys_rotate = {
    .name = "keys rotate",
    .purpose = "put all data keys under the newest key of ONBOARDING_DATA_KEYS_FILE",
    .details =
        "Give all workers the new key before: first as a line above the last one, so that each\n"
        "can open what another wraps; once all were restarted, as the last line, and restart\n"
        "them again.\n"
        "It works in pieces and can be stopped at any time; run again, it goes on. At the end\n"
        "it opens every data key. An old key may leave the file when keys list does not show it\n"
        "any more. The user of ONBOARDING_POSTGRES_URL must be a member of onboarding_owner.\n",
    .needs = NEEDS_POSTGRES | NEEDS_DATA_KEYS,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run,
};
