/*
 * Many requests at a time: over HTTP in one thread, by libcurl's multi interface; each mail in a
 * thread of its own, since libcurl waits for a mail server's last words with all else stopped.
 */
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
    pthread_mutex_t lock;
    struct transfer *posted; /* mails whose threads are at their ends; under the lock */
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
    pthread_mutex_init(&performer->lock, NULL);
    performer->multi = curl_multi_init();
    if (performer->multi == NULL) {
        performer_free(performer);
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

static void free_list(struct transfer *transfer)
{
    while (transfer != NULL) {
        struct transfer *next = transfer->next;

        transfer_free(transfer);
        transfer = next;
    }
}

/* Mails end within the second in which libcurl looks at the flag. */
static void stop(struct performer *performer)
{
    for (struct transfer *transfer = performer->running; transfer != NULL;
         transfer = transfer->next)
        atomic_store(&transfer->cut, true);
    for (struct transfer *transfer = performer->running; transfer != NULL;
         transfer = transfer->next)
        if (transfer->mail)
            pthread_join(transfer->thread, NULL);
        else
            curl_multi_remove_handle(performer->multi, transfer->easy);
}

void performer_free(struct performer *performer)
{
    if (performer == NULL)
        return;
    stop(performer);
    free_list(performer->running);
    free_list(performer->ended);
    forget_fetched(performer);
    curl_multi_cleanup(performer->multi);
    pthread_mutex_destroy(&performer->lock);
    free(performer);
}

static void *send_mail(void *context)
{
    struct transfer *transfer = context;
    struct performer *performer = transfer->performer;

    transfer->code = curl_easy_perform(transfer->easy);
    pthread_mutex_lock(&performer->lock);
    transfer->next_posted = performer->posted;
    performer->posted = transfer;
    pthread_mutex_unlock(&performer->lock);
    curl_multi_wakeup(performer->multi);
    return NULL;
}

static bool begin(struct performer *performer, struct transfer *transfer)
{
    transfer->performer = performer;
    if (transfer->easy == NULL)
        return false;
    if (transfer->mail)
        return pthread_create(&transfer->thread, NULL, send_mail, transfer) == 0;
    return curl_multi_add_handle(performer->multi, transfer->easy) == CURLM_OK;
}

void performer_start(struct performer *performer, const struct provider_options *options,
                     const struct provider_request *request, void *tag)
{
    struct transfer *transfer = transfer_new(options, request, tag);

    forget_fetched(performer);
    if (begin(performer, transfer)) {
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

static void settle(struct performer *performer, struct transfer *transfer)
{
    unlink_running(performer, transfer);
    end(performer, transfer);
}

static void collect_mails(struct performer *performer)
{
    struct transfer *transfer;

    pthread_mutex_lock(&performer->lock);
    transfer = performer->posted;
    performer->posted = NULL;
    pthread_mutex_unlock(&performer->lock);
    for (; transfer != NULL; transfer = transfer->next_posted) {
        pthread_join(transfer->thread, NULL);
        settle(performer, transfer);
    }
}

static void collect(struct performer *performer)
{
    const CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(performer->multi, &left)) != NULL) {
        struct transfer *transfer = NULL;
        CURLcode code = message->data.result; /* removing the handle ends the message */

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        curl_multi_remove_handle(performer->multi, message->easy_handle);
        transfer->code = code;
        settle(performer, transfer);
    }
    collect_mails(performer);
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
