/* Contacts, challenges, messages and their numbers: how they are loaded and changed. */
#include "services/otp/known.h"

#include <stdio.h>
#include <string.h>

#include "common/core/bytes.h"

#include "otp_sql.h"
#include "services/links/links.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static const char *const state_names[CHALLENGE_STATES] = {
    [CHALLENGE_OPEN] = "OPEN",
    [CHALLENGE_REPLACED] = "REPLACED",
    [CHALLENGE_EXPIRED] = "EXPIRED",
};

/* --- Messages to a destination */

static void read_traffic(const struct row *row, struct arena *arena, void *out)
{
    (void)arena;
    *(struct traffic *)out = (struct traffic){.messages = row_int(row, 1)};
}

const struct state_kind traffic_kind = {
    .name = "traffic",
    .load = &sql_load_traffic,
    .size = sizeof(struct traffic),
    .read = read_traffic,
};

void traffic_ask(struct keys *keys, const struct otp_contact *contact)
{
    for (int channel = 0; channel < OTP_CHANNEL_COUNT; channel++)
        if (contact->by_channel[channel].address != NULL)
            keys_add(keys, &traffic_kind, digest_bytes(&contact->by_channel[channel].index));
}

struct traffic *traffic_of(const struct turn *turn, const struct digest *destination_index)
{
    struct state_list list = state_find(turn, &traffic_kind, digest_bytes(destination_index));

    return list.count != 0 ? list.items[0]
                           : state_add(turn, &traffic_kind, digest_bytes(destination_index));
}

/* --- Contacts */

static void read_contact(const struct row *row, struct arena *arena, void *out)
{
    *(struct contact *)out = (struct contact){
        .version = row_int(row, 1),
        .sealed = {[OTP_CHANNEL_SMS] = row_bytes(row, 2, arena),
                   [OTP_CHANNEL_EMAIL] = row_bytes(row, 3, arena)},
        .indexes = {[OTP_CHANNEL_SMS] = row_bytes(row, 4, arena),
                    [OTP_CHANNEL_EMAIL] = row_bytes(row, 5, arena)},
    };
}

static void follow_contact(const void *state, struct keys *keys)
{
    const struct contact *contact = state;

    for (int channel = 0; channel < OTP_CHANNEL_COUNT; channel++)
        if (contact->indexes[channel].size != 0)
            keys_add(keys, &traffic_kind, contact->indexes[channel]);
}

const struct state_kind contact_kind = {
    .name = "contact",
    .load = &sql_load_contact,
    .size = sizeof(struct contact),
    .read = read_contact,
    .follow = follow_contact,
};

void link_follow(struct keys *keys, const char *user_id)
{
    keys_add_text(keys, &link_kind, user_id);
    keys_add_text(keys, &contact_kind, user_id);
    keys_add_subject(keys, user_id);
}

/* Where a contact's values are sealed; by enum otp_channel. */
static const char *const columns[OTP_CHANNEL_COUNT] = {
    [OTP_CHANNEL_SMS] = "contact.phone",
    [OTP_CHANNEL_EMAIL] = "contact.email",
};

/* "USER/VERSION", by which a row of the table is known. */
static const char *row_of(const char *user_id, int64_t version, struct arena *arena)
{
    size_t size = strlen(user_id) + sizeof "/-9223372036854775808";
    char *row = arena_alloc(arena, size, 1);

    snprintf(row, size, "%s/%lld", user_id, (long long)version);
    return row;
}

static struct contact *find_contact(const struct turn *turn, const char *user_id)
{
    struct state_list list = state_find_text(turn, &contact_kind, user_id);

    return list.count == 0 ? NULL : list.items[0];
}

static struct otp_contact open_contact(const struct turn *turn, const char *user_id,
                                       const struct contact *known)
{
    struct otp_contact contact = {0};

    for (int channel = 0; channel < OTP_CHANNEL_COUNT; channel++) {
        struct otp_address *at = &contact.by_channel[channel];
        struct bytes clear;

        if (known->sealed[channel].size == 0 || known->indexes[channel].size != DIGEST_SIZE ||
            !subject_open(turn, user_id, columns[channel],
                          row_of(user_id, known->version, turn->arena), known->sealed[channel],
                          &clear))
            continue;
        at->address = arena_copy(turn->arena, (const char *)clear.data, clear.size);
        memcpy(at->index.bytes, known->indexes[channel].data, DIGEST_SIZE);
    }
    return contact;
}

static struct otp_contact contact_of(const struct turn *turn, const char *user_id)
{
    const struct contact *known = find_contact(turn, user_id);
    struct otp_contact contact = {0};

    if (known != NULL)
        contact = open_contact(turn, user_id, known);
    return contact;
}

static bool is_empty(const struct otp_contact *contact)
{
    for (int channel = 0; channel < OTP_CHANNEL_COUNT; channel++)
        if (contact->by_channel[channel].address != NULL)
            return false;
    return true;
}

struct otp_contact contact_of_person(const struct turn *turn, const char *user_id)
{
    struct id_list ids = links_ids(turn, user_id);
    struct otp_contact contact = {0};

    for (size_t i = 0; i < ids.count && is_empty(&contact); i++)
        contact = contact_of(turn, ids.items[i]);
    return contact;
}

static bool tells_the_same(const struct contact *a, const struct contact *b)
{
    for (int channel = 0; channel < OTP_CHANNEL_COUNT; channel++)
        if (!bytes_equal(a->indexes[channel], b->indexes[channel]))
            return false;
    return true;
}

/* False after an erasure: who is registered again is to be reached again. */
static bool is_readable(const struct turn *turn, const char *user_id, const struct contact *known)
{
    struct otp_contact contact = open_contact(turn, user_id, known);

    for (int channel = 0; channel < OTP_CHANNEL_COUNT; channel++)
        if (known->sealed[channel].size != 0 && contact.by_channel[channel].address == NULL)
            return false;
    return true;
}

static bool has_news(const struct turn *turn, const char *user_id, const struct contact *known,
                     const struct contact *next)
{
    if (known == NULL)
        return !tells_the_same(&(struct contact){0}, next);
    return !tells_the_same(known, next) || !is_readable(turn, user_id, known);
}

void contact_save(const struct turn *turn, struct outcome *out, const char *user_id,
                  const struct otp_contact *contact)
{
    struct contact *known = find_contact(turn, user_id);
    struct contact next = {.version = known == NULL ? 1 : known->version + 1};
    const char *row = row_of(user_id, next.version, turn->arena);

    for (int channel = 0; channel < OTP_CHANNEL_COUNT; channel++)
        if (contact->by_channel[channel].address != NULL)
            next.indexes[channel] =
                bytes_copy(digest_bytes(&contact->by_channel[channel].index), turn->arena);
    if (!has_news(turn, user_id, known, &next))
        return;
    for (int channel = 0; channel < OTP_CHANNEL_COUNT; channel++) {
        const char *address = contact->by_channel[channel].address;

        if (address != NULL)
            next.sealed[channel] =
                subject_seal(turn, user_id, columns[channel], row, bytes_of(address));
    }
    if (known == NULL)
        known = state_add_text(turn, &contact_kind, user_id);
    *known = next;
    outcome_row(out, &sql_insert_contact, TEXT(user_id), INT(next.version),
                BYTES_OR_NULL(next.sealed[OTP_CHANNEL_SMS]),
                BYTES_OR_NULL(next.sealed[OTP_CHANNEL_EMAIL]),
                BYTES_OR_NULL(next.indexes[OTP_CHANNEL_SMS]),
                BYTES_OR_NULL(next.indexes[OTP_CHANNEL_EMAIL]), TIME_MS(turn->now_ms));
}

/* --- Challenges */

static void read_challenge(const struct row *row, struct arena *arena, void *out)
{
    *(struct challenge *)out = (struct challenge){
        .id = row_uuid(row, 1),
        .version = row_int(row, 2),
        .type = (enum otp_type)row_choice(row, 3, otp_type_text, OTP_TYPE_COUNT,
                                          OTP_TYPE_USER_VERIFICATION),
        .state = (enum challenge_state)row_choice(row, 4, state_names, CHALLENGE_STATES,
                                                  CHALLENGE_EXPIRED),
        .code_hmac = row_bytes(row, 5, arena),
        .resends = row_int(row, 6),
        .opened_at_ms = row_time_ms(row, 7),
        .asked_at_ms = row_time_ms(row, 8),
        .expires_at_ms = row_time_ms(row, 9),
    };
}

const struct state_kind challenge_kind = {
    .name = "challenge",
    .load = &sql_load_challenge,
    .size = sizeof(struct challenge),
    .read = read_challenge,
};

struct challenge *challenge_find_open(const struct turn *turn, const char *process_id,
                                      enum otp_type type)
{
    struct state_list list = state_find_text(turn, &challenge_kind, process_id);

    for (size_t i = 0; i < list.count; i++) {
        struct challenge *challenge = list.items[i];

        if (challenge->type == type && challenge->state == CHALLENGE_OPEN &&
            challenge->expires_at_ms > turn->now_ms)
            return challenge;
    }
    return NULL;
}

struct challenge *challenge_find(const struct turn *turn, const char *process_id, struct uuid id)
{
    struct state_list list = state_find_text(turn, &challenge_kind, process_id);

    for (size_t i = 0; i < list.count; i++) {
        struct challenge *challenge = list.items[i];

        if (memcmp(&challenge->id, &id, sizeof id) == 0)
            return challenge;
    }
    return NULL;
}

int64_t challenges_of_day(const struct turn *turn, const char *process_id)
{
    struct state_list list = state_find_text(turn, &challenge_kind, process_id);
    int64_t count = 0;

    for (size_t i = 0; i < list.count; i++)
        count += ((const struct challenge *)list.items[i])->opened_at_ms > turn->now_ms - DAY_MS;
    return count;
}

void challenge_save(const struct turn *turn, struct outcome *out, const char *process_id,
                    struct challenge *known, struct challenge challenge)
{
    if (known == NULL)
        known = state_add_text(turn, &challenge_kind, process_id);
    challenge.version = known->version + 1;
    *known = challenge;
    outcome_row(out, &sql_insert_challenge, TEXT(process_id), UUID_VALUE(challenge.id),
                INT(challenge.version), TEXT(otp_type_text[challenge.type]),
                TEXT(state_names[challenge.state]), BYTES_OR_NULL(challenge.code_hmac),
                INT(challenge.resends), TIME_MS(challenge.opened_at_ms),
                TIME_MS(challenge.asked_at_ms), TIME_MS(challenge.expires_at_ms),
                TIME_MS(turn->now_ms));
}

/* --- Messages */

static void read_message(const struct row *row, struct arena *arena, void *out)
{
    *(struct message *)out = (struct message){
        .process_id = row_text(row, 1, arena),
        .process_type = row_text(row, 2, arena),
        .user_id = row_text(row, 3, arena),
        .type = (enum otp_type)row_choice(row, 4, otp_type_text, OTP_TYPE_COUNT,
                                          OTP_TYPE_USER_VERIFICATION),
        .resend = row_bool(row, 5),
        .channel = (enum otp_channel)row_choice(row, 6, otp_channel_text, OTP_CHANNEL_COUNT,
                                                OTP_CHANNEL_EMAIL),
        .policy_version = row_text(row, 7, arena),
        .requested_at_ms = row_time_ms(row, 8),
    };
}

/* Written once, before its effect begins, and read by the one batch that records how that ended. */
const struct state_kind message_kind = {
    .name = "message",
    .load = &sql_load_message,
    .size = sizeof(struct message),
    .read = read_message,
    .fixed = true,
};

const struct message *message_find(const struct turn *turn, const char *message_id)
{
    struct state_list list = state_find_text(turn, &message_kind, message_id);

    return list.count == 0 ? NULL : list.items[0];
}
