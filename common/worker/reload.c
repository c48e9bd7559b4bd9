/* What is read again on SIGHUP: the policy and the keys around data keys. */
#include <openssl/crypto.h>
#include <stdlib.h>

#include "common/core/log.h"
#include "common/core/seal.h"
#include "common/core/secret.h"
#include "common/worker/worker.h"

static void reload_policy(struct worker *worker)
{
    struct problems *problems;

    if (worker->policies == NULL)
        return;
    problems = calloc(1, sizeof *problems);
    if (problems == NULL)
        abort();
    policies_load(worker->policies, problems);
    for (size_t i = 0; i < problems->count && i < PROBLEMS_MAX; i++)
        log_line(LOG_ERROR, "policy refused, the old one is kept",
                 LOG_TEXT("problem", problems->items[i]));
    if (problems->count == 0) {
        const void *policy = policies_hold(worker->policies);
        log_line(LOG_INFO, "policy read",
                 LOG_TEXT("version", worker->service->policy->version(policy)));
        policies_release(worker->policies, policy);
    }
    free(problems);
}

static void reload_data_keys(struct worker *worker)
{
    const char *path = getenv("ONBOARDING_DATA_KEYS_FILE");
    char fault[PROBLEM_TEXT_SIZE];
    struct key_ring ring = {.count = 0};

    if (path == NULL) /* there was one at the start */
        abort();
    const char *wrong = secret_read_ring(path, &ring, fault)
                            ? key_ring_replace(&worker->config.data_keys, &ring)
                            : fault;
    if (wrong != NULL)
        log_line(LOG_ERROR, "data keys refused, the old ones are kept",
                 LOG_TEXT("setting", "ONBOARDING_DATA_KEYS_FILE"), LOG_TEXT("problem", wrong));
    else
        log_line(LOG_INFO, "data keys read", LOG_INT("newest", ring.ids[ring.count - 1]));
    OPENSSL_cleanse(&ring, sizeof ring);
}

void worker_reload(struct worker *worker)
{
    reload_policy(worker);
    reload_data_keys(worker);
}
