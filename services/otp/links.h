#ifndef OTP_LINKS_H
#define OTP_LINKS_H

#include "services/otp/known.h"

/*
 * Persons of several ids: who was a prospect keeps the first id in every process, while the bank
 * registers the customer, with phone and e-mail, under a later one.
 */

/* Under the id that stays: a later one. */
struct contact_link {
    const char *user_id;
};

extern const struct state_kind contact_link_kind;

/* What requests for the user need: the contacts under all ids, and the keys that open them. */
void contact_ask(struct keys *keys, const char *user_id);

/* What is known of a person: under the user's own id, else under a later one. */
struct otp_contact contact_of_person(const struct turn *turn, const char *user_id);

/* customer.linked. */
void contact_link_load(const struct turn *turn, struct keys *keys);
void contact_link_handle(const struct turn *turn, struct outcome *out);

#endif
