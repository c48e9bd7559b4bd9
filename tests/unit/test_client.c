/* What becomes of a configuration that librdkafka makes no handle of. */
#include "common/kafka/client.h"

#include <errno.h>
#include <stdio.h>

#include "tests/support/test.h"

/* In place of the library's: fails as it is told to, and knows what it was given. */
static struct {
    int reason;
    rd_kafka_conf_t *conf;
} made;

rd_kafka_t *rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *text, size_t size)
{
    (void)type;
    snprintf(text, size, "it does not");
    made.conf = conf;
    errno = made.reason;
    return NULL;
}

static void fail_to_open(int reason)
{
    rd_kafka_t *client = NULL;
    struct error error = {0};

    made.reason = reason;
    assert_false(kafka_open(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), &client, &error));
    assert_null(client);
    assert_int_equal(error.kind, ERROR_FATAL);
    assert_string_equal(error.text, "Kafka client: it does not");
}

/* That it is gone LeakSanitizer knows. */
static void refused_configuration_is_gone(void **state)
{
    (void)state;
    fail_to_open(EINVAL);
    made.conf = NULL;
}

/* Threads that came up too late work by it. */
static void configuration_of_late_threads_stays(void **state)
{
    char name[32];
    size_t size = sizeof name;

    (void)state;
    fail_to_open(EDEADLK);
    assert_int_equal(rd_kafka_conf_get(made.conf, "client.software.name", name, &size),
                     RD_KAFKA_CONF_OK);
    assert_string_equal(name, "librdkafka");
    rd_kafka_conf_destroy(made.conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_configuration_is_gone),
        cmocka_unit_test(configuration_of_late_threads_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
