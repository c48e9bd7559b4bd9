/* Values in HTML: escaped, whole, or refused. */
#include "services/consent/render.h"

#include <string.h>

#include "services/consent/html.h"
#include "tests/support/test.h"

static struct text_entry values[] = {
    {"name", "Žofie"},
    {"markup", "<script>alert('1' & \"2\")</script>"},
    {"entity", "&lt;"},
    {"nested", "{{name}}"},
    {"hidden", "a\x01"
               "b\xe2\x80\xae"
               "c\nd"},
    {"empty", ""},
};
static const struct text_map variables = {values, COUNT(values)};

static const struct render_example {
    const char *name;
    const char *html;
    enum rendering rendering;
    const char *expected;
} examples[] = {
    {"no variable", "<p>a { b } &amp;</p>", RENDERING_DONE, "<p>a { b } &amp;</p>"},
    {"a value", "<p>Já, {{name}}.</p>", RENDERING_DONE, "<p>Já, Žofie.</p>"},
    {"twice, side by side", "{{name}}{{name}}", RENDERING_DONE, "ŽofieŽofie"},
    {"markup", "<b>{{markup}}</b>", RENDERING_DONE,
     "<b>&lt;script&gt;alert(&#39;1&#39; &amp; &quot;2&quot;)&lt;/script&gt;</b>"},
    {"a reference", "{{entity}}", RENDERING_DONE, "&amp;lt;"},
    {"a value is not read again", "{{nested}}", RENDERING_DONE, "{{name}}"},
    {"what does not show", "{{hidden}}", RENDERING_DONE,
     "a\xef\xbf\xbd"
     "b\xef\xbf\xbd"
     "c\nd"},
    {"an empty value", "a{{empty}}b", RENDERING_DONE, "ab"},
    {"a brace before a variable", "{ {{name}} }", RENDERING_DONE, "{ Žofie }"},
    {"no value", "{{name}} {{other}}", RENDERING_VARIABLE_MISSING, NULL},
    {"a value under half the name", "{{nam}}", RENDERING_VARIABLE_MISSING, NULL},
    {"a value in another case", "{{Name}}", RENDERING_VARIABLE_MISSING, NULL},
};

static void is_rendered(void **state)
{
    const struct render_example *example = *state;
    struct arena arena = {0};
    const char *out = NULL;

    assert_int_equal(html_render(example->html, &variables, &arena, &out), example->rendering);
    if (example->expected == NULL)
        assert_null(out);
    else
        assert_string_equal(out, example->expected);
    arena_done(&arena);
}

/* A text just as large as allowed, and one byte larger, by a value. */
static void a_rendered_text_is_so_large(void **state)
{
    static char html[HTML_BYTES_MAX + 1];
    struct arena arena = {0};
    const char *out = NULL;

    (void)state;
    memset(html, 'a', HTML_BYTES_MAX - 6);
    memcpy(html + HTML_BYTES_MAX - 6 - 8, "{{name}}", 8);
    html[HTML_BYTES_MAX - 6] = '\0';
    assert_int_equal(html_render(html, &variables, &arena, &out), RENDERING_DONE);
    assert_int_equal(strlen(out), HTML_BYTES_MAX - 6 - 8 + strlen("Žofie"));
    memset(html, 'a', HTML_BYTES_MAX);
    memcpy(html + HTML_BYTES_MAX - 10, "{{markup}}", 10);
    out = NULL;
    assert_int_equal(html_render(html, &variables, &arena, &out), RENDERING_TOO_LARGE);
    assert_null(out);
    arena_done(&arena);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(examples) + 1] = {
        cmocka_unit_test(a_rendered_text_is_so_large),
    };

    for (size_t i = 0; i < COUNT(examples); i++)
        tests[1 + i] = EXAMPLE(is_rendered, &examples[i]);
    return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
