/* The rules: each fires, each just does not, and neighbours in their order. */
#include "services/evaluation/evaluation.h"

#include <stdio.h>
#include <string.h>

#include "common/core/date.h"
#include "tests/support/json_patch.h"
#include "tests/support/policy_examples.h"

/* Everything is in order at the event's date, 15 March 2026. */
static const char event[] =
    "{'processId': 'p', 'processType': 'retail', 'userId': 'u', 'identityVerificationId': 'v',"
    " 'provider': 'ZenID', 'status': 'SUCCESS', 'score': 9,"
    " 'documents': [{'type': 'ID_CARD', 'status': 'SUCCESS', 'country': 'CZE',"
    "   'data': {'givenNames': 'Žofie Anna', 'surname': 'Vymyšlená', 'dateOfBirth': '1990-02-28',"
    "            'nationality': 'CZE', 'personalNumber': '905228/0001',"
    "            'documentNumber': '998877665', 'dateOfIssue': '2020-01-31',"
    "            'dateOfExpiry': '2030-01-30'},"
    "   'images': [{'type': 'FACE'}]}]}";

/* A second document that agrees with the first. */
#define SECOND(more)                                                                               \
    "{'documents': [{}, {'type': 'PASSPORT', 'country': 'CZE',"                                    \
    " 'data': {'givenNames': 'Zofie  Anna', 'surname': 'VYMYSLENA', 'dateOfBirth': 636163200000,"  \
    "          'personalNumber': '9052280001', 'documentNumber': 'P1'}" more "}]}"
#define DATA(members)     "{'documents': [{'data': {" members "}}]}"
#define DOCUMENT(members) "{'documents': [{" members "}]}"
#define PERSON(members)   "{'person': {" members "}}"

#define IN_USE       .facts.identity_in_use = true
#define OTHER_BIRTH  .facts.birth_date_differs = true
#define OTHER_NUMBER .facts.personal_number_differs = true
#define OTHER_NAME   .facts.surname_differs = true

/* clang-format off */
static const struct example {
    const char *name;
    const char *change; /* of the event */
    const char *policy; /* of the default, as its members; NULL: none */
    const char *code;
    struct evaluation_facts facts;
} examples[] = {
    {"all in order", NULL, NULL, .code = "ACCEPTED"},
    {"two documents in order", SECOND(""), NULL, .code = "ACCEPTED"},

    {"1: the provider's check failed", "{'status': 'FAILURE'}", NULL, .code = "PROVIDER_FAILURE"},
    {"1: a document's check failed", DOCUMENT("'status': 'FAILURE'"), NULL, .code = "PROVIDER_FAILURE"},
    {"1: the second document's check failed", SECOND(", 'status': 'FAILURE'"), NULL, .code = "PROVIDER_FAILURE"},
    {"1: a document without a status", DOCUMENT("'status': null"), NULL, .code = "ACCEPTED"},
    {"1 before 2", "{'status': 'FAILURE', 'documents': []}", NULL, .code = "PROVIDER_FAILURE"},

    {"2: no document", "{'documents': []}", NULL, .code = "NO_DOCUMENTS"},
    {"2 before 3", "{'documents': []}", "'documents': [['PASSPORT']]", .code = "NO_DOCUMENTS"},

    {"3: none of the required types", DOCUMENT("'type': 'LIBRARY_CARD'"), NULL, .code = "DOCUMENT_MISSING"},
    {"3: one of two required", NULL, "'documents': [['ID_CARD'], ['PASSPORT']]", .code = "DOCUMENT_MISSING"},
    {"3: both required", SECOND(""), "'documents': [['ID_CARD'], ['PASSPORT']]", .code = "ACCEPTED"},
    {"3: any of the alternatives", NULL, "'documents': [['PASSPORT', 'ID_CARD']]", .code = "ACCEPTED"},
    {"3: none is required", DOCUMENT("'type': 'LIBRARY_CARD'"), "'documents': []", .code = "ACCEPTED"},
    {"3: driving licence in British", DOCUMENT("'type': 'DRIVING_LICENCE'"), "'documents': [['DRIVING_LICENSE']]", .code = "ACCEPTED"},
    {"3: driving licence in American", DOCUMENT("'type': 'DRIVING_LICENSE'"), "'documents': [['DRIVING_LICENSE']]", .code = "ACCEPTED"},
    {"3 before 4", DATA("'dateOfExpiry': '2020-12-31'"), "'documents': [['PASSPORT']]", .code = "DOCUMENT_MISSING"},

    {"4: expired yesterday", DATA("'dateOfExpiry': '2026-03-14'"), NULL, .code = "DOCUMENT_EXPIRED"},
    {"4: expires today", DATA("'dateOfExpiry': '2026-03-15'"), NULL, .code = "ACCEPTED"},
    {"4: a day short of the validity wanted", DATA("'dateOfExpiry': '2026-04-13'"), "'validDays': 30", .code = "DOCUMENT_EXPIRED"},
    {"4: just the validity wanted", DATA("'dateOfExpiry': '2026-04-14'"), "'validDays': 30", .code = "ACCEPTED"},
    {"4: the second document expired", "{'documents': [{}, {'type': 'PASSPORT', 'data': {'dateOfExpiry': [2026,3,14]}}]}", NULL, .code = "DOCUMENT_EXPIRED"},
    {"4: no date of expiry", DATA("'dateOfExpiry': null"), NULL, .code = "ACCEPTED"},
    {"4: an unreadable date of expiry", DATA("'dateOfExpiry': '2020-02-30'"), NULL, .code = "ACCEPTED"},
    {"4 before 5", DATA("'dateOfExpiry': '2026-03-14', 'dateOfIssue': '2026-03-16'"), NULL, .code = "DOCUMENT_EXPIRED"},

    {"5: issued tomorrow", DATA("'dateOfIssue': '2026-03-16'"), NULL, .code = "DOCUMENT_NOT_YET_VALID"},
    {"5: issued today", DATA("'dateOfIssue': '2026-03-15'"), NULL, .code = "ACCEPTED"},
    {"5: issued after it expires", DATA("'dateOfIssue': '2030-01-31'"), NULL, .code = "DOCUMENT_NOT_YET_VALID"},
    {"5: issued on the day it expires", DATA("'dateOfIssue': '2026-03-15', 'dateOfExpiry': '2026-03-15'"), NULL, .code = "ACCEPTED"},
    {"5: no date of issue", DATA("'dateOfIssue': null"), NULL, .code = "ACCEPTED"},
    {"5 before 6", DATA("'dateOfIssue': '2026-03-16', 'dateOfBirth': '2020-01-01'"), NULL, .code = "DOCUMENT_NOT_YET_VALID"},

    {"6: 18 tomorrow", DATA("'dateOfBirth': '2008-03-16'"), NULL, .code = "UNDER_AGE"},
    {"6: 18 today", DATA("'dateOfBirth': '2008-03-15'"), NULL, .code = "ACCEPTED"},
    {"6: born tomorrow", DATA("'dateOfBirth': '2026-03-16'"), NULL, .code = "UNDER_AGE"},
    {"6: an age of the policy", DATA("'dateOfBirth': '2008-03-15'"), "'minimumAge': 19", .code = "UNDER_AGE"},
    {"6: no age is asked", DATA("'dateOfBirth': '2026-03-15'"), "'minimumAge': 0", .code = "ACCEPTED"},
    {"6: the cross-checked person is too young", PERSON("'dateOfBirth': '2008-03-16'"), NULL, .code = "UNDER_AGE"},
    {"6 before 7", "{'score': 1, 'documents': [{'data': {'dateOfBirth': '2020-01-01'}}]}", NULL, .code = "UNDER_AGE"},

    {"7: just below the threshold", "{'score': 3.999999}", NULL, .code = "SCORE_TOO_LOW"},
    {"7: at the threshold", "{'score': 4}", NULL, .code = "SCORE_UNCERTAIN"},
    {"7: a document's score where there is none at the top", "{'score': null, 'documents': [{'score': 3}]}", NULL, .code = "SCORE_TOO_LOW"},
    {"7: the lowest of the documents' scores", "{'score': null, 'documents': [{'score': 9}, {'type': 'PASSPORT', 'score': 3}]}", NULL, .code = "SCORE_TOO_LOW"},
    {"7: the score at the top comes first", DOCUMENT("'score': 0"), NULL, .code = "ACCEPTED"},
    {"7: a threshold of the policy", "{'score': 5}", "'scoreNokBelow': 6", .code = "SCORE_TOO_LOW"},
    {"7 before 8", "{'score': 1}", "'countries': {'refused': ['CZE']}", .code = "SCORE_TOO_LOW"},

    {"8: a refused country", NULL, "'countries': {'refused': ['SVK', 'CZE']}", .code = "COUNTRY_NOT_ACCEPTED"},
    {"8: another country is refused", NULL, "'countries': {'refused': ['SVK']}", .code = "ACCEPTED"},
    {"8: not an accepted country", NULL, "'countries': {'accepted': ['SVK', 'POL']}", .code = "COUNTRY_NOT_ACCEPTED"},
    {"8: an accepted country", NULL, "'countries': {'accepted': ['SVK', 'CZE']}", .code = "ACCEPTED"},
    {"8: an accepted country in lower case", DOCUMENT("'country': 'cze'"), "'countries': {'accepted': ['CZE']}", .code = "ACCEPTED"},
    {"8: no country, all accepted", DOCUMENT("'country': null"), NULL, .code = "ACCEPTED"},
    {"8: no country, some refused", DOCUMENT("'country': null"), "'countries': {'refused': ['SVK']}", .code = "ACCEPTED"},
    {"8: no country, some accepted", DOCUMENT("'country': null"), "'countries': {'accepted': ['CZE']}", .code = "COUNTRY_NOT_ACCEPTED"},
    {"8: one document of two names an accepted country", "{'documents': [{}, {'type': 'PASSPORT'}]}", "'countries': {'accepted': ['CZE']}", .code = "ACCEPTED"},
    {"8: one document of two is of another country", "{'documents': [{}, {'type': 'PASSPORT', 'country': 'SVK'}]}", "'countries': {'accepted': ['CZE']}", .code = "COUNTRY_NOT_ACCEPTED"},
    {"8 before 9", NULL, "'countries': {'refused': ['CZE']}, 'nationalities': {'refused': ['CZE']}", .code = "COUNTRY_NOT_ACCEPTED"},

    {"9: a refused nationality", NULL, "'nationalities': {'refused': ['CZE']}", .code = "NATIONALITY_NOT_ACCEPTED"},
    {"9: not an accepted nationality", NULL, "'nationalities': {'accepted': ['SVK']}", .code = "NATIONALITY_NOT_ACCEPTED"},
    {"9: an accepted nationality", NULL, "'nationalities': {'accepted': ['CZE']}", .code = "ACCEPTED"},
    {"9: no nationality, some accepted", DATA("'nationality': ' '"), "'nationalities': {'accepted': ['CZE']}", .code = "NATIONALITY_NOT_ACCEPTED"},
    {"9: the passport names it, the licence does not", "{'documents': [{}, {'type': 'DRIVING_LICENCE'}]}", "'nationalities': {'accepted': ['CZE']}", .code = "ACCEPTED"},
    {"9 before 10", NULL, "'nationalities': {'refused': ['CZE']}", .code = "NATIONALITY_NOT_ACCEPTED", IN_USE},

    {"10: tied to another user", NULL, NULL, .code = "IDENTITY_IN_USE", IN_USE},
    {"10 before 11", NULL, NULL, .code = "IDENTITY_IN_USE", IN_USE, OTHER_BIRTH},

    {"11: another date of birth than the customer's", NULL, NULL, .code = "CUSTOMER_MISMATCH", OTHER_BIRTH},
    {"11: another personal number than the customer's", NULL, NULL, .code = "CUSTOMER_MISMATCH", OTHER_NUMBER},
    {"11 before 12", DATA("'surname': null"), NULL, .code = "CUSTOMER_MISMATCH", OTHER_BIRTH},

    {"12: no surname", DATA("'surname': null"), NULL, .code = "DATA_MISSING"},
    {"12: a blank surname", DATA("'surname': ' \\t'"), NULL, .code = "DATA_MISSING"},
    {"12: no given names", DATA("'givenNames': null"), NULL, .code = "DATA_MISSING"},
    {"12: no date of birth", DATA("'dateOfBirth': null"), NULL, .code = "DATA_MISSING"},
    {"12: an unreadable date of birth", DATA("'dateOfBirth': '01/02/2003'"), NULL, .code = "DATA_MISSING"},
    {"12: no document number", DATA("'documentNumber': null"), NULL, .code = "DATA_MISSING"},
    {"12: no data at all", DOCUMENT("'data': null"), NULL, .code = "DATA_MISSING"},
    {"12: the other document has it", "{'documents': [{'data': {'surname': null}}, {'type': 'PASSPORT', 'data': {'surname': 'Vymyšlená'}}]}", NULL, .code = "ACCEPTED"},
    {"12: the cross-checked person is no document", "{'documents': [{'data': {'surname': null}}], 'person': {'surname': 'Vymyšlená'}}", NULL, .code = "DATA_MISSING"},
    {"12: a personal number may be missing", DATA("'personalNumber': null"), NULL, .code = "ACCEPTED"},
    {"12 before 13", "{'documents': [{'data': {'documentNumber': null}}], 'person': {'surname': 'Jiná'}}", NULL, .code = "DATA_MISSING"},

    {"13: surnames differ", "{'documents': [{}, {'type': 'PASSPORT', 'data': {'surname': 'Jiná'}}]}", NULL, .code = "DOCUMENTS_DISAGREE"},
    {"13: given names differ", "{'documents': [{}, {'type': 'PASSPORT', 'data': {'givenNames': 'Žofie'}}]}", NULL, .code = "DOCUMENTS_DISAGREE"},
    {"13: dates of birth differ", "{'documents': [{}, {'type': 'PASSPORT', 'data': {'dateOfBirth': '1990-03-01'}}]}", NULL, .code = "DOCUMENTS_DISAGREE"},
    {"13: personal numbers differ", "{'documents': [{}, {'type': 'PASSPORT', 'data': {'personalNumber': '905228/0002'}}]}", NULL, .code = "DOCUMENTS_DISAGREE"},
    {"13: document numbers may differ", "{'documents': [{}, {'type': 'PASSPORT', 'data': {'documentNumber': 'P2'}}]}", NULL, .code = "ACCEPTED"},
    {"13: the second and the third differ", "{'documents': [{'data': {'personalNumber': null}}, {'type': 'PASSPORT', 'data': {'personalNumber': '1'}}, {'type': 'PASSPORT', 'data': {'personalNumber': '2'}}]}", NULL, .code = "DOCUMENTS_DISAGREE"},
    {"13: the cross-checked person's surname differs", PERSON("'surname': 'Jiná'"), NULL, .code = "DOCUMENTS_DISAGREE"},
    {"13: the cross-checked person's given names differ", PERSON("'givenNames': 'Jana'"), NULL, .code = "DOCUMENTS_DISAGREE"},
    {"13: the cross-checked person's birth differs", PERSON("'dateOfBirth': '1990-02-27'"), NULL, .code = "DOCUMENTS_DISAGREE"},
    {"13: the cross-checked person agrees", PERSON("'surname': 'vymyslena', 'givenNames': 'ZOFIE ANNA', 'dateOfBirth': [1990, 2, 28]"), NULL, .code = "ACCEPTED"},
    {"13 before 14", PERSON("'surname': 'Jiná'"), NULL, .code = "DOCUMENTS_DISAGREE", OTHER_NAME},

    {"14: another surname than the customer's", NULL, NULL, .code = "NAME_MISMATCH", OTHER_NAME},
    {"14 before 15", "{'score': 5}", NULL, .code = "NAME_MISMATCH", OTHER_NAME},

    {"15: just below the threshold", "{'score': 6.999999}", NULL, .code = "SCORE_UNCERTAIN"},
    {"15: at the threshold", "{'score': 7}", NULL, .code = "ACCEPTED"},
    {"15: no score at all", "{'score': null}", NULL, .code = "SCORE_UNCERTAIN"},
    {"15: a threshold of the policy", NULL, "'scoreWaitBelow': 9.5", .code = "SCORE_UNCERTAIN"},
    {"15: no score is asked", "{'score': 0}", "'scoreNokBelow': 0, 'scoreWaitBelow': 0", .code = "ACCEPTED"},
    {"15 before 16", "{'score': 5}", "'images': ['DOCUMENT_BACK_SIDE']", .code = "SCORE_UNCERTAIN"},

    {"16: an image that is asked for", NULL, "'images': ['DOCUMENT_BACK_SIDE']", .code = "IMAGE_MISSING"},
    {"16: one of two images", NULL, "'images': ['FACE', 'DOCUMENT_FRONT_SIDE']", .code = "IMAGE_MISSING"},
    {"16: the image is there", NULL, "'images': ['FACE']", .code = "ACCEPTED"},
    {"16: the images are on two documents", SECOND(", 'images': [{'type': 'document_front_side'}]"), "'images': ['DOCUMENT_FRONT_SIDE', 'FACE']", .code = "ACCEPTED"},
    {"16: no images at all", DOCUMENT("'images': []"), NULL, .code = "ACCEPTED"},
};

/* In the order of the rules: what each decides. */
static const struct {
    const char *code;
    enum evaluation_result result;
} codes[] = {
    {"ACCEPTED",                 EVALUATION_RESULT_OK},
    {"PROVIDER_FAILURE",         EVALUATION_RESULT_NOK},
    {"NO_DOCUMENTS",             EVALUATION_RESULT_NOK},
    {"DOCUMENT_MISSING",         EVALUATION_RESULT_NOK},
    {"DOCUMENT_EXPIRED",         EVALUATION_RESULT_NOK},
    {"DOCUMENT_NOT_YET_VALID",   EVALUATION_RESULT_NOK},
    {"UNDER_AGE",                EVALUATION_RESULT_NOK},
    {"SCORE_TOO_LOW",            EVALUATION_RESULT_NOK},
    {"COUNTRY_NOT_ACCEPTED",     EVALUATION_RESULT_NOK},
    {"NATIONALITY_NOT_ACCEPTED", EVALUATION_RESULT_NOK},
    {"IDENTITY_IN_USE",          EVALUATION_RESULT_NOK},
    {"CUSTOMER_MISMATCH",        EVALUATION_RESULT_NOK},
    {"DATA_MISSING",             EVALUATION_RESULT_WAIT},
    {"DOCUMENTS_DISAGREE",       EVALUATION_RESULT_WAIT},
    {"NAME_MISMATCH",            EVALUATION_RESULT_WAIT},
    {"SCORE_UNCERTAIN",          EVALUATION_RESULT_WAIT},
    {"IMAGE_MISSING",            EVALUATION_RESULT_WAIT},
};
/* clang-format on */

static struct policy *policy_with(const char *members)
{
    char text[512];
    int size = snprintf(text, sizeof text, "{'version': '1', 'default': {%s}}",
                        members != NULL ? members : "");

    assert_true(size > 0 && (size_t)size < sizeof text);
    return parse_good(evaluation_policy_format.parse, text);
}

static size_t place_of(const char *code)
{
    for (size_t i = 0; i < COUNT(codes); i++)
        if (strcmp(codes[i].code, code) == 0)
            return i;
    fail_msg("%s is none of the codes", code);
    return 0;
}

static void decides(void **state)
{
    const struct example *example = *state;
    struct arena arena = {0};
    struct policy *policy = policy_with(example->policy);
    const struct evaluation_requested *request =
        record_patched(&evaluation_requested_schema, event, example->change, &arena);
    struct evidence evidence = evidence_read(request, &arena);
    struct evaluation_facts facts = example->facts;
    struct evaluation actual;
    size_t rule;

    assert_true(date_parse("2026-03-15", &facts.today));
    actual = evaluate(&evidence, &facts, policy_rules(policy, "retail"));
    assert_string_equal(actual.code, example->code);
    rule = place_of(actual.code);
    assert_int_equal(actual.rule, rule);
    assert_int_equal(actual.result, codes[rule].result);
    assert_true(strlen(actual.reason) > 0);
    policy_free(policy);
    arena_done(&arena);
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
    return cmocka_run_group_tests_name("evaluation", tests, NULL, NULL);
}
