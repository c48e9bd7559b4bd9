#ifndef OTP_KNOWN_H
#define OTP_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/worker/service.h"
#include "otp_requested.h"
#include "services/otp/destination.h"

/*
 * What handlers look at, and the rows that change it. Rows are only added: a change is the next
 * version, and the database refuses a version that another batch wrote meanwhile.
 */

/* Under a userId: where the customer can be reached. */
struct contact {
    int64_t version;
    struct bytes sealed[OTP_CHANNEL_COUNT];  /* size 0: none; by enum otp_channel */
    struct bytes indexes[OTP_CHANNEL_COUNT]; /* of the destinations; size 0: none */
};

enum challenge_state { CHALLENGE_OPEN, CHALLENGE_REPLACED, CHALLENGE_EXPIRED, CHALLENGE_STATES };

/* Under a processId: all its challenges. */
struct challenge {
    struct uuid id;
    int64_t version;
    enum otp_type type;
    enum challenge_state state;
    struct bytes code_hmac; /* size 0: not open */
    int64_t resends;
    int64_t opened_at_ms, asked_at_ms, expires_at_ms;
};

/* Under the index of a destination. */
struct traffic {
    int64_t messages; /* within a day */
};

/* Under a message's id. */
struct message {
    const char *process_id, *process_type, *user_id; /* the latter two may be NULL */
    enum otp_type type;
    bool resend;
    enum otp_channel channel;
    const char *policy_version;
    int64_t requested_at_ms;
};

extern const struct state_kind contact_kind, challenge_kind, traffic_kind, message_kind;

/* The keys of a contact's destinations, for load functions. */
void traffic_ask(struct keys *keys, const struct otp_contact *contact);
struct traffic *traffic_of(const struct turn *turn, const struct digest *destination_index);

/*
 * Where a person can be reached: as the user, else under another id of the person, whose links
 * link_follow() asked for. What was erased is none.
 */
struct otp_contact contact_of_person(const struct turn *turn, const char *user_id);

/* Writes the next version when there is news. */
void contact_save(const struct turn *turn, struct outcome *out, const char *user_id,
                  const struct otp_contact *contact);

/* The one of the type that is open and valid; NULL: none. */
struct challenge *challenge_find_open(const struct turn *turn, const char *process_id,
                                      enum otp_type type);
struct challenge *challenge_find(const struct turn *turn, const char *process_id, struct uuid id);

/* Challenges of the process that were opened within the last 24 hours. */
int64_t challenges_of_day(const struct turn *turn, const char *process_id);

/* Writes the next version; with `known` NULL a first one. */
void challenge_save(const struct turn *turn, struct outcome *out, const char *process_id,
                    struct challenge *known, struct challenge challenge);

const struct message *message_find(const struct turn *turn, const char *message_id);

#endif
