/* The rules: each fires, each just does not, and neighbours in their order. */
#include "services/approval/approval.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/policy_examples.h"

enum known { ARRIVED_OK, ARRIVED_NOK, ARRIVED_WAIT, NOT_ARRIVED };

static const struct consent_answer nothing[] = {{"X", false}};
static const struct consent_answer gdpr[] = {{"GDPR", true}};
static const struct consent_answer no_gdpr[] = {{"GDPR", false}};
static const struct consent_answer both[] = {{"SCORING", true}, {"GDPR", true}};
static const struct consent_answer half[] = {{"GDPR", true}, {"SCORING", false}};

/* What differs from a request where everything is in order: first attempt, score 9, documents
 * accepted, no consent asked. */
#define GIVEN(answers) .consents = (answers), .consent_count = sizeof(answers) / sizeof *(answers)
#define ONE_CONSENT    "'consents': ['GDPR']"
#define TWO_CONSENTS   "'consents': ['GDPR', 'SCORING']"

/* clang-format off */
static const struct example {
    const char *name;
    const char *policy; /* of the default, as its members; NULL: none */
    const char *code;
    double minus_score;   /* below 9 */
    enum known evaluation;
    bool no_score, failed, frame, in_use;
    int more_in_process, more_in_day; /* attempts before */
    const struct consent_answer *consents;
    size_t consent_count;
} examples[] = {
    {"all in order", NULL, .code = "ACCEPTED"},
    {"all in order, with a picture", "'frame': true", .code = "ACCEPTED", .frame = true},
    {"a picture that nobody asks for", NULL, .code = "ACCEPTED", .frame = true},

    {"1: the provider's check failed", NULL, .code = "PROVIDER_FAILURE", .failed = true},
    {"1 before 2", NULL, .code = "PROVIDER_FAILURE", .failed = true, .evaluation = ARRIVED_NOK},

    {"2: the documents were refused", NULL, .code = "EVALUATION_NOT_OK", .evaluation = ARRIVED_NOK},
    {"2: also where no evaluation is required", "'evaluation': false", .code = "EVALUATION_NOT_OK", .evaluation = ARRIVED_NOK},
    {"2 before 3", ONE_CONSENT, .code = "EVALUATION_NOT_OK", .evaluation = ARRIVED_NOK, GIVEN(no_gdpr)},

    {"3: the required consent was refused", ONE_CONSENT, "CONSENT_REFUSED", GIVEN(no_gdpr)},
    {"3: one of two was refused", TWO_CONSENTS, "CONSENT_REFUSED", GIVEN(half)},
    {"3: one was refused, the other has not arrived", TWO_CONSENTS, "CONSENT_REFUSED", GIVEN(no_gdpr)},
    {"3: a consent that nobody requires was refused", ONE_CONSENT, "ACCEPTED", GIVEN(half)},
    {"3: no consent is required", NULL, "ACCEPTED", GIVEN(no_gdpr)},
    {"3 before 4", ONE_CONSENT, .code = "CONSENT_REFUSED", .more_in_process = 5, GIVEN(no_gdpr)},

    {"4: the fifth attempt of the process", NULL, .code = "ACCEPTED", .more_in_process = 4},
    {"4: the sixth attempt of the process", NULL, .code = "TOO_MANY_ATTEMPTS", .more_in_process = 5},
    {"4: the fifth attempt of the user's day", NULL, .code = "ACCEPTED", .more_in_day = 4},
    {"4: the sixth attempt of the user's day", NULL, .code = "TOO_MANY_ATTEMPTS", .more_in_day = 5},
    {"4: a process's limit of the policy", "'attemptsPerProcess': 1", .code = "TOO_MANY_ATTEMPTS", .more_in_process = 1},
    {"4: a day's limit of the policy", "'attemptsPerDay': 1", .code = "TOO_MANY_ATTEMPTS", .more_in_day = 1},
    {"4: more a day than a process", "'attemptsPerDay': 9", .code = "ACCEPTED", .more_in_day = 8},
    {"4 before 5", NULL, .code = "TOO_MANY_ATTEMPTS", .more_in_day = 5, .minus_score = 8},

    {"5: just below the threshold", NULL, .code = "SCORE_TOO_LOW", .minus_score = 5.000001},
    {"5: at the threshold", NULL, .code = "SCORE_UNCERTAIN", .minus_score = 5},
    {"5: a threshold of the policy", "'scoreNokBelow': 6", .code = "SCORE_TOO_LOW", .minus_score = 4},
    {"5: the lowest score, where none is too low", "'scoreNokBelow': 0", .code = "SCORE_UNCERTAIN", .minus_score = 9},
    {"5 before 6", NULL, .code = "SCORE_TOO_LOW", .minus_score = 8, .frame = true, .in_use = true},

    {"6: the picture came with another user", NULL, .code = "FACE_IN_USE", .frame = true, .in_use = true},
    {"6 before 8", NULL, .code = "FACE_IN_USE", .frame = true, .in_use = true, .evaluation = NOT_ARRIVED},

    {"7: no picture", "'frame': true", .code = "FRAME_MISSING"},
    {"7 before 8", "'frame': true", .code = "FRAME_MISSING", .evaluation = NOT_ARRIVED},

    {"8: the documents wait for a person", NULL, .code = "EVALUATION_PENDING", .evaluation = ARRIVED_WAIT},
    {"8: nothing is known of the documents", NULL, .code = "EVALUATION_PENDING", .evaluation = NOT_ARRIVED},
    {"8: nothing need be known", "'evaluation': false", .code = "ACCEPTED", .evaluation = NOT_ARRIVED},
    {"8: they may wait", "'evaluation': false", .code = "ACCEPTED", .evaluation = ARRIVED_WAIT},
    {"8 before 9", ONE_CONSENT, .code = "EVALUATION_PENDING", .evaluation = NOT_ARRIVED},

    {"9: no answer at all", ONE_CONSENT, .code = "CONSENT_PENDING"},
    {"9: an answer to another consent", ONE_CONSENT, "CONSENT_PENDING", GIVEN(nothing)},
    {"9: one of two approved", TWO_CONSENTS, "CONSENT_PENDING", GIVEN(gdpr)},
    {"9: the required consent is approved", ONE_CONSENT, "ACCEPTED", GIVEN(gdpr)},
    {"9: both are approved", TWO_CONSENTS, "ACCEPTED", GIVEN(both)},
    {"9 before 10", ONE_CONSENT, .code = "CONSENT_PENDING", .minus_score = 4},

    {"10: just below the threshold", NULL, .code = "SCORE_UNCERTAIN", .minus_score = 2.000001},
    {"10: at the threshold", NULL, .code = "ACCEPTED", .minus_score = 2},
    {"10: no score at all", NULL, .code = "SCORE_UNCERTAIN", .no_score = true},
    {"10: a threshold of the policy", "'scoreWaitBelow': 9.5", .code = "SCORE_UNCERTAIN"},
    {"10: no score is asked", "'scoreNokBelow': 0, 'scoreWaitBelow': 0", .code = "ACCEPTED", .minus_score = 9},
};

/* In the order of the rules: what each decides. */
static const struct {
    const char *code;
    enum approval_result result;
    bool awaits_facts;
} codes[] = {
    {"ACCEPTED",           APPROVAL_RESULT_OK,   false},
    {"PROVIDER_FAILURE",   APPROVAL_RESULT_NOK,  false},
    {"EVALUATION_NOT_OK",  APPROVAL_RESULT_NOK,  false},
    {"CONSENT_REFUSED",    APPROVAL_RESULT_NOK,  false},
    {"TOO_MANY_ATTEMPTS",  APPROVAL_RESULT_NOK,  false},
    {"SCORE_TOO_LOW",      APPROVAL_RESULT_NOK,  false},
    {"FACE_IN_USE",        APPROVAL_RESULT_WAIT, false},
    {"FRAME_MISSING",      APPROVAL_RESULT_WAIT, false},
    {"EVALUATION_PENDING", APPROVAL_RESULT_WAIT, true},
    {"CONSENT_PENDING",    APPROVAL_RESULT_WAIT, true},
    {"SCORE_UNCERTAIN",    APPROVAL_RESULT_WAIT, false},
};
/* clang-format on */

static struct policy *policy_with(const char *members)
{
    char text[512];
    int size = snprintf(text, sizeof text, "{'version': '1', 'default': {%s}}",
                        members != NULL ? members : "");

    assert_true(size > 0 && (size_t)size < sizeof text);
    return parse_good(approval_policy_format.parse, text);
}

static size_t place_of(const char *code)
{
    for (size_t i = 0; i < COUNT(codes); i++)
        if (strcmp(codes[i].code, code) == 0)
            return i;
    fail_msg("%s is none of the codes", code);
    return 0;
}

static struct approval decide_on(const struct example *example, const void *policy)
{
    static const enum evaluation_result results[] = {
        [ARRIVED_OK] = EVALUATION_RESULT_OK,
        [ARRIVED_NOK] = EVALUATION_RESULT_NOK,
        [ARRIVED_WAIT] = EVALUATION_RESULT_WAIT,
    };
    const double score = 9 - example->minus_score;
    const struct presence presence = {
        .failed = example->failed,
        .score = example->no_score ? NULL : &score,
        .frame = example->frame,
        .frame_in_use = example->in_use,
        .process_attempt = 1 + example->more_in_process,
        .day_attempt = 1 + example->more_in_day,
    };
    const struct approval_facts facts = {
        .evaluation = example->evaluation == NOT_ARRIVED ? NULL : &results[example->evaluation],
        .consents = example->consents,
        .consent_count = example->consent_count,
    };

    return approve(&presence, &facts, approval_rules(policy, "retail"));
}

static void decides(void **state)
{
    const struct example *example = *state;
    struct policy *policy = policy_with(example->policy);
    struct approval actual = decide_on(example, policy);
    size_t rule = place_of(actual.code);

    assert_string_equal(actual.code, example->code);
    assert_int_equal(actual.rule, rule);
    assert_int_equal(actual.result, codes[rule].result);
    assert_int_equal(actual.awaits_facts, codes[rule].awaits_facts);
    assert_true(strlen(actual.reason) > 0);
    policy_free(policy);
}

static void every_rule_has_an_example(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        size_t count = 0;

        for (size_t k = 0; k < COUNT(examples); k++)
            count += strcmp(examples[k].code, codes[i].code) == 0;
        if (count == 0)
            fail_msg("%s", codes[i].code);
    }
}

int main(void)
{
    struct CMUnitTest tests[COUNT(examples) + 1] = {
        cmocka_unit_test(every_rule_has_an_example),
    };

    for (size_t i = 0; i < COUNT(examples); i++)
        tests[1 + i] = EXAMPLE(decides, &examples[i]);
    return cmocka_run_group_tests_name("approval", tests, NULL, NULL);
}
