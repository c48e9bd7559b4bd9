/* The shapes in which events come, read into one; and what analysts see of it. */
#include "services/evaluation/evidence.h"

#include <stdio.h>
#include <string.h>

#include "services/evaluation/summary.h"
#include "tests/support/arena.h"
#include "tests/support/json_patch.h"
#include "tests/support/test.h"

static const char event[] =
    "{'processId': 'p', 'processType': 'retail', 'userId': 'u', 'identityVerificationId': 'v',"
    " 'provider': 'ZenID', 'status': 'SUCCESS', 'documents': [{'type': 'PASSPORT',"
    " 'data': {'dateOfBirth': '1990-02-28'}}]}";

static struct evidence read(const char *change)
{
    return evidence_read(record_patched(&evaluation_requested_schema, event, change, &arena),
                         &arena);
}

/* clang-format off */
static const struct typed {
    const char *name, *type, *expected;
    enum document_kind kind;
} types[] = {
    {"identity card", "ID_CARD", "ID_CARD", DOCUMENT_KIND_ID_CARD},
    {"passport", "PASSPORT", "PASSPORT", DOCUMENT_KIND_PASSPORT},
    {"licence in American", "DRIVING_LICENSE", "DRIVING_LICENSE", DOCUMENT_KIND_DRIVING_LICENSE},
    {"licence in British", "DRIVING_LICENCE", "DRIVING_LICENSE", DOCUMENT_KIND_DRIVING_LICENSE},
    {"driver's licence", "drivers_licence", "DRIVING_LICENSE", DOCUMENT_KIND_DRIVING_LICENSE},
    {"lower case, blanks around", " id_card\t", "ID_CARD", DOCUMENT_KIND_ID_CARD},
    {"something else", "VISA", "VISA", DOCUMENT_KIND_OTHER},
    {"blank", " ", "", DOCUMENT_KIND_OTHER},
};

static const struct dated {
    const char *name, *date; /* JSON */
    int32_t days;            /* -1: not known */
} dates[] = {
    {"ISO 8601", "'1990-01-01'", 7305},
    {"epoch milliseconds", "631152000000", 7305},
    {"a list", "[1990, 1, 1]", 7305},
    {"no such day", "'2023-02-29'", -1},
    {"another form", "'01/02/2003'", -1},
    {"an empty text", "''", -1},
    {"null", "null", -1},
    {"a list of two", "'[1990,1]'", -1},
};

static const struct scored {
    const char *name, *change;
    double score; /* -1: none */
} scores[] = {
    {"at the top", "{'score': 8}", 8},
    {"at the top and at a document", "{'score': 8, 'documents': [{'score': 2}]}", 8},
    {"at a document", "{'documents': [{'score': 2}]}", 2},
    {"at one of two documents", "{'documents': [{}, {'type': 'VISA', 'score': 3}]}", 3},
    {"at two documents", "{'documents': [{'score': 5}, {'type': 'VISA', 'score': 3}]}", 3},
    {"at two documents, the lower first", "{'documents': [{'score': 3}, {'type': 'VISA', 'score': 5}]}", 3},
    {"nowhere", NULL, -1},
    {"zero", "{'score': 0}", 0},
};

static const struct summed {
    const char *name, *change, *summary;
} summaries[] = {
    {"the least", NULL, "[{\"type\":\"PASSPORT\",\"status\":\"SUCCESS\",\"images\":[]}]"},
    {"no documents", "{'documents': []}", "[]"},
    {"the most", "{'documents': [{'type': 'driving_licence', 'status': 'FAILURE', 'country': 'cze', 'images': [{'type': 'DOCUMENT_BACK_SIDE'}, {'type': 'FACE'}, {'type': 'x'}, {'type': 'FACE'}, {'type': 'DOCUMENT_FRONT_SIDE'}]}, {'type': 'ID_CARD'}]}",
     "[{\"type\":\"DRIVING_LICENSE\",\"status\":\"FAILURE\",\"country\":\"CZE\",\"images\":[\"FACE\",\"DOCUMENT_FRONT_SIDE\",\"DOCUMENT_BACK_SIDE\",\"OTHER\"]},{\"type\":\"ID_CARD\",\"status\":\"SUCCESS\",\"images\":[]}]"},
    {"texts of the sender", "{'documents': [{'type': 'Žofie Vymyšlená', 'country': 'A\\\"C', 'images': [{'type': '905228/0001'}]}]}",
     "[{\"type\":\"OTHER\",\"status\":\"SUCCESS\",\"country\":\"OTHER\",\"images\":[\"OTHER\"]}]"},
};
/* clang-format on */

static void reads_a_type(void **state)
{
    const struct typed *example = *state;
    struct document document = {.type = example->type};
    struct evaluation_requested request = {.documents = {&document, 1}};
    struct evidence evidence = evidence_read(&request, &arena);

    assert_string_equal(evidence.documents[0].type, example->expected);
    assert_int_equal(evidence.documents[0].kind, example->kind);
}

static void reads_a_date(void **state)
{
    const struct dated *example = *state;
    char change[200];
    struct evidence evidence;

    snprintf(change, sizeof change,
             "{'documents': [{'data': {'dateOfBirth': %s, 'dateOfIssue': %s, 'dateOfExpiry': %s}}],"
             " 'person': {'dateOfBirth': %s}}",
             example->date, example->date, example->date, example->date);
    evidence = read(change);

    const struct evidence_document *document = &evidence.documents[0];
    const struct day *days[] = {&document->holder.born, &document->issued, &document->expires,
                                &evidence.person.born};
    for (size_t i = 0; i < COUNT(days); i++) {
        assert_int_equal(days[i]->known, example->days != -1);
        if (days[i]->known)
            assert_int_equal(days[i]->days, example->days);
    }
}

static void finds_the_score(void **state)
{
    const struct scored *example = *state;
    struct evidence evidence = read(example->change);

    if (example->score < 0)
        assert_null(evidence.score);
    else
        assert_true(*evidence.score == example->score);
}

static void sums_up(void **state)
{
    const struct summed *example = *state;
    struct evidence evidence = read(example->change);
    const char *summary = evidence_summary(&evidence, &arena);
    json_t *json = json_loads(summary, 0, NULL);

    assert_string_equal(summary, example->summary);
    assert_non_null(json);
    json_decref(json);
}

static void normalises_texts(void **state)
{
    struct evidence evidence =
        read("{'documents': [{'country': ' cze', 'data': {'surname': ' VYMYŠLENÁ ', 'givenNames':"
             " 'Žofie  Anna', 'nationality': 'svk', 'personalNumber': '905228/0001',"
             " 'documentNumber': 'p-12 34'}}], 'person': {'surname': 'Vymyšlená', 'givenNames':"
             " ' '}}");
    const struct evidence_document *document = &evidence.documents[0];

    (void)state;
    assert_string_equal(document->holder.surname, "vymyslena");
    assert_string_equal(document->holder.given_names, "zofie anna");
    assert_string_equal(document->holder.personal_number, "9052280001");
    assert_string_equal(document->number, "p1234");
    assert_string_equal(document->country, "CZE");
    assert_string_equal(document->nationality, "SVK");
    assert_string_equal(evidence.person.surname, "vymyslena");
    assert_null(evidence.person.given_names);
    assert_null(evidence.person.personal_number);
}

static void what_is_not_there_is_missing(void **state)
{
    struct evidence evidence = read("{'documents': [{'data': null, 'images': []}]}");
    const struct evidence_document *document = &evidence.documents[0];

    (void)state;
    assert_false(evidence.failed);
    assert_false(document->failed);
    assert_null(document->holder.surname);
    assert_null(document->country);
    assert_null(document->number);
    assert_int_equal(document->images, 0);
    assert_null(evidence.person.surname);
    assert_false(evidence.person.born.known);
}

enum { SINGLE = 2 };

int main(void)
{
    struct CMUnitTest
        tests[SINGLE + COUNT(types) + COUNT(dates) + COUNT(scores) + COUNT(summaries)] = {
            cmocka_unit_test(normalises_texts),
            cmocka_unit_test(what_is_not_there_is_missing),
        };
    size_t count = SINGLE;

    for (size_t i = 0; i < COUNT(types); i++)
        tests[count++] = EXAMPLE(reads_a_type, &types[i]);
    for (size_t i = 0; i < COUNT(dates); i++)
        tests[count++] = EXAMPLE(reads_a_date, &dates[i]);
    for (size_t i = 0; i < COUNT(scores); i++)
        tests[count++] = EXAMPLE(finds_the_score, &scores[i]);
    for (size_t i = 0; i < COUNT(summaries); i++)
        tests[count++] = EXAMPLE(sums_up, &summaries[i]);
    for (size_t i = 0; i < COUNT(tests); i++)
        tests[i].teardown_func = drop_arena;
    return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
