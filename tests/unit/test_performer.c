/* Performers: beginning, waking and ending; what becomes of requests stands in the Python tests. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

#define WITH_LISTENER(test) cmocka_unit_test_setup_teardown(test, listen_to_nobody, close_listener)

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

/* Spelled backwards, so that the search does not find itself. */
static const char canary[] = "7391-yranac-si-siht";
enum { CANARY_SIZE = sizeof canary - 1 };

static bool is_canary(const char *bytes)
{
    for (size_t i = 0; i < CANARY_SIZE; i++)
        if (bytes[i] != canary[CANARY_SIZE - 1 - i])
            return false;
    return true;
}

static size_t count_canaries(const char *bytes, size_t size)
{
    size_t count = 0;

    for (size_t i = 0; i + CANARY_SIZE <= size; i++)
        count += is_canary(bytes + i) ? 1 : 0;
    return count;
}

/*
 * In all memory that this process may write, freed memory too; but for the stack, where the dynamic
 * linker saves registers, with what was copied last, when a function is called for the first time.
 */
static size_t count_in_memory(void)
{
    enum { CHUNK = 1 << 20, MAPPING_MAX = 1 << 30 /* sanitizers' shadows are larger */ };
    static char chunk[CHUNK];
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    char line[512];
    size_t count = 0;

    assert_true(maps != NULL && memory >= 0);
    while (fgets(line, sizeof line, maps) != NULL) {
        char *end;
        uint64_t from = strtoull(line, &end, 16), to = strtoull(end + 1, &end, 16);

        if (strncmp(end, " rw", 3) != 0 || strstr(end, "[stack]") != NULL ||
            to - from > MAPPING_MAX)
            continue;
        for (; from < to; from += CHUNK) {
            ssize_t got = pread(memory, chunk, to - from < CHUNK ? to - from : CHUNK, (off_t)from);

            if (got <= 0 || (uintptr_t)chunk - from < CHUNK || from - (uintptr_t)chunk < CHUNK)
                continue;
            count += count_canaries(chunk, (size_t)got);
        }
    }
    explicit_bzero(chunk, sizeof chunk);
    (void)fclose(maps);
    (void)close(memory);
    return count;
}

/* Until the request has arrived. */
static void await_canary(struct performer *performer)
{
    char got[4096];
    int connection;
    ssize_t size;

    performer_run(performer, 10);
    connection = accept(listener, NULL, NULL);
    assert_true(connection >= 0);
    do {
        performer_run(performer, 10);
        size = recv(connection, got, sizeof got, MSG_DONTWAIT);
    } while (size < 0 || count_canaries(got, (size_t)size) == 0);
    explicit_bzero(got, sizeof got);
    (void)close(connection);
}

/* A code that went out is nowhere afterwards, in buffers of libcurl neither. */
static void test_leaves_nothing_in_memory(void **state)
{
    struct provider_options http = options_of(http_url);
    struct performer *performer = performer_made();
    uint8_t body[64 + CANARY_SIZE] = {0}; /* free() itself writes over the beginning */

    (void)state;
    for (size_t i = 0; i < CANARY_SIZE; i++)
        body[64 + i] = (uint8_t)canary[CANARY_SIZE - 1 - i];
    performer_start(
        performer, &http,
        &(struct provider_request){.id = "r", .idempotency_key = "k", .body = {body, sizeof body}},
        NULL);
    explicit_bzero(body, sizeof body);
    await_canary(performer);
    assert_true(count_in_memory() > 0);
    performer_free(performer);
    assert_int_equal(count_in_memory(), 0);
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
        WITH_LISTENER(test_what_cannot_begin_is_answered),
        WITH_LISTENER(test_body_is_bounded),
        WITH_LISTENER(test_ends_with_requests_under_way),
        WITH_LISTENER(test_leaves_nothing_in_memory),
        cmocka_unit_test(test_is_woken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
