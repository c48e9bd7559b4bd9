/* A person's time is over: the data key goes, with the reason as it was given. */
#include "common/worker/retention.h"

#include "retention_due.h"
#include "tests/support/fake_worker.h"

static const struct route routes[] = {RETENTION_ROUTE};
static const struct service keeper = {
    .name = "keeper", .routes = routes, .route_count = COUNT(routes)};

static void the_data_key_goes(void **state)
{
    const struct retention_due event = {.userId = "U-1", .dueAt = 1, .why = "NOT_A_CUSTOMER"};

    (void)state;
    fake_start(&keeper, NULL);
    const struct outcome *out = fake_handle(&keeper, &topic_retention_due, &event);
    assert_string_equal(fake.erased, "U-1");
    assert_string_equal(fake.erased_why, "NOT_A_CUSTOMER");
    assert_false(out->rejected || out->ignored);
    assert_int_equal(out->row_count + out->event_count, 0);
    fake_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(the_data_key_goes)};

    return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
