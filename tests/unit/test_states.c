/* State rows of a batch: keys asked for, locked in order, loaded kind by kind, and found. */
#include "common/worker/states.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/fake_db.h"

/* A person has an account, and other persons may have the same. */
struct person {
    const char *account;
};

struct account {
    const char *owner;
    int changes;
};

static const struct parameter text_array[] = {{COLUMN_TEXT, true}};
static const struct parameter bytea_array[] = {{COLUMN_BYTEA, true}};
static const struct statement load_person = {"load_person", "", text_array, 1};
static const struct statement load_account = {"load_account", "", bytea_array, 1};

static const struct state_kind account_kind;

static void read_person(const struct row *row, struct arena *arena, void *out)
{
    ((struct person *)out)->account = row_text(row, 1, arena);
}

static void follow_person(const void *state, struct keys *keys)
{
    keys_add_text(keys, &account_kind, ((const struct person *)state)->account);
}

static void read_account(const struct row *row, struct arena *arena, void *out)
{
    ((struct account *)out)->owner = row_text(row, 1, arena);
}

static const struct state_kind person_kind = {.name = "person",
                                              .load = &load_person,
                                              .size = sizeof(struct person),
                                              .read = read_person,
                                              .follow = follow_person};
static const struct state_kind account_kind = {
    .name = "account", .load = &load_account, .size = sizeof(struct account), .read = read_account};
static const struct state_kind branch_kind = {.name = "branch",
                                              .load = &load_account,
                                              .fixed = true,
                                              .size = sizeof(struct account),
                                              .read = read_account};
static const struct state_kind stranger_kind = {.name = "stranger",
                                                .load = &load_account,
                                                .size = sizeof(struct account),
                                                .read = read_account};
static const struct state_kind *const kinds[] = {&person_kind, &account_kind, &branch_kind};
static const struct service bank = {.name = "bank", .states = kinds, .state_count = 3};

static struct arena arena;
static struct states *states;

static struct turn turn_of(void)
{
    return (struct turn){.states = states, .arena = &arena};
}

static void exchange(void)
{
    fake_db_clear();
    states_queue(states, NULL);
}

static const char *queued(size_t statement)
{
    assert_true(statement < fake_db.queued);
    return fake_db.queue[statement].statement->name;
}

static void nothing_asked_nothing_pending(void **state)
{
    (void)state;
    assert_false(states_pending(states));
}

static void keys_are_asked_for_once(void **state)
{
    char key[] = "ann";

    (void)state;
    keys_add_text(states_keys(states), &person_kind, key);
    keys_add_text(states_keys(states), &person_kind, "bob");
    keys_add_text(states_keys(states), &person_kind, "ann");
    key[0] = 'x'; /* the key was copied */
    assert_true(states_pending(states));
    exchange();
    assert_int_equal(fake_db.queued, 2);
    assert_string_equal(queued(0), "lock_keys");
    assert_string_equal(queued(1), "load_person");
    assert_int_equal(fake_db.queue[0].row_count, 2);
    assert_int_equal(fake_db.queue[1].row_count, 2);
    assert_int_equal(fake_db.queue[1].values[0].kind, VALUE_TEXT);
    assert_memory_equal(fake_db.queue[1].values[0].bytes.data, "ann", 3);
    assert_memory_equal(fake_db.queue[1].values[1].bytes.data, "bob", 3);
}

/* Sorted, so that two batches never wait for each other; each key in its kind's own space. */
static void locks_are_sorted_and_apart(void **state)
{
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g", "h"};

    (void)state;
    for (size_t i = 0; i < COUNT(keys); i++) {
        keys_add_text(states_keys(states), &person_kind, keys[i]);
        keys_add_text(states_keys(states), &account_kind, keys[i]);
    }
    exchange();
    const struct fake_statement *locks = &fake_db.queue[0];
    assert_int_equal(locks->row_count, 2 * COUNT(keys));
    for (size_t i = 1; i < locks->row_count; i++)
        assert_true(locks->values[i - 1].integer < locks->values[i].integer);
}

static void locks_are_the_same_everywhere(void **state)
{
    static const struct service insurance = {
        .name = "insurance", .states = kinds, .state_count = 3};
    int64_t locks[3];

    for (int i = 0; i < 3; i++) {
        states = states_new(i == 2 ? &insurance : &bank, NULL, &arena);
        keys_add_text(states_keys(states), &person_kind, "ann");
        exchange();
        locks[i] = fake_db.queue[0].values[0].integer;
    }
    (void)state;
    assert_true(locks[0] == locks[1]);
    assert_true(locks[0] != locks[2]); /* advisory locks are the database's, not the schema's */
}

/* Rows that no handler changes are read without a lock. */
static void fixed_rows_are_not_locked(void **state)
{
    (void)state;
    keys_add_text(states_keys(states), &branch_kind, "prague");
    exchange();
    assert_int_equal(fake_db.queued, 1);
    assert_string_equal(queued(0), "load_account");
}

static void rows_may_ask_for_more(void **state)
{
    (void)state;
    keys_add_text(states_keys(states), &person_kind, "ann");
    keys_add_text(states_keys(states), &account_kind, "two");
    exchange();
    assert_int_equal(fake_db.queued, 2); /* accounts wait for what persons ask for */
    fake_db_answer(1, "ann", "one");
    states_read(states, NULL);
    assert_true(states_pending(states));

    exchange();
    assert_int_equal(fake_db.queued, 2);
    assert_string_equal(queued(0), "lock_keys"); /* of the new key alone */
    assert_int_equal(fake_db.queue[0].row_count, 1);
    assert_string_equal(queued(1), "load_account");
    assert_int_equal(fake_db.queue[1].row_count, 2);
    assert_int_equal(fake_db.queue[1].values[0].kind, VALUE_BYTES);
    fake_db_answer(1, "one", "ann");
    states_read(states, NULL);
    assert_false(states_pending(states));

    struct turn turn = turn_of();
    struct state_list found = state_find_text(&turn, &account_kind, "one");
    assert_int_equal(found.count, 1);
    assert_string_equal(((struct account *)found.items[0])->owner, "ann");
    assert_int_equal(state_find_text(&turn, &account_kind, "two").count, 0);
}

/* Asked for again after it was loaded: no second query, no second lock. */
static void a_loaded_key_stays_loaded(void **state)
{
    (void)state;
    keys_add_text(states_keys(states), &account_kind, "one");
    exchange();
    fake_db_answer(1, "one", "ann");
    states_read(states, NULL);
    keys_add_text(states_keys(states), &account_kind, "one");
    assert_false(states_pending(states));
    struct turn turn = turn_of();
    assert_int_equal(state_find_text(&turn, &account_kind, "one").count, 1);
    keys_add_text(states_keys(states), &account_kind, "two");
    exchange();
    assert_int_equal(fake_db.queue[0].row_count, 1);
    assert_int_equal(fake_db.queue[1].row_count, 1);
}

static void several_rows_keep_the_query_s_order(void **state)
{
    (void)state;
    keys_add_text(states_keys(states), &account_kind, "one");
    exchange();
    fake_db_answer(1, "one", "ann");
    fake_db_answer(1, "nobody asked", "eve");
    fake_db_answer(1, "one", "bob");
    fake_db_answer(1, "one", "cid");
    states_read(states, NULL);
    struct turn turn = turn_of();
    struct state_list found = state_find_text(&turn, &account_kind, "one");
    assert_int_equal(found.count, 3);
    assert_string_equal(((struct account *)found.items[0])->owner, "ann");
    assert_string_equal(((struct account *)found.items[1])->owner, "bob");
    assert_string_equal(((struct account *)found.items[2])->owner, "cid");
}

static void later_events_see_changes(void **state)
{
    struct turn turn;

    (void)state;
    keys_add_text(states_keys(states), &account_kind, "one");
    exchange();
    fake_db_answer(1, "one", "ann");
    states_read(states, NULL);
    turn = turn_of();
    for (int i = 0; i < 5; i++) {
        struct account *added = state_add_text(&turn, &account_kind, "one");
        assert_null(added->owner);
        assert_int_equal(added->changes, 0);
        added->changes = i + 1;
    }
    ((struct account *)state_find_text(&turn, &account_kind, "one").items[0])->changes = 9;
    struct state_list found = state_find_text(&turn, &account_kind, "one");
    assert_int_equal(found.count, 6);
    assert_int_equal(((struct account *)found.items[0])->changes, 9);
    for (int i = 0; i < 5; i++)
        assert_int_equal(((struct account *)found.items[i + 1])->changes, i + 1);
}

static void keys_may_hold_any_byte(void **state)
{
    static const uint8_t one[] = {0, 1, 0};
    static const uint8_t two[] = {0, 1, 1};

    (void)state;
    keys_add(states_keys(states), &account_kind, (struct bytes){one, sizeof one});
    keys_add(states_keys(states), &account_kind, (struct bytes){two, sizeof two});
    keys_add(states_keys(states), &account_kind, (struct bytes){one, 1});
    exchange();
    assert_int_equal(fake_db.queue[1].row_count, 3);
}

/* Programmers' mistakes end the process before anything is written. */
static bool aborts(void (*act)(void))
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        act();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void find_unasked(void)
{
    struct turn turn = turn_of();
    (void)state_find_text(&turn, &account_kind, "one");
}

static void find_asked(void)
{
    keys_add_text(states_keys(states), &account_kind, "one");
    find_unasked();
}

static void ask_for_a_strange_kind(void)
{
    keys_add_text(states_keys(states), &stranger_kind, "one");
}

static void what_was_not_asked_for_aborts(void **state)
{
    (void)state;
    assert_true(aborts(find_unasked));
    assert_true(aborts(ask_for_a_strange_kind));
    assert_false(aborts(find_asked));
}

static int start(void **state)
{
    (void)state;
    states = states_new(&bank, NULL, &arena);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    fake_db_clear();
    arena_reset(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_asked_nothing_pending, start, finish),
        cmocka_unit_test_setup_teardown(keys_are_asked_for_once, start, finish),
        cmocka_unit_test_setup_teardown(locks_are_sorted_and_apart, start, finish),
        cmocka_unit_test_setup_teardown(locks_are_the_same_everywhere, start, finish),
        cmocka_unit_test_setup_teardown(fixed_rows_are_not_locked, start, finish),
        cmocka_unit_test_setup_teardown(rows_may_ask_for_more, start, finish),
        cmocka_unit_test_setup_teardown(a_loaded_key_stays_loaded, start, finish),
        cmocka_unit_test_setup_teardown(several_rows_keep_the_query_s_order, start, finish),
        cmocka_unit_test_setup_teardown(later_events_see_changes, start, finish),
        cmocka_unit_test_setup_teardown(keys_may_hold_any_byte, start, finish),
        cmocka_unit_test_setup_teardown(what_was_not_asked_for_aborts, start, finish),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    arena_done(&arena);
    return failed;
}
