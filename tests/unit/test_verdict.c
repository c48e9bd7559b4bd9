/* What the end of a transfer says: by the code, by what was sent, and where neither is there. */
#include "common/effects/verdict.h"

#include "tests/support/test.h"

#define COMPLETE .complete = true, .asked = true
#define ASKED    .asked = true
#define BODY     .asked = true, .body_begun = true

static const struct example {
    const char *name;
    struct transfer_end end;
    enum provider_verdict verdict;
} http[] = {
    {"no connection", {0}, PROVIDER_RETRY},
    {"sent, no answer", {ASKED}, PROVIDER_UNKNOWN},
    {"an end without any code", {COMPLETE}, PROVIDER_UNKNOWN},
    {"100 and no more", {ASKED, .status = 100}, PROVIDER_UNKNOWN},
    {"103 and no more", {ASKED, .status = 103}, PROVIDER_UNKNOWN},
    {"199", {ASKED, .status = 199}, PROVIDER_UNKNOWN},
    {"200", {COMPLETE, .status = 200}, PROVIDER_ACCEPTED},
    {"200, its body cut", {ASKED, .status = 200}, PROVIDER_ACCEPTED},
    {"299", {COMPLETE, .status = 299}, PROVIDER_ACCEPTED},
    {"300", {COMPLETE, .status = 300}, PROVIDER_REFUSED},
    {"302", {COMPLETE, .status = 302}, PROVIDER_REFUSED},
    {"307", {COMPLETE, .status = 307}, PROVIDER_REFUSED},
    {"400", {COMPLETE, .status = 400}, PROVIDER_REFUSED},
    {"401", {COMPLETE, .status = 401}, PROVIDER_REFUSED},
    {"404", {COMPLETE, .status = 404}, PROVIDER_REFUSED},
    {"407", {COMPLETE, .status = 407}, PROVIDER_REFUSED},
    {"408", {COMPLETE, .status = 408}, PROVIDER_RETRY},
    {"409", {COMPLETE, .status = 409}, PROVIDER_REFUSED},
    {"424", {COMPLETE, .status = 424}, PROVIDER_REFUSED},
    {"425", {COMPLETE, .status = 425}, PROVIDER_RETRY},
    {"428", {COMPLETE, .status = 428}, PROVIDER_REFUSED},
    {"429", {COMPLETE, .status = 429}, PROVIDER_RETRY},
    {"430", {COMPLETE, .status = 430}, PROVIDER_REFUSED},
    {"499", {COMPLETE, .status = 499}, PROVIDER_REFUSED},
    {"500", {COMPLETE, .status = 500}, PROVIDER_RETRY},
    {"503, its body cut", {ASKED, .status = 503}, PROVIDER_RETRY},
    {"599", {COMPLETE, .status = 599}, PROVIDER_RETRY},
    {"600", {COMPLETE, .status = 600}, PROVIDER_REFUSED},
    {"399 where errors pass", {COMPLETE, .status = 399, .retries_4xx = true}, PROVIDER_REFUSED},
    {"400 where errors pass", {COMPLETE, .status = 400, .retries_4xx = true}, PROVIDER_RETRY},
    {"404 where errors pass", {COMPLETE, .status = 404, .retries_4xx = true}, PROVIDER_RETRY},
    {"503 where errors pass", {COMPLETE, .status = 503, .retries_4xx = true}, PROVIDER_RETRY},
    {"200 where errors pass", {COMPLETE, .status = 200, .retries_4xx = true}, PROVIDER_ACCEPTED},
    {"lost where errors pass", {ASKED, .retries_4xx = true}, PROVIDER_UNKNOWN},
};

static const struct example smtp[] = {
    {"no connection", {0}, PROVIDER_RETRY},
    {"554 at the greeting", {.status = 554}, PROVIDER_RETRY},
    {"535 at the log-in", {.status = 535}, PROVIDER_RETRY},
    {"421 at any time", {ASKED, .status = 421}, PROVIDER_RETRY},
    {"450 to the recipient", {ASKED, .status = 450}, PROVIDER_RETRY},
    {"499", {ASKED, .status = 499}, PROVIDER_RETRY},
    {"500", {ASKED, .status = 500}, PROVIDER_REFUSED},
    {"529", {ASKED, .status = 529}, PROVIDER_REFUSED},
    {"530 without log-in", {ASKED, .status = 530}, PROVIDER_RETRY},
    {"538", {ASKED, .status = 538}, PROVIDER_RETRY},
    {"539", {ASKED, .status = 539}, PROVIDER_REFUSED},
    {"550 to the recipient", {ASKED, .status = 550}, PROVIDER_REFUSED},
    {"554 to the message", {BODY, .status = 554}, PROVIDER_REFUSED},
    {"451 to the message", {BODY, .status = 451}, PROVIDER_RETRY},
    {"lost before the message", {ASKED, .status = 250}, PROVIDER_RETRY},
    {"lost within the message", {BODY, .status = 354}, PROVIDER_UNKNOWN},
    {"lost without any code", {BODY}, PROVIDER_UNKNOWN},
    {"250 to the message", {COMPLETE, .body_begun = true, .status = 250}, PROVIDER_ACCEPTED},
};

static void test_http(void **state)
{
    const struct example *example = *state;

    assert_int_equal(verdict_http(&example->end), example->verdict);
}

static void test_smtp(void **state)
{
    const struct example *example = *state;

    assert_int_equal(verdict_smtp(&example->end), example->verdict);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(http) + COUNT(smtp)];
    size_t count = 0;

    for (size_t i = 0; i < COUNT(http); i++)
        tests[count++] = EXAMPLE(test_http, &http[i]);
    for (size_t i = 0; i < COUNT(smtp); i++)
        tests[count++] = EXAMPLE(test_smtp, &smtp[i]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
