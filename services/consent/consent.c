/* Which text of a consent counts, what an answer amounts to, and whether all is answered. */
#include "services/consent/consent.h"

#include <string.h>

static const struct edition *latest_in(struct edition_list editions, const char *language,
                                       int32_t day)
{
    const struct edition *latest = NULL;

    for (size_t i = 0; language != NULL && i < editions.count; i++) {
        const struct edition *edition = editions.items[i];

        if (strcmp(edition->language, language) == 0 && edition->effective_from <= day &&
            (latest == NULL || edition->effective_from > latest->effective_from))
            latest = edition;
    }
    return latest;
}

const struct edition *text_choose(struct edition_list editions, const struct text_wish *wish)
{
    const struct edition *edition = latest_in(editions, wish->language, wish->day);

    return edition != NULL ? edition : latest_in(editions, wish->fallback, wish->day);
}

static const struct edition *find_in(struct edition_list editions, const char *language,
                                     const char *version)
{
    for (size_t i = 0; language != NULL && i < editions.count; i++)
        if (strcmp(editions.items[i]->language, language) == 0 &&
            strcmp(editions.items[i]->version, version) == 0)
            return editions.items[i];
    return NULL;
}

/* In the fallback too: whoever wished for a language that has no text was shown that. */
static const struct edition *find_told(struct edition_list editions, const struct text_wish *wish,
                                       const char *version)
{
    const struct edition *edition = find_in(editions, wish->language, version);

    return edition != NULL ? edition : find_in(editions, wish->fallback, version);
}

struct text_shown text_shown_find(struct edition_list editions, const struct text_wish *wish,
                                  const char *told_version)
{
    const struct edition *edition = told_version == NULL ? text_choose(editions, wish)
                                                         : find_told(editions, wish, told_version);

    if (edition != NULL)
        return (struct text_shown){edition->version, edition->language, edition->digest};
    return (struct text_shown){.version = told_version, .language = wish->language};
}

const char *const consent_state_text[] = {
    [CONSENT_STATE_NONE] = "NONE",
    [CONSENT_STATE_APPROVED] = "APPROVED",
    [CONSENT_STATE_REFUSED] = "REFUSED",
    [CONSENT_STATE_WITHDRAWN] = "WITHDRAWN",
};

enum consent_state consent_state_after(enum consent_state before, bool approved)
{
    static const enum consent_state refused[] = {
        [CONSENT_STATE_NONE] = CONSENT_STATE_REFUSED,
        [CONSENT_STATE_APPROVED] = CONSENT_STATE_WITHDRAWN,
        [CONSENT_STATE_REFUSED] = CONSENT_STATE_REFUSED,
        [CONSENT_STATE_WITHDRAWN] = CONSENT_STATE_WITHDRAWN,
    };

    return approved ? CONSENT_STATE_APPROVED : refused[before];
}

int64_t consent_moment(int64_t now_ms, int64_t before_ms)
{
    return now_ms > before_ms ? now_ms : before_ms + 1;
}

static bool is_approved(struct holding_list holdings, const char *type)
{
    for (size_t i = 0; i < holdings.count; i++)
        if (strcmp(holdings.items[i]->type, type) == 0)
            return holdings.items[i]->state == CONSENT_STATE_APPROVED;
    return false;
}

bool consent_is_complete(struct holding_list holdings, const struct consent_policy *policy)
{
    for (size_t i = 0; i < policy->required.count; i++)
        if (!is_approved(holdings, policy->required.items[i]))
            return false;
    return true;
}
