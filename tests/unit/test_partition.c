/* Flights of results: what is published is what every event before has acknowledged. */
#include "common/ledger/partition.h"

#include <stdlib.h>

#include "tests/support/test.h"

enum { FLIGHTS = 3, NEXT_OFFSET = 20 };

static struct partition *partition;
static struct flight *flights[FLIGHTS]; /* of offsets 10, 11 and 12 with 2, 1 and 1 results */

static int take_off(void **state)
{
    (void)state;
    partition = partition_new(NULL, 7, 3);
    partition->next_offset = NEXT_OFFSET;
    for (int i = 0; i < FLIGHTS; i++) {
        flights[i] = calloc(1, sizeof *flights[i]);
        flights[i]->offset = 10 + i;
        flights[i]->waiting = flights[i]->references = i == 0 ? 2 : 1;
        partition_add_flight(partition, flights[i]);
    }
    return 0;
}

/* Frees what the test left with the producer: ASan says when something is missing. */
static int land(void **state)
{
    (void)state;
    partition_free(partition);
    return 0;
}

static void a_new_partition_knows_nothing(void **state)
{
    (void)state;
    struct partition *fresh = partition_new(NULL, 7, 3);
    assert_int_equal(fresh->owner_epoch, -1);
    assert_int_equal(fresh->sought_offset, -1);
    assert_int_equal(fresh->suspect_offset, -1);
    assert_int_equal(fresh->state, PARTITION_TAKING_OVER);
    assert_int_equal(partition_published_offset(fresh), 0);
    partition_free(fresh);
    partition_free(NULL);
}

static void published_follows_the_oldest(void **state)
{
    (void)state;
    assert_int_equal(partition_published_offset(partition), 10);
    flight_report(flights[0], true);
    assert_int_equal(partition_published_offset(partition), 10); /* one of two results */
    flight_report(flights[0], true);
    assert_int_equal(partition_published_offset(partition), 11);
    flight_report(flights[1], true);
    assert_int_equal(partition_published_offset(partition), 12);
    flight_report(flights[2], true);
    assert_int_equal(partition_published_offset(partition), NEXT_OFFSET);
    assert_null(partition->flights);
}

static void a_later_acknowledgement_waits_for_the_earlier(void **state)
{
    (void)state;
    flight_report(flights[2], true);
    flight_report(flights[1], true);
    assert_int_equal(partition_published_offset(partition), 10);
    flight_report(flights[0], true);
    flight_report(flights[0], true);
    assert_int_equal(partition_published_offset(partition), NEXT_OFFSET);
}

static void an_error_holds_the_offset(void **state)
{
    (void)state;
    flight_report(flights[0], true);
    flight_report(flights[0], false);
    flight_report(flights[1], true);
    flight_report(flights[2], true);
    assert_int_equal(partition_published_offset(partition), 10);
    partition_drop_flights(partition);
    assert_int_equal(partition_published_offset(partition), NEXT_OFFSET);
}

static void dropped_flights_end_with_their_last_report(void **state)
{
    (void)state;
    partition_drop_flights(partition);
    assert_null(partition->flights);
    assert_int_equal(partition_published_offset(partition), NEXT_OFFSET);
    flight_report(flights[0], true); /* the producer still held these */
    flight_report(flights[0], false);
    flight_report(flights[1], true);
    flight_report(flights[2], false);
}

static void new_flights_follow_dropped_ones(void **state)
{
    (void)state;
    struct flight *late = calloc(1, sizeof *late);
    late->offset = 15;
    late->waiting = late->references = 1;
    partition_drop_flights(partition);
    partition_add_flight(partition, late);
    for (int i = 0; i < FLIGHTS; i++)
        flight_report(flights[i], true);
    flight_report(flights[0], true);
    assert_int_equal(partition_published_offset(partition), 15);
    flight_report(late, true);
    assert_int_equal(partition_published_offset(partition), NEXT_OFFSET);
}

static void a_partition_may_go_before_its_reports(void **state)
{
    (void)state;
    partition_free(partition);
    partition = NULL;
    flight_report(flights[0], true);
    flight_report(flights[0], true);
    flight_report(flights[1], true);
    flight_report(flights[2], true);
}

static void a_flight_of_nothing_lands_at_once(void **state)
{
    (void)state;
    struct partition *quiet = partition_new(NULL, 7, 3);
    struct flight *empty = calloc(1, sizeof *empty);
    empty->offset = 4;
    quiet->next_offset = 5;
    partition_add_flight(quiet, empty);
    partition_land_flights(quiet);
    assert_int_equal(partition_published_offset(quiet), 5);
    partition_free(quiet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_partition_knows_nothing),
        cmocka_unit_test_setup_teardown(published_follows_the_oldest, take_off, land),
        cmocka_unit_test_setup_teardown(a_later_acknowledgement_waits_for_the_earlier, take_off,
                                        land),
        cmocka_unit_test_setup_teardown(an_error_holds_the_offset, take_off, land),
        cmocka_unit_test_setup_teardown(dropped_flights_end_with_their_last_report, take_off, land),
        cmocka_unit_test_setup_teardown(new_flights_follow_dropped_ones, take_off, land),
        cmocka_unit_test_setup_teardown(a_partition_may_go_before_its_reports, take_off, land),
        cmocka_unit_test(a_flight_of_nothing_lands_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
