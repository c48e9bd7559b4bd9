/* Which text counts, what an answer amounts to, what is complete: by tables of examples. */
#include "services/consent/consent.h"

#include "tests/support/test.h"

#define DIGEST(text)                                                                               \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

/* Days stand for themselves here. */
static const struct edition cs1 = {"cs", "1", 100, DIGEST("cs1"), NULL};
static const struct edition cs2 = {"cs", "2", 200, DIGEST("cs2"), NULL};
static const struct edition cs3 = {"cs", "2026-03", 300, DIGEST("cs3"), NULL};
static const struct edition en1 = {"en", "1", 150, DIGEST("en1"), NULL};
static const struct edition en9 = {"en", "9", 250, DIGEST("en9"), NULL};
static const struct edition *const shuffled[] = {&cs2, &en9, &cs3, &en1, &cs1};
static const struct edition_list editions = {shuffled, COUNT(shuffled)};

static const struct choice_example {
    const char *name;
    struct text_wish wish;
    const struct edition *expected;
} choices[] = {
    {"the latest in force", {"cs", "en", 250}, &cs2},
    {"on its first day", {"cs", "en", 200}, &cs2},
    {"on the day before", {"cs", "en", 199}, &cs1},
    {"the last one stays in force", {"cs", "en", 100000}, &cs3},
    {"not in force yet in this language", {"en", "cs", 149}, &cs1},
    {"the fallback is as of the day too", {"de", "cs", 250}, &cs2},
    {"the language wished for goes before a later fallback", {"en", "cs", 230}, &en1},
    {"no language wished for", {NULL, "en", 250}, &en9},
    {"before any text", {"cs", "en", 99}, NULL},
    {"neither language", {"de", "fr", 250}, NULL},
    {"before 1970", {"cs", "en", -1}, NULL},
};

static void chooses(void **state)
{
    const struct choice_example *example = *state;

    assert_ptr_equal(text_choose(editions, &example->wish), example->expected);
}

static void no_editions_give_no_text(void **state)
{
    (void)state;
    assert_null(text_choose((struct edition_list){0}, &(struct text_wish){"cs", "en", 250}));
}

static const struct shown_example {
    const char *name;
    struct text_wish wish;
    const char *told;
    const char *version, *language, *digest;
} shown[] = {
    {"nothing told: the one in force", {"cs", "en", 250}, NULL, "2", "cs", "cs2"},
    {"nothing told, fallback", {"de", "en", 160}, NULL, "1", "en", "en1"},
    {"told, not the one in force", {"cs", "en", 250}, "1", "1", "cs", "cs1"},
    {"told, in force later", {"cs", "en", 250}, "2026-03", "2026-03", "cs", "cs3"},
    {"told in the language, not in the fallback", {"en", "cs", 250}, "1", "1", "en", "en1"},
    {"told, and only the fallback has it", {"en", "cs", 250}, "2", "2", "cs", "cs2"},
    {"told without a language", {NULL, "en", 250}, "9", "9", "en", "en9"},
    {"told, and unknown to us", {"cs", "en", 250}, "7", "7", "cs", NULL},
    {"told, and neither known nor in a language", {NULL, "en", 250}, "7", "7", NULL, NULL},
    {"nothing told, no text", {"cs", "en", 50}, NULL, NULL, "cs", NULL},
};

static void assert_text(const char *actual, const char *expected)
{
    if (expected == NULL)
        assert_null(actual);
    else
        assert_string_equal(actual, expected);
}

static void records_what_was_shown(void **state)
{
    const struct shown_example *example = *state;
    struct text_shown text = text_shown_find(editions, &example->wish, example->told);

    assert_text(text.version, example->version);
    assert_text(text.language, example->language);
    if (example->digest == NULL)
        assert_null(text.digest.data);
    else
        assert_memory_equal(text.digest.data, example->digest, text.digest.size);
}

static const struct state_example {
    const char *name;
    enum consent_state before;
    bool approved;
    enum consent_state after;
} steps[] = {
    {"a first approval", CONSENT_STATE_NONE, true, CONSENT_STATE_APPROVED},
    {"a first refusal", CONSENT_STATE_NONE, false, CONSENT_STATE_REFUSED},
    {"approved again", CONSENT_STATE_APPROVED, true, CONSENT_STATE_APPROVED},
    {"withdrawn", CONSENT_STATE_APPROVED, false, CONSENT_STATE_WITHDRAWN},
    {"refused, then approved", CONSENT_STATE_REFUSED, true, CONSENT_STATE_APPROVED},
    {"refused again", CONSENT_STATE_REFUSED, false, CONSENT_STATE_REFUSED},
    {"withdrawn, then approved", CONSENT_STATE_WITHDRAWN, true, CONSENT_STATE_APPROVED},
    {"withdrawn stays withdrawn", CONSENT_STATE_WITHDRAWN, false, CONSENT_STATE_WITHDRAWN},
};

static void steps_on(void **state)
{
    const struct state_example *example = *state;

    assert_int_equal(consent_state_after(example->before, example->approved), example->after);
}

static void moments_rise(void **state)
{
    (void)state;
    assert_int_equal(consent_moment(1000, 0), 1000);
    assert_int_equal(consent_moment(1001, 1000), 1001);
    assert_int_equal(consent_moment(1000, 1000), 1001);
    assert_int_equal(consent_moment(900, 1000), 1001);
}

#define GDPR_ONLY  "GDPR"
#define GDPR_SCORE "GDPR", "SCORING"

static const struct complete_example {
    const char *name;
    struct json_texts required;
    struct holding gdpr, scoring;
    bool complete;
} completions[] = {
    {"nothing required", {NULL, 0}, {0}, {0}, true},
    {"nothing answered",
     {(const char *const[]){GDPR_ONLY}, 1},
     {.type = "OTHER", .state = CONSENT_STATE_APPROVED},
     {.type = "SCORING", .state = CONSENT_STATE_APPROVED},
     false},
    {"all approved",
     {(const char *const[]){GDPR_SCORE}, 2},
     {.type = "GDPR", .state = CONSENT_STATE_APPROVED},
     {.type = "SCORING", .state = CONSENT_STATE_APPROVED},
     true},
    {"the second refused",
     {(const char *const[]){GDPR_SCORE}, 2},
     {.type = "GDPR", .state = CONSENT_STATE_APPROVED},
     {.type = "SCORING", .state = CONSENT_STATE_REFUSED},
     false},
    {"the first withdrawn",
     {(const char *const[]){GDPR_SCORE}, 2},
     {.type = "GDPR", .state = CONSENT_STATE_WITHDRAWN},
     {.type = "SCORING", .state = CONSENT_STATE_APPROVED},
     false},
    {"what is not required may be refused",
     {(const char *const[]){GDPR_ONLY}, 1},
     {.type = "GDPR", .state = CONSENT_STATE_APPROVED},
     {.type = "SCORING", .state = CONSENT_STATE_REFUSED},
     true},
};

static void completes(void **state)
{
    const struct complete_example *example = *state;
    const struct holding *both[] = {&example->gdpr, &example->scoring};
    struct holding_list holdings = {both, example->gdpr.type == NULL ? 0 : 2};
    struct consent_policy policy = {.language = "en", .required = example->required};

    assert_int_equal(consent_is_complete(holdings, &policy), example->complete);
}

enum { SINGLE = 2 };

int main(void)
{
    struct CMUnitTest
        tests[SINGLE + COUNT(choices) + COUNT(shown) + COUNT(steps) + COUNT(completions)] = {
            cmocka_unit_test(no_editions_give_no_text),
            cmocka_unit_test(moments_rise),
        };
    size_t count = SINGLE;

    for (size_t i = 0; i < COUNT(choices); i++)
        tests[count++] = EXAMPLE(chooses, &choices[i]);
    for (size_t i = 0; i < COUNT(shown); i++)
        tests[count++] = EXAMPLE(records_what_was_shown, &shown[i]);
    for (size_t i = 0; i < COUNT(steps); i++)
        tests[count++] = EXAMPLE(steps_on, &steps[i]);
    for (size_t i = 0; i < COUNT(completions); i++)
        tests[count++] = EXAMPLE(completes, &completions[i]);
    return cmocka_run_group_tests_name("consent", tests, NULL, NULL);
}
