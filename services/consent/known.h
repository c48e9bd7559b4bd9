#ifndef CONSENT_KNOWN_H
#define CONSENT_KNOWN_H

#include "common/worker/service.h"
#include "services/consent/consent.h"

/*
 * What handlers look at. Texts stand under "TYPE/LANGUAGE": edition_kind has all versions without
 * their HTML, text_kind those of late with it; under a userId, holding_kind has the answers that
 * hold. Only operators write texts, so that no batch waits for another over them.
 */
extern const struct state_kind edition_kind;
extern const struct state_kind text_kind;
extern const struct state_kind holding_kind;

/* Asks for the texts of a type in the language wished for and in the fallback. */
void editions_ask(struct keys *keys, const struct state_kind *kind, const char *type,
                  const struct text_wish *wish, struct arena *arena);

/* What was found for them. */
struct edition_list editions_find(const struct turn *turn, const struct state_kind *kind,
                                  const char *type, const struct text_wish *wish);

struct holding_list holdings_find(const struct turn *turn, const char *user_id);

/* The holding of a user and type, made when there is none; what is changed in it is seen later. */
struct holding *holding_of(const struct turn *turn, const char *user_id, const char *type);

#endif
