/* Canonical forms and fingerprints: the specification's own examples, and names in all forms. */
#include "common/avro/canonical.h"

#include <stdlib.h>
#include <string.h>

#include "common/core/base.h"
#include "test.h"

static const struct example {
    const char *name;
    const char *json;
    const char *canonical;
    int64_t fingerprint; /* 0: not compared */
} examples[] = {
    {"null", "\"null\"", "\"null\"", 7195948357588979594},
    {"boolean", "{\"type\":\"boolean\"}", "\"boolean\"", -6970731678124411036},
    {"int", "\"int\"", "\"int\"", 8247732601305521295},
    {"long", "\"long\"", "\"long\"", -3434872931120570953},
    {"float", "\"float\"", "\"float\"", 5583340709985441680},
    {"double", "\"double\"", "\"double\"", -8181574048448539266},
    {"bytes", "\"bytes\"", "\"bytes\"", 5746618253357095269},
    {"string", "\"string\"", "\"string\"", -8142146995180207161},
    {"empty union", "[]", "[]", -1241056759729112623},
    {"record", "{\"fields\":[], \"type\":\"record\", \"name\":\"foo\", \"doc\":\"d\"}",
     "{\"name\":\"foo\",\"type\":\"record\",\"fields\":[]}", -4824392279771201922},
    {"namespace", "{\"fields\":[], \"type\":\"record\", \"name\":\"foo\", \"namespace\":\"x.y\"}",
     "{\"name\":\"x.y.foo\",\"type\":\"record\",\"fields\":[]}", 5916914534497305771},
    {"name with dots beats the namespace",
     "{\"fields\":[], \"type\":\"record\", \"name\":\"a.b.foo\", \"namespace\":\"x.y\"}",
     "{\"name\":\"a.b.foo\",\"type\":\"record\",\"fields\":[]}", -4616218487480524110},
    {"fixed", "{\"size\":15, \"type\":\"fixed\", \"name\":\"foo\", \"namespace\":\"x.y\"}",
     "{\"name\":\"x.y.foo\",\"type\":\"fixed\",\"size\":15}", 0},
    {"enum", "{\"symbols\":[\"A\",\"B\"], \"default\":\"A\", \"type\":\"enum\", \"name\":\"E\"}",
     "{\"name\":\"E\",\"type\":\"enum\",\"symbols\":[\"A\",\"B\"]}", 0},
    {"array", "{\"items\":{\"type\":\"null\"}, \"type\":\"array\", \"x\":1}",
     "{\"type\":\"array\",\"items\":\"null\"}", -589620603366471059},
    {"map", "{\"values\":\"string\", \"type\":\"map\"}", "{\"type\":\"map\",\"values\":\"string\"}",
     -8732877298790414990},
    {"type within type", "{\"type\":{\"type\":\"map\",\"values\":\"int\"}}",
     "{\"type\":\"map\",\"values\":\"int\"}", 0},
    {"references get the namespace around them",
     "{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"n\",\"fields\":["
     "{\"name\":\"a\",\"default\":1,\"type\":[\"null\",\"R\"]},"
     "{\"name\":\"b\",\"type\":{\"type\":\"fixed\",\"name\":\"m.F\",\"size\":1}},"
     "{\"name\":\"c\",\"type\":{\"type\":\"record\",\"name\":\"o.S\",\"fields\":["
     "{\"name\":\"d\",\"type\":{\"type\":\"S\"}}]}}]}",
     "{\"name\":\"n.R\",\"type\":\"record\",\"fields\":["
     "{\"name\":\"a\",\"type\":[\"null\",\"n.R\"]},"
     "{\"name\":\"b\",\"type\":{\"name\":\"m.F\",\"type\":\"fixed\",\"size\":1}},"
     "{\"name\":\"c\",\"type\":{\"name\":\"o.S\",\"type\":\"record\",\"fields\":["
     "{\"name\":\"d\",\"type\":\"o.S\"}]}}]}",
     0},
};

static void has_its_form(void **state)
{
    const struct example *example = *state;
    json_t *json = json_loads(example->json, JSON_DECODE_ANY, NULL);
    char *canonical = canonical_form(json);

    assert_string_equal(canonical, example->canonical);
    if (example->fingerprint != 0)
        assert_int_equal(canonical_fingerprint(canonical, strlen(canonical)),
                         (uint64_t)example->fingerprint);
    free(canonical);
    json_decref(json);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(examples)];

    for (size_t i = 0; i < COUNT(examples); i++)
        tests[i] = EXAMPLE(has_its_form, &examples[i]);
    return cmocka_run_group_tests_name("canonical", tests, NULL, NULL);
}
