#ifndef EVALUATION_WAITING_H
#define EVALUATION_WAITING_H

#include "common/worker/service.h"

/* Opens the first case of a decision that is WAIT and was saved before; load has asked for the
 * process's cases. */
void waiting_open(const struct turn *turn, struct outcome *out,
                  const char *identity_verification_id);

/* What closes cases: review.decided, review.expired, process.expired. */
void waiting_load_reviewed(const struct turn *turn, struct keys *keys);
void waiting_handle_reviewed(const struct turn *turn, struct outcome *out);
void waiting_load_expired(const struct turn *turn, struct keys *keys);
void waiting_handle_expired(const struct turn *turn, struct outcome *out);
void waiting_handle_process_expired(const struct turn *turn, struct outcome *out);

#endif
