/* What the end of a transfer says about the request: two tables of codes, and what no code says. */
#include "common/effects/verdict.h"

struct range {
    int first, last;
    enum provider_verdict verdict;
};

/* The first that holds the code decides. */
static const struct range http_codes[] = {
    {200, 299, PROVIDER_ACCEPTED},
    {408, 408, PROVIDER_RETRY}, /* it waited for the request in vain */
    {425, 425, PROVIDER_RETRY}, /* too early */
    {429, 429, PROVIDER_RETRY}, /* too many */
    {500, 599, PROVIDER_RETRY},
    {200, 999, PROVIDER_REFUSED}, /* redirects too: they lead where no setting says */
};

static const struct range http_errors[] = {
    {400, 599, PROVIDER_RETRY},
};

static const struct range smtp_codes[] = {
    {400, 499, PROVIDER_RETRY},
    {530, 538, PROVIDER_RETRY}, /* about our log-in, not about this message */
    {500, 599, PROVIDER_REFUSED},
};

static const struct range *find(const struct range *ranges, size_t count, int code)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return &ranges[i];
    return NULL;
}

/* The status line decides, whatever became of the rest of the answer. */
enum provider_verdict verdict_http(const struct transfer_end *end)
{
    const struct range *range = NULL;

    if (!end->asked)
        return PROVIDER_RETRY;
    if (end->retries_4xx)
        range = find(http_errors, COUNT(http_errors), end->status);
    if (range == NULL)
        range = find(http_codes, COUNT(http_codes), end->status);
    return range == NULL ? PROVIDER_UNKNOWN : range->verdict;
}

/*
 * What a server says before it is asked is about us, not about the message: a wrong password must
 * not refuse every message for good. A message counts once its last line has its answer.
 */
enum provider_verdict verdict_smtp(const struct transfer_end *end)
{
    const struct range *range = find(smtp_codes, COUNT(smtp_codes), end->status);

    if (!end->asked)
        return PROVIDER_RETRY;
    if (end->complete)
        return PROVIDER_ACCEPTED;
    if (range != NULL)
        return range->verdict;
    return end->body_begun ? PROVIDER_UNKNOWN : PROVIDER_RETRY;
}
