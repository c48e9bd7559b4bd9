/* Performers: beginning, waking and ending; what becomes of requests stands in the Python tests. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/core/clock.h"
#include "common/effects/provider.h"
#include "tests/support/test.h"

enum { LONG_MS = 60000, SOON_MS = 20000 };

static int listener;
static char http_url[64], smtp_url[64];

/* Connections come into its queue, and nothing is ever said. */
static int listen_to_nobody(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;

    (void)state;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 16) != 0 || getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        return -1;
    snprintf(http_url, sizeof http_url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    snprintf(smtp_url, sizeof smtp_url, "smtp://127.0.0.1:%d", ntohs(address.sin_port));
    return 0;
}

static int close_listener(void **state)
{
    (void)state;
    return close(listener);
}

static struct provider_options options_of(const char *url)
{
    return (struct provider_options){
        .url = url,
        .allowed_hosts = "",
        .allowed_networks = "",
        .ca_file = "",
        .user = "",
        .password = "",
        .connect_timeout_ms = LONG_MS,
        .timeout_ms = LONG_MS,
        .development = true,
        .headers = "",
        .content_type = "application/json",
        .idempotency_header = "Idempotency-Key",
        .id_member = "",
        .id_header = "",
        .from = "bank@bank.example",
        .from_name = "",
    };
}

static struct performer *performer_made(void)
{
    struct performer *performer;
    struct error error;

    assert_true(performer_new(&performer, &error));
    return performer;
}

static void start(struct performer *performer, const struct provider_options *options,
                  const char *recipient, void *tag)
{
    performer_start(performer, options,
                    &(struct provider_request){.id = "r",
                                               .idempotency_key = "k",
                                               .recipient = recipient,
                                               .body = {(const uint8_t *)"{}", 2}},
                    tag);
}

static void test_what_cannot_begin_is_answered(void **state)
{
    struct provider_options smtp = options_of(smtp_url);
    struct performer *performer = performer_made();
    struct provider_answer answer;
    int tags[2];

    (void)state;
    start(performer, &smtp, NULL, &tags[0]);
    start(performer, &smtp, "nobody", &tags[1]);
    assert_int_equal(performer_in_flight(performer, NULL), 2);
    for (size_t i = 0; i < COUNT(tags); i++) {
        assert_true(performer_next(performer, &answer));
        assert_ptr_equal(answer.tag, &tags[i]);
        assert_int_equal(answer.verdict, PROVIDER_REFUSED);
        assert_string_equal(answer.why, "the recipient is no address of mail");
    }
    assert_false(performer_next(performer, &answer));
    assert_int_equal(performer_in_flight(performer, NULL), 0);
    performer_free(performer);
}

static void test_body_is_bounded(void **state)
{
    static const uint8_t body[PROVIDER_BODY_MAX + 1];
    struct provider_options http = options_of(http_url);
    struct performer *performer = performer_made();
    struct provider_answer answer;

    (void)state;
    performer_start(
        performer, &http,
        &(struct provider_request){.id = "r", .idempotency_key = "k", .body = {body, sizeof body}},
        NULL);
    assert_true(performer_next(performer, &answer));
    assert_int_equal(answer.verdict, PROVIDER_REFUSED);
    assert_string_equal(answer.why, "the body is too large");
    performer_free(performer);
}

/* Requests that hang do not keep a performer from ending. */
static void test_ends_with_requests_under_way(void **state)
{
    struct provider_options http = options_of(http_url), smtp = options_of(smtp_url);
    struct performer *performer = performer_made();
    struct provider_answer answer;
    int64_t begin_ms = clock_monotonic_ms();

    (void)state;
    start(performer, &http, NULL, NULL);
    start(performer, &http, NULL, NULL);
    start(performer, &smtp, "ann@mail.example", NULL);
    performer_run(performer, 10);
    performer_run(performer, 10);
    assert_false(performer_next(performer, &answer));
    assert_int_equal(performer_in_flight(performer, NULL), 3);
    assert_int_equal(performer_in_flight(performer, &http), 2);
    assert_int_equal(performer_in_flight(performer, &smtp), 1);
    performer_free(performer);
    assert_true(clock_monotonic_ms() - begin_ms < SOON_MS);
}

static void *wake(void *performer)
{
    performer_wake(performer);
    return NULL;
}

static void test_is_woken(void **state)
{
    struct performer *performer = performer_made();
    int64_t begin_ms = clock_monotonic_ms();
    pthread_t thread;

    (void)state;
    performer_wake(performer); /* before the wait */
    performer_run(performer, LONG_MS);
    assert_int_equal(pthread_create(&thread, NULL, wake, performer), 0);
    performer_run(performer, LONG_MS);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(clock_monotonic_ms() - begin_ms < SOON_MS);
    performer_free(performer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_cannot_begin_is_answered),
        cmocka_unit_test(test_body_is_bounded),
        cmocka_unit_test(test_ends_with_requests_under_way),
        cmocka_unit_test(test_is_woken),
    };

    return cmocka_run_group_tests(tests, listen_to_nobody, close_listener);
}
