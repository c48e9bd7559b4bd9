/* How many segments an SMS takes, at each bound. */
#include "services/otp/sms.h"

#include <string.h>

#include "common/core/base.h"
#include "tests/support/test.h"

/* `count` times `unit`, then `end`. */
static const struct sms_example {
    const char *name;
    const char *unit;
    size_t count;
    const char *end;
    bool is_ucs2;
    size_t units, segments;
} examples[] = {
    {"empty", "", 0, "", false, 0, 1},
    {"160 septets", "a", 160, "", false, 160, 1},
    {"161 septets", "a", 161, "", false, 161, 2},
    {"306 septets", "a", 306, "", false, 306, 2},
    {"307 septets", "a", 307, "", false, 307, 3},
    {"the extension counts double", "€", 80, "", false, 160, 1},
    {"one of the extension too many", "€", 80, "a", false, 161, 2},
    {"all of the extension", "^{}\\[~]|€\f", 1, "", false, 20, 1},
    {"no escape is split: 152 and a pair", "a", 152, "€aaaaaaaaaa", false, 164, 2},
    {"pairs fill 152 of 153", "€", 153, "", false, 306, 3},
    {"every letter of the alphabet",
     "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
     "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
     1, "", false, 127, 1},
    {"Czech is UCS-2", "á", 1, "", true, 1, 1},
    {"a small c with cedilla is UCS-2", "ç", 1, "", true, 1, 1},
    {"70 units", "a", 69, "č", true, 70, 1},
    {"71 units", "a", 70, "č", true, 71, 2},
    {"134 units", "č", 134, "", true, 134, 2},
    {"135 units", "č", 135, "", true, 135, 3},
    {"the extension is single in UCS-2", "€", 69, "č", true, 70, 1},
    {"beyond 16 bits: a pair", "😀", 35, "", true, 70, 1},
    {"one pair too many", "😀", 36, "", true, 72, 2},
    {"no pair is split: 66 units a segment", "😀", 67, "", true, 134, 3},
    {"a tab is UCS-2", "\t", 1, "", true, 1, 1},
    {"what is no UTF-8", "\xff", 1, "", true, 1, 1},
};

static void measures(void **state)
{
    const struct sms_example *example = *state;
    static char text[4000];
    size_t used = 0;
    struct sms_size size;

    for (size_t i = 0; i < example->count; i++) {
        memcpy(text + used, example->unit, strlen(example->unit));
        used += strlen(example->unit);
    }
    memcpy(text + used, example->end, strlen(example->end) + 1);
    size = sms_measure(text);
    assert_int_equal(size.is_ucs2, example->is_ucs2);
    assert_int_equal(size.units, example->units);
    assert_int_equal(size.segments, example->segments);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(examples)];

    for (size_t i = 0; i < COUNT(examples); i++)
        tests[i] = EXAMPLE(measures, &examples[i]);
    return cmocka_run_group_tests_name("sms", tests, NULL, NULL);
}
