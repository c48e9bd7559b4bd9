#ifndef EVALUATION_PERSONS_H
#define EVALUATION_PERSONS_H

#include "common/worker/service.h"

/* customer.linked: what the bank knows of either id, and what is tied to it, is one person's. */
void person_load_linked(const struct turn *turn, struct keys *keys);
void person_handle_linked(const struct turn *turn, struct outcome *out);

#endif
