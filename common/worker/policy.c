/* The policy in force, and those that a batch still holds. */
#include "common/worker/policy.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct version {
    struct version *next; /* older */
    void *policy;
    unsigned holders;
};

struct policies {
    const struct policy_format *format;
    const char *path;
    pthread_mutex_t lock;
    struct version *newest;
};

struct policies *policies_new(const struct policy_format *format, const char *path)
{
    struct policies *policies = calloc(1, sizeof *policies);

    if (policies == NULL)
        abort();
    policies->format = format;
    policies->path = path;
    pthread_mutex_init(&policies->lock, NULL);
    return policies;
}

static void free_version(struct policies *policies, struct version *version)
{
    policies->format->free(version->policy);
    free(version);
}

void policies_free(struct policies *policies)
{
    if (policies == NULL)
        return;
    while (policies->newest != NULL) {
        struct version *older = policies->newest->next;
        free_version(policies, policies->newest);
        policies->newest = older;
    }
    pthread_mutex_destroy(&policies->lock);
    free(policies);
}

/* The file's text, or NULL with a problem. */
static char *read_file(const char *path, size_t *size, struct problems *problems)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;

    if (file == NULL) {
        problems_add(problems, "ONBOARDING_POLICY_FILE", "cannot be opened");
        return NULL;
    }
    text = malloc(POLICY_BYTES_MAX + 1);
    if (text == NULL)
        abort();
    *size = fread(text, 1, POLICY_BYTES_MAX + 1, file);
    if (ferror(file) || *size > POLICY_BYTES_MAX) {
        problems_add(problems, "ONBOARDING_POLICY_FILE", "cannot be read, or is over 1 MiB");
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

/* Under the lock: frees what nobody holds and nobody will. */
static void sweep(struct policies *policies)
{
    struct version **at = &policies->newest->next;

    while (*at != NULL) {
        struct version *version = *at;
        if (version->holders != 0) {
            at = &version->next;
            continue;
        }
        *at = version->next;
        free_version(policies, version);
    }
}

static void *parse(const struct policies *policies, const char *text, size_t size,
                   struct problems *problems)
{
    struct problems *inside = calloc(1, sizeof *inside);
    void *policy;

    if (inside == NULL)
        abort();
    policy = policies->format->parse(text, size, inside);
    for (size_t i = 0; i < inside->count && i < PROBLEMS_MAX; i++)
        problems_add(problems, "ONBOARDING_POLICY_FILE", "%s", inside->items[i]);
    free(inside);
    return policy;
}

void policies_load(struct policies *policies, struct problems *problems)
{
    size_t size;
    char *text = read_file(policies->path, &size, problems);

    if (text == NULL)
        return;
    void *policy = parse(policies, text, size, problems);
    free(text);
    if (policy == NULL)
        return;
    struct version *version = calloc(1, sizeof *version);
    if (version == NULL)
        abort();
    version->policy = policy;
    pthread_mutex_lock(&policies->lock);
    version->next = policies->newest;
    policies->newest = version;
    sweep(policies);
    pthread_mutex_unlock(&policies->lock);
}

const void *policies_hold(struct policies *policies)
{
    if (policies == NULL)
        return NULL;
    pthread_mutex_lock(&policies->lock);
    policies->newest->holders++;
    const void *policy = policies->newest->policy;
    pthread_mutex_unlock(&policies->lock);
    return policy;
}

void policies_release(struct policies *policies, const void *policy)
{
    struct version *version;

    if (policies == NULL)
        return;
    pthread_mutex_lock(&policies->lock);
    for (version = policies->newest; version->policy != policy; version = version->next)
        assert(version->next != NULL);
    version->holders--;
    sweep(policies);
    pthread_mutex_unlock(&policies->lock);
}
