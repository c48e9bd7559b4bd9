/* The worker's health over real sockets on a free loopback port. */
#include "common/worker/health.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/core/clock.h"
#include "common/core/metric.h"
#include "tests/support/test.h"

enum {
    LOOPS = 2,
    HEARTBEAT_MS = 300,
    PATIENCE_MS = 20000, /* far more than anything here takes */
    CROWD = 40,          /* more connections than the server takes */
    ANSWER_SIZE = 65536,
};

static char answer[ANSWER_SIZE];

static int start(void **state)
{
    struct health *health;
    struct error error;

    if (!health_start("127.0.0.1", 0, LOOPS, PATIENCE_MS, &health, &error))
        return -1;
    *state = health;
    return 0;
}

static int stop(void **state)
{
    health_stop(*state);
    return 0;
}

static int connect_to(const struct health *health)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(health_port(health)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(peer >= 0);
    assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(connect(peer, (struct sockaddr *)&address, sizeof address), 0);
    return peer;
}

/* Sends the bytes and reads until the server closes; the status of the answer, 0 without one. */
static int exchange(const struct health *health, const char *request)
{
    int peer = connect_to(health);
    size_t used = 0;
    ssize_t got;

    (void)!send(peer, request, strlen(request), MSG_NOSIGNAL);
    while (used < sizeof answer - 1 &&
           (got = recv(peer, answer + used, sizeof answer - 1 - used, 0)) > 0)
        used += (size_t)got;
    close(peer);
    answer[used] = '\0';
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

static int ask(const struct health *health, const char *method, const char *path)
{
    char request[256];

    assert_true(snprintf(request, sizeof request,
                         "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", method,
                         path) < (int)sizeof request);
    return exchange(health, request);
}

static bool await_status(struct health *health, const char *path, int status, unsigned beaten)
{
    int64_t deadline = clock_monotonic_ms() + PATIENCE_MS;

    while (clock_monotonic_ms() < deadline) {
        for (unsigned i = 0; i < beaten; i++)
            health_beat(health, i);
        if (ask(health, "GET", path) == status)
            return true;
    }
    return false;
}

static void lives_while_every_loop_beats(void **state)
{
    struct health *health;
    struct error error;

    (void)state;
    assert_true(health_start("127.0.0.1", 0, LOOPS, HEARTBEAT_MS, &health, &error));
    assert_int_equal(ask(health, "GET", "/livez"), 200);
    assert_true(await_status(health, "/livez", 503, 0));
    assert_true(await_status(health, "/livez", 200, LOOPS));
    assert_true(await_status(health, "/livez", 503, LOOPS - 1)); /* the last loop hangs */
    health_stop(health);
}

static void is_ready_when_every_loop_is(void **state)
{
    static const struct {
        bool first, second;
        int status;
    } cases[] = {{true, false, 503}, {false, true, 503}, {true, true, 200}, {true, false, 503}};
    struct health *health = *state;

    assert_int_equal(ask(health, "GET", "/readyz"), 503); /* not before a loop says so */
    for (size_t i = 0; i < COUNT(cases); i++) {
        health_ready(health, 0, cases[i].first);
        health_ready(health, 1, cases[i].second);
        assert_int_equal(ask(health, "GET", "/readyz"), cases[i].status);
        assert_int_equal(ask(health, "GET", "/livez"), 200);
    }
}

static void shows_metrics(void **state)
{
    static const struct metric_family family = {.name = "test_health_total", .help = "Test"};

    metric_add(metric_of(&family, NULL, NULL, NULL), 7);
    assert_int_equal(ask(*state, "GET", "/metrics"), 200);
    assert_non_null(strstr(answer, "\r\nContent-Type: text/plain; version=0.0.4\r\n"));
    assert_non_null(strstr(answer, "\ntest_health_total 7\n"));
}

static const struct asked {
    const char *name, *method, *path;
    int status;
} asked[] = {
    {"root", "GET", "/", 404},
    {"unknown path", "GET", "/health", 404},
    {"path behind", "GET", "/livez/", 404},
    {"capitals", "GET", "/LIVEZ", 404},
    {"a query does no harm", "GET", "/livez?verbose", 200},
    {"POST", "POST", "/livez", 405},
    {"HEAD", "HEAD", "/readyz", 405},
    {"DELETE", "DELETE", "/metrics", 405},
    {"unknown method", "BREW", "/livez", 405},
    {"POST to nowhere", "POST", "/x", 404},
};

static void answers(void **state)
{
    const struct asked *example = *state;
    struct health *health;
    struct error error;

    assert_true(health_start("127.0.0.1", 0, 1, PATIENCE_MS, &health, &error));
    assert_int_equal(ask(health, example->method, example->path), example->status);
    if (example->status == 405)
        assert_non_null(strstr(answer, "\r\nAllow: GET\r\n"));
    health_stop(health);
}

static void outlives_bad_requests(void **state)
{
    static char long_line[32768];
    static const char *const requests[] = {
        "\r\n\r\n\r\nGET\r\n\r\n",
        "GET /livez\r\n\r\n",
        "\x16\x03\x01\x02\x01 TLS\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        long_line,
    };

    assert_true(snprintf(long_line, sizeof long_line, "GET /%0*d HTTP/1.1\r\n\r\n", 32000, 0) > 0);
    for (size_t i = 0; i < COUNT(requests); i++)
        assert_int_not_equal(exchange(*state, requests[i]), 200);
    assert_int_equal(ask(*state, "GET", "/livez"), 200);
}

static void outlives_a_crowd(void **state)
{
    int peers[CROWD];

    for (int i = 0; i < CROWD; i++)
        peers[i] = connect_to(*state);
    assert_int_equal(ask(*state, "GET", "/livez"), 0); /* turned away */
    for (int i = 0; i < CROWD; i++)
        close(peers[i]);
    assert_true(await_status(*state, "/livez", 200, LOOPS));
}

static void says_why_it_cannot_listen(void **state)
{
    struct health *other = NULL;
    struct error error;
    char expected[128];

    assert_false(health_start("127.0.0.1", health_port(*state), 1, 1, &other, &error));
    assert_int_equal(error.kind, ERROR_FATAL);
    assert_true(snprintf(expected, sizeof expected,
                         "health: cannot listen on 127.0.0.1 port %u: Address already in use",
                         (unsigned)health_port(*state)) > 0);
    assert_string_equal(error.text, expected);
    assert_false(health_start("localhost", 0, 1, 1, &other, &error));
    assert_string_equal(error.text, "health: 'localhost' is not an IP address");
    assert_null(other);
    health_stop(NULL);
}

static const struct CMUnitTest singles[] = {
    cmocka_unit_test(lives_while_every_loop_beats),
    cmocka_unit_test_setup_teardown(is_ready_when_every_loop_is, start, stop),
    cmocka_unit_test_setup_teardown(shows_metrics, start, stop),
    cmocka_unit_test_setup_teardown(outlives_bad_requests, start, stop),
    cmocka_unit_test_setup_teardown(outlives_a_crowd, start, stop),
    cmocka_unit_test_setup_teardown(says_why_it_cannot_listen, start, stop),
};

int main(void)
{
    struct CMUnitTest tests[COUNT(singles) + COUNT(asked)];

    memcpy(tests, singles, sizeof singles);
    for (size_t i = 0; i < COUNT(asked); i++)
        tests[COUNT(singles) + i] = EXAMPLE(answers, &asked[i]);
    return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
