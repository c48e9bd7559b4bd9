/* What came of telling the onboarding server of a case, and its words, where keys open them. */
#include <openssl/crypto.h>

#include "common/core/bytes.h"
#include "common/core/seal.h"
#include "common/ledger/vault.h"
#include "review.h"
#include "services/review/callback.h"
#include "show.h"

/* A row of the answer in memory: finding the key asks the database again. */
struct callback_row {
    const char *state;
    bool answered;
    int64_t status; /* once answered */
    int64_t attempts;
    struct bytes reason; /* sealed; data NULL: none */
    int64_t recorded_ms;
    const char *effect_id;
};

/* The key of the user of the case. */
struct opener {
    struct key key; /* not present: there is none, or we may not have it */
    bool erased;    /* the user was, at least once */
};

static struct callback_row read_row(const struct row *row, struct arena *arena)
{
    return (struct callback_row){
        .state = row_text(row, 0, arena),
        .answered = !row_is_null(row, 1),
        .status = row_is_null(row, 1) ? 0 : row_int(row, 1),
        .attempts = row_int(row, 2),
        .reason = row_bytes(row, 3, arena),
        .recorded_ms = row_time_ms(row, 4),
        .effect_id = row_text(row, 5, arena),
    };
}

static bool find_key(const struct cli *cli, struct store *store, const char *user_id,
                     struct arena *arena, struct opener *out, struct error *error)
{
    struct digest subject;
    struct subject_row found;
    struct value asked;
    struct row row;

    *out = (struct opener){.erased = false};
    if (cli->data_keys.count == 0 || !cli->digest_key.present)
        return true;
    subject = subject_of_user(&cli->digest_key, user_id);
    asked = BYTES(digest_bytes(&subject));
    vault_find_keys(store->db, &asked, 1);
    if (!db_exchange(store->db, error))
        return false;
    row = db_row(store->db, 0, 0);
    found = subject_row_read(&row, arena);
    out->erased = found.erased;
    return found.wrapped.data == NULL || data_key_unwrap(&cli->data_keys, found.key_id, &subject,
                                                         found.wrapped, &out->key, error);
}

/* A key that was made after an erasure does not open what was sealed before. */
static void add_reason(json_t *json, const struct callback_row *row, const struct opener *opener,
                       struct arena *arena)
{
    const struct seal_place place = {CALLBACK_REASON_COLUMN, bytes_of(row->effect_id)};
    struct bytes clear;

    if (row->reason.data == NULL) {
        show_add(json, "reason", json_null());
    } else if (opener->key.present && seal_open(&opener->key, &place, row->reason, arena, &clear)) {
        show_add(json, "reason",
                 show_text(arena_copy(arena, (const char *)clear.data, clear.size)));
    } else {
        show_add(json, "reason", json_null());
        show_add(json, opener->erased ? "erased" : "sealed", json_true());
    }
}

static json_t *describe(const struct callback_row *row, const struct opener *opener,
                        struct arena *arena)
{
    json_t *json = json_object();

    show_add(json, "state", show_text(row->state));
    show_add(json, "status", row->answered ? json_integer(row->status) : json_null());
    show_add(json, "attempts", json_integer(row->attempts));
    add_reason(json, row, opener, arena);
    show_add(json, "at", show_time(row->recorded_ms));
    return json;
}

bool callbacks_describe(const struct cli *cli, struct store *store, const struct case_row *of,
                        struct arena *arena, json_t *out, struct error *error)
{
    const struct value id = TEXT(of->identity_verification_id);
    struct callback_row *rows;
    struct opener opener;
    size_t count;

    if (!store_run(store, &sql_list_callbacks, &id, error))
        return false;
    count = db_row_count(store->db, 0);
    rows = arena_alloc(arena, count * sizeof *rows, _Alignof(struct callback_row));
    for (size_t i = 0; i < count; i++) {
        struct row row = db_row(store->db, 0, i);
        rows[i] = read_row(&row, arena);
    }
    if (!find_key(cli, store, of->user_id, arena, &opener, error))
        return false;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(out, describe(&rows[i], &opener, arena));
    OPENSSL_cleanse(&opener, sizeof opener);
    return true;
}
