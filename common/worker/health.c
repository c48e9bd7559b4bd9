/* The small HTTP server that tells the platform how the worker is. */
#include "common/worker/health.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "common/core/metric.h"

enum {
    CONNECTIONS_MAX = 32,         /* a kubelet, a scraper and a person or two */
    PEER_CONNECTIONS_MAX = 16,    /* of one address: nobody can take all places */
    IDLE_SECONDS_MAX = 5,         /* then a connection is closed */
    CONNECTION_BYTES_MAX = 16384, /* for the head of a request */
    BACKLOG_MAX = 16,             /* the listen queue */
};

struct loop {
    _Atomic int64_t beaten_ms; /* monotonic */
    _Atomic bool ready;
};

struct health {
    struct MHD_Daemon *daemon;
    uint16_t port;
    unsigned loop_count;
    int64_t heartbeat_max_ms;
    struct loop loops[HEALTH_LOOPS_MAX];
};

struct answer {
    unsigned status;
    const char *type;
    char *text; /* malloc'd: libmicrohttpd frees it; NULL: the status' name says all */
    size_t size;
};

static bool is_alive(struct health *health)
{
    int64_t now_ms = clock_monotonic_ms();

    for (unsigned i = 0; i < health->loop_count; i++)
        if (now_ms - atomic_load(&health->loops[i].beaten_ms) > health->heartbeat_max_ms)
            return false;
    return true;
}

static bool is_ready(struct health *health)
{
    for (unsigned i = 0; i < health->loop_count; i++)
        if (!atomic_load(&health->loops[i].ready))
            return false;
    return true;
}

static struct answer say(bool good)
{
    return (struct answer){.status = good ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                           .type = "text/plain; charset=utf-8"};
}

static struct answer answer_livez(struct health *health)
{
    return say(is_alive(health));
}

static struct answer answer_readyz(struct health *health)
{
    return say(is_ready(health));
}

static struct answer answer_metrics(struct health *health)
{
    struct answer answer = {.status = MHD_HTTP_OK, .type = "text/plain; version=0.0.4"};

    (void)health;
    answer.text = metrics_text(&answer.size);
    return answer;
}

static const struct endpoint {
    const char *path;
    struct answer (*answer)(struct health *health);
} endpoints[] = {
    {"/livez", answer_livez},
    {"/readyz", answer_readyz},
    {"/metrics", answer_metrics},
};

static struct answer answer_to(struct health *health, const char *path, const char *method)
{
    for (size_t i = 0; i < COUNT(endpoints); i++)
        if (strcmp(path, endpoints[i].path) == 0) {
            if (strcmp(method, MHD_HTTP_METHOD_GET) == 0)
                return endpoints[i].answer(health);
            return (struct answer){.status = MHD_HTTP_METHOD_NOT_ALLOWED, .type = "text/plain"};
        }
    return (struct answer){.status = MHD_HTTP_NOT_FOUND, .type = "text/plain"};
}

static struct MHD_Response *response_of(const struct answer *answer)
{
    const char *words = MHD_get_reason_phrase_for(answer->status);

    if (answer->text != NULL)
        return MHD_create_response_from_buffer(answer->size, answer->text, MHD_RESPMEM_MUST_FREE);
    return MHD_create_response_from_buffer(strlen(words), (void *)words, MHD_RESPMEM_PERSISTENT);
}

/* Answers at the head already: a body, if one comes, is not read. */
/* NOLINTBEGIN(readability-*): the library's signature */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *body,
                              size_t *body_size, void **request)
/* NOLINTEND(readability-*) */
{
    struct answer answer = answer_to(context, path, method);
    struct MHD_Response *response = response_of(&answer);
    enum MHD_Result queued = MHD_NO;

    (void)version;
    (void)body;
    (void)body_size;
    (void)request;
    if (response == NULL) {
        free(answer.text);
        return MHD_NO; /* closes the connection */
    }
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.type) == MHD_YES &&
        (answer.status != MHD_HTTP_METHOD_NOT_ALLOWED ||
         MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, MHD_HTTP_METHOD_GET) == MHD_YES))
        queued = MHD_queue_response(connection, answer.status, response);
    MHD_destroy_response(response);
    return queued;
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool parse_address(const char *text, uint16_t port, union address *out)
{
    *out = (union address){0};
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        return true;
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        return true;
    }
    return false;
}

/* Signals are the worker's business: the server's thread inherits a mask that blocks them all. */
static struct MHD_Daemon *start_daemon(struct health *health, const union address *address)
{
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL |
                     (address->any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    sigset_t all, before;

    if (sigfillset(&all) != 0 || pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        abort();
    errno = 0;
    struct MHD_Daemon *daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, handle, health, MHD_OPTION_SOCK_ADDR, &address->any,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)PEER_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES_MAX,
        MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)BACKLOG_MAX, MHD_OPTION_END);
    int reason = errno;
    if (pthread_sigmask(SIG_SETMASK, &before, NULL) != 0)
        abort();
    errno = reason;
    return daemon;
}

bool health_start(const char *address, uint16_t port, unsigned loop_count, int64_t heartbeat_max_ms,
                  struct health **out, struct error *error)
{
    const union MHD_DaemonInfo *info = NULL;
    union address parsed;

    assert(loop_count <= HEALTH_LOOPS_MAX);
    if (!parse_address(address, port, &parsed))
        return error_set(error, ERROR_FATAL, "health: '%s' is not an IP address", address);

    struct health *health = calloc(1, sizeof *health);
    if (health == NULL)
        abort();
    health->loop_count = loop_count;
    health->heartbeat_max_ms = heartbeat_max_ms;
    for (unsigned i = 0; i < loop_count; i++)
        health_beat(health, i);
    health->daemon = start_daemon(health, &parsed);
    if (health->daemon != NULL)
        info = MHD_get_daemon_info(health->daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (info == NULL) {
        error_set(error, ERROR_FATAL, "health: cannot listen on %s port %u: %m", address,
                  (unsigned)port);
        health_stop(health);
        return false;
    }
    health->port = info->port;
    *out = health;
    return true;
}

uint16_t health_port(const struct health *health)
{
    return health->port;
}

void health_beat(struct health *health, unsigned loop)
{
    assert(loop < health->loop_count);
    atomic_store_explicit(&health->loops[loop].beaten_ms, clock_monotonic_ms(),
                          memory_order_relaxed);
}

void health_ready(struct health *health, unsigned loop, bool ready)
{
    assert(loop < health->loop_count);
    atomic_store_explicit(&health->loops[loop].ready, ready, memory_order_relaxed);
}

void health_stop(struct health *health)
{
    if (health == NULL)
        return;
    if (health->daemon != NULL)
        MHD_stop_daemon(health->daemon);
    free(health);
}
