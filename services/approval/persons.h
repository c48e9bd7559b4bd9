#ifndef APPROVAL_PERSONS_H
#define APPROVAL_PERSONS_H

#include "common/worker/service.h"

/*
 * Users who may have several ids: a prospect keeps its id when the bank registers it under another.
 * An answer to a consent is kept for all of them, so that whatever asks finds it under its own; a
 * face that came with one of them is no other's, and attempts under all of them are one person's.
 */

/* consent.completed */
void person_load_consented(const struct turn *turn, struct keys *keys);
void person_handle_consented(const struct turn *turn, struct outcome *out);

/* customer.linked, behind links_load(): what was told of either id holds for both. */
void person_handle_linked(const struct turn *turn, struct outcome *out);

#endif
