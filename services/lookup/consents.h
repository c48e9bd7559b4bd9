#ifndef LOOKUP_CONSENTS_H
#define LOOKUP_CONSENTS_H

#include "common/worker/service.h"
#include "services/lookup/lookup.h"
#include "services/lookup/people.h"

/* Answers to consents: under a userId a struct consent_fact for each type. */
extern const struct state_kind consent_kind;

struct consent_list {
    const struct consent_fact **items;
    size_t count;
};

struct consent_list consents_of(const struct turn *turn, const struct user_list *users);

/* Keeps an answer, unless a later one of the user to the same type is known. */
void consent_keep(const struct turn *turn, struct outcome *out, const char *user_id,
                  const char *process_id, struct consent_fact fact);

#endif
