/* Many requests at a time, in one thread, by libcurl's multi interface. */
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/effects/transfer.h"

struct performer {
    CURLM *multi;
    struct transfer *running;
    struct transfer *ended, **ended_tail; /* whose answers nobody has fetched, the oldest first */
    struct transfer *fetched;             /* whose answer is being read; NULL: none */
};

/*
 * libcurl copies bodies, passwords and addresses into buffers of its own: what it frees is wiped.
 */
static void free_wiped(void *memory)
{
    if (memory != NULL)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

static void *realloc_wiped(void *memory, size_t size)
{
    size_t old = memory == NULL ? 0 : malloc_usable_size(memory);
    void *fresh = malloc(size);

    if (fresh == NULL)
        return NULL;
    if (memory != NULL)
        memcpy(fresh, memory, old < size ? old : size);
    free_wiped(memory);
    return fresh;
}

static CURLcode library_code;

static void start_library(void)
{
    library_code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, free_wiped, realloc_wiped,
                                        strdup, calloc);
}

bool performer_new(struct performer **out, struct error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct performer *performer;

    pthread_once(&once, start_library);
    if (library_code != CURLE_OK)
        return error_set(error, ERROR_FATAL, "libcurl: %s", curl_easy_strerror(library_code));
    performer = calloc(1, sizeof *performer);
    if (performer == NULL)
        abort();
    performer->ended_tail = &performer->ended;
    performer->multi = curl_multi_init();
    if (performer->multi == NULL) {
        free(performer);
        return error_set(error, ERROR_FATAL, "libcurl has no handle for transfers");
    }
    *out = performer;
    return true;
}

static void end(struct performer *performer, struct transfer *transfer)
{
    transfer->next = NULL;
    *performer->ended_tail = transfer;
    performer->ended_tail = &transfer->next;
}

static void forget_fetched(struct performer *performer)
{
    transfer_free(performer->fetched);
    performer->fetched = NULL;
}

static void free_list(struct performer *performer, struct transfer *transfer)
{
    while (transfer != NULL) {
        struct transfer *next = transfer->next;

        if (transfer->easy != NULL)
            curl_multi_remove_handle(performer->multi, transfer->easy);
        transfer_free(transfer);
        transfer = next;
    }
}

void performer_free(struct performer *performer)
{
    if (performer == NULL)
        return;
    free_list(performer, performer->running);
    free_list(performer, performer->ended);
    forget_fetched(performer);
    curl_multi_cleanup(performer->multi);
    free(performer);
}

void performer_start(struct performer *performer, const struct provider_options *options,
                     const struct provider_request *request, void *tag)
{
    struct transfer *transfer = transfer_new(options, request, tag);

    forget_fetched(performer);
    if (transfer->easy != NULL &&
        curl_multi_add_handle(performer->multi, transfer->easy) == CURLM_OK) {
        transfer->next = performer->running;
        performer->running = transfer;
    } else {
        end(performer, transfer);
    }
}

static void unlink_running(struct performer *performer, const struct transfer *transfer)
{
    struct transfer **link = &performer->running;

    while (*link != transfer)
        link = &(*link)->next;
    *link = transfer->next;
}

static void collect(struct performer *performer)
{
    int left;

    for (const CURLMsg *message;
         (message = curl_multi_info_read(performer->multi, &left)) != NULL;) {
        struct transfer *transfer = NULL;
        CURLcode code = message->data.result; /* removing the handle ends the message */

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        curl_multi_remove_handle(performer->multi, message->easy_handle);
        transfer->code = code;
        unlink_running(performer, transfer);
        end(performer, transfer);
    }
}

void performer_run(struct performer *performer, int64_t timeout_ms)
{
    int running, events;

    forget_fetched(performer);
    curl_multi_perform(performer->multi, &running);
    collect(performer);
    if (performer->ended != NULL)
        timeout_ms = 0;
    curl_multi_poll(performer->multi, NULL, 0, timeout_ms < INT32_MAX ? (int)timeout_ms : INT32_MAX,
                    &events);
    curl_multi_perform(performer->multi, &running);
    collect(performer);
}

bool performer_next(struct performer *performer, struct provider_answer *out)
{
    struct transfer *transfer = performer->ended;

    forget_fetched(performer);
    if (transfer == NULL)
        return false;
    performer->ended = transfer->next;
    if (performer->ended == NULL)
        performer->ended_tail = &performer->ended;
    performer->fetched = transfer;
    *out = transfer_answer(transfer);
    return true;
}

static size_t count_of(const struct transfer *transfer, const struct provider_options *options)
{
    size_t count = 0;

    for (; transfer != NULL; transfer = transfer->next)
        count += options == NULL || transfer->options == options ? 1 : 0;
    return count;
}

size_t performer_in_flight(const struct performer *performer,
                           const struct provider_options *options)
{
    return count_of(performer->running, options) + count_of(performer->ended, options);
}

void performer_wake(struct performer *performer)
{
    curl_multi_wakeup(performer->multi);
}
