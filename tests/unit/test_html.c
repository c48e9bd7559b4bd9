/* What HTML is taken for texts of consents, and what is refused, by line and reason. */
#include "services/consent/html.h"

#include <stdlib.h>
#include <string.h>

#include "services/consent/html_text.h"
#include "tests/support/test.h"

enum { MISTAKES_MAX = 4 };

struct html_example {
    const char *name;
    const char *text;
    const char *mistakes[MISTAKES_MAX]; /* NULL ends them */
    size_t size;                        /* 0: up to the NUL */
};

#define PAGE                                                                                       \
    "<article lang=\"cs\" class='consent a-b'>\r\n"                                                \
    "<h1 id=\"top\">Souhlas &mdash; GDPR &#169; &#xA9;</h1>\n"                                     \
    "<p title=\"a &quot;b&quot; > c\">Já, <strong>{{name}}</strong>, souhlas\xc3\xad"             \
    "m.<br><br/><BR /></p>\n"                                                                      \
    "<ol start=\"3\"><li>a<ul><li>b</li></ul></li></ol>\n"                                         \
    "<table><thead><tr><th scope=\"col\" colspan=\"2\">x</th></tr></thead><tbody><tr>"             \
    "<td rowspan='10'>y</td></tr></tbody></table>\n"                                               \
    "<p><a href=\"https://example.com/a?b=c&amp;d=%20#e\">x</a> <a href='mailto:a@example.com'>"   \
    "y</a> <a href=\"tel:+420600000001\">z</a> <A HREF=\"#top\">\t1 > 0 { } it's \"q\"</a></p>\n"  \
    "<hr ></article>\n"

/* clang-format off */
static const struct html_example examples[] = {
    {"a page", PAGE, {0}, 0},
    {"text alone", "Souhlas\xc3\xad" "m.", {0}, 0},
    {"a family emoji: joiners are allowed", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7", {0}, 0},

    {"a script", "<p>a</p>\n<script>alert(1)</script>",
     {"line 2: element <script> is not allowed", "line 2: </script> is not allowed"}, 0},
    {"a script in capitals", "<ScRiPt>", {"line 1: element <ScRiPt> is not allowed"}, 0},
    {"a script with a slash", "<script/src=\"https://example.com\">", {"line 1: element <script> is not allowed"}, 0},
    {"a script half open", "<p>\n<<script>alert(1)//<</p>",
     {"line 2: < begins no element; write &lt;", "line 2: element <script> is not allowed", "line 2: < begins no element; write &lt;"}, 0},
    {"a script with no end", "<script", {"line 1: element <script> is not allowed"}, 0},
    {"an image", "<img src=x onerror=alert(1)>", {"line 1: element <img> is not allowed"}, 0},
    {"a vector image", "<svg><p></p></svg>", {"line 1: element <svg> is not allowed", "line 1: </svg> is not allowed"}, 0},
    {"a frame", "<iframe src=\"https://example.com\"></iframe>",
     {"line 1: element <iframe> is not allowed", "line 1: </iframe> is not allowed"}, 0},
    {"a style", "<style>p{}</style>", {"line 1: element <style> is not allowed", "line 1: </style> is not allowed"}, 0},
    {"a form", "<form action='https://example.com'>", {"line 1: element <form> is not allowed"}, 0},
    {"a base", "<base href='https://example.com'>", {"line 1: element <base> is not allowed"}, 0},
    {"a refresh", "<meta http-equiv='refresh'>", {"line 1: element <meta> is not allowed"}, 0},
    {"an element of one's own", "<x-y>", {"line 1: element <x-y> is not allowed"}, 0},
    {"an element with a namespace", "<a:p>x</a>",
     {"line 1: <a> has no end where it wants one", "line 1: </a> closes nothing"}, 0},
    {"a name of 20 letters is cut", "<abcdefghijklmnopqrst>", {"line 1: element <abcdefghijklmnop> is not allowed"}, 0},

    {"an event handler", "<p onclick=\"alert(1)\">a</p>", {"line 1: attribute onclick is not allowed in <p>"}, 0},
    {"an event handler without quotes", "<p onclick=alert(1)>a</p>",
     {"line 1: attribute onclick wants a value in quotes", "line 1: </p> closes nothing"}, 0},
    {"an event handler behind a slash", "<p/onclick='x'>a</p>",
     {"line 1: <p> has no end where it wants one", "line 1: </p> closes nothing"}, 0},
    {"an event handler right behind a value", "<p id='a'onclick='x'>a</p>",
     {"line 1: <p> has no end where it wants one", "line 1: </p> closes nothing"}, 0},
    {"a style attribute", "<p style='color:red'>a</p>", {"line 1: attribute style is not allowed in <p>"}, 0},
    {"an attribute of another element", "<p href='https://example.com'>a</p>", {"line 1: attribute href is not allowed in <p>"}, 0},
    {"an attribute without a value", "<p id>a</p>",
     {"line 1: attribute id wants a value in quotes", "line 1: </p> closes nothing"}, 0},
    {"an attribute with spaces around =", "<p id = 'a'>a</p>",
     {"line 1: attribute id wants a value in quotes", "line 1: </p> closes nothing"}, 0},
    {"an attribute twice", "<p id='a' ID='b'>a</p>", {"line 1: attribute id stands there twice"}, 0},
    {"a value that is not closed", "<p\nid='a>x</p>", {"line 2: a value is not closed"}, 0},
    {"a tag in a value", "<p title='<script>'>a</p>", {"line 1: < in a value; write &lt;"}, 0},
    {"a bare & in a value", "<p title='a & b'>a</p>", {"line 1: & begins no reference; write &amp;"}, 0},
    {"a variable in a value", "<a href='https://{{host}}'>a</a>",
     {"line 1: a variable in a value", "line 1: attribute href wants a link to https://, mailto:, tel: or #"}, 0},
    {"a quote for a name", "<p \"\">a</p>",
     {"line 1: neither an attribute nor the end of <p>", "line 1: </p> closes nothing"}, 0},
    {"a class of quotes", "<p class='a\"b'>a</p>",
     {"line 1: attribute class wants letters, digits, dashes, underscores, spaces"}, 0},
    {"an empty id", "<p id=''>a</p>", {"line 1: attribute id wants letters, digits, dashes, underscores"}, 0},
    {"a direction", "<p dir='up'>a</p>", {"line 1: attribute dir wants ltr, rtl or auto"}, 0},
    {"a span of 0", "<table><tr><td colspan='0'></td></tr></table>", {"line 1: attribute colspan wants a number from 1 to 999"}, 0},
    {"a span of thousands", "<table><tr><td colspan='1000'></td></tr></table>", {"line 1: attribute colspan wants a number from 1 to 999"}, 0},
    {"a scope", "<table><tr><th scope='all'></th></tr></table>", {"line 1: attribute scope wants row, col, rowgroup or colgroup"}, 0},
    {"a language", "<p lang='c s'>a</p>", {"line 1: attribute lang wants a language"}, 0},

#define LINK(name, value) {name, "<a href=\"" value "\">a</a>", {"line 1: attribute href wants a link to https://, mailto:, tel: or #"}, 0}
#define HALF_LINK(name, value, mistake) {name, "<a href=\"" value "\">a</a>", \
     {"line 1: " mistake, "line 1: attribute href wants a link to https://, mailto:, tel: or #"}, 0}
    LINK("javascript", "javascript:alert(1)"),
    LINK("javascript in capitals", "JaVaScRiPt:alert(1)"),
    LINK("javascript behind a space", " javascript:alert(1)"),
    LINK("javascript with a tab", "java\tscript:alert(1)"),
    {"javascript with a line end", "<a href=\"java\nscript:alert(1)\">a</a>",
     {"line 2: attribute href wants a link to https://, mailto:, tel: or #"}, 0},
    LINK("javascript by a reference", "&#106;avascript:alert(1)"),
    HALF_LINK("javascript by a reference without its end", "&#106avascript:alert(1)", "& begins no reference; write &amp;"),
    LINK("data", "data:text/html;base64,PHNjcmlwdD4="),
    LINK("vbscript", "vbscript:x"),
    LINK("http", "http://example.com"),
    LINK("https in capitals", "HTTPS://example.com"),
    LINK("a host by the page's scheme", "//example.com"),
    LINK("a path", "/logout"),
    LINK("empty", ""),
    LINK("https and nothing", "https://"),
    LINK("a space in a link", "https://example.com/a b"),
    LINK("a backslash", "https://example.com\\@evil.example"),
    LINK("a quote by a reference", "https://example.com/&quot;"),
    LINK("a letter beyond ASCII", "https://ex\xc3\xa1mple.com"),

    {"a comment", "<p><!-- x --></p>", {"line 1: a comment is not allowed"}, 0},
    {"a condition for old browsers", "<!--[if IE]><b><![endif]-->",
     {"line 1: a comment is not allowed", "line 1: < begins no element; write &lt;", "line 1: <b> is not closed"}, 0},
    {"a document type", "<!DOCTYPE html>", {"line 1: < begins no element; write &lt;"}, 0},
    {"CDATA", "<![CDATA[x]]>", {"line 1: < begins no element; write &lt;"}, 0},
    {"PHP", "<?php ?>", {"line 1: < begins no element; write &lt;"}, 0},
    {"a bare <", "1 < 2", {"line 1: < begins no element; write &lt;"}, 0},
    {"< at the end", "a<", {"line 1: < begins no element; write &lt;"}, 0},
    {"</ at the end", "a</", {"line 1: an end tag wants a name and > only"}, 0},
    {"an end tag without a name", "a</>", {"line 1: </> is not allowed"}, 0},
    {"an end tag with an attribute", "<p>a</p id='x'>",
     {"line 1: an end tag wants a name and > only", "line 1: <p> is not closed"}, 0},
    {"an element cut off", "<p>a</p><p", {"line 1: <p> has no end where it wants one"}, 0},

    {"not closed", "<p>\n<b>x\n</p>\n<i>", {"line 3: </p> comes before the end of <b> in line 2", "line 4: <i> is not closed"}, 0},
    {"closed in the wrong order", "<b><i>x</b></i>",
     {"line 1: </b> comes before the end of <i> in line 1", "line 1: </i> closes nothing"}, 0},
    {"closed twice", "<p>x</p></p>", {"line 1: </p> closes nothing"}, 0},
    {"a void element closed", "<br></br>", {"line 1: </br> is not allowed"}, 0},
    {"closes itself though it may not", "<p/>x", {"line 1: <p> has no end where it wants one"}, 0},
    {"an item outside of a list", "<li>x</li>", {"line 1: <li> stands outside of its place: ol ul"}, 0},
    {"a cell outside of a row", "<table><td>x</td></table>", {"line 1: <td> stands outside of its place: tr"}, 0},

    {"a bare &", "a & b", {"line 1: & begins no reference; write &amp;"}, 0},
    {"& at the end", "a &", {"line 1: & begins no reference; write &amp;"}, 0},
    {"an unknown reference", "&foo;", {"line 1: the reference behind & is not allowed"}, 0},
    {"a reference in the wrong case", "&AMP;", {"line 1: the reference behind & is not allowed"}, 0},
    {"a reference to NUL", "&#0;", {"line 1: the reference behind & is not allowed"}, 0},
    {"a reference to a control", "&#x1b;", {"line 1: the reference behind & is not allowed"}, 0},
    {"a reference to half a pair", "&#xD800;", {"line 1: the reference behind & is not allowed"}, 0},
    {"a reference that turns the direction", "&#x202e;", {"line 1: the reference behind & is not allowed"}, 0},
    {"a reference beyond all characters", "&#x110000;", {"line 1: the reference behind & is not allowed"}, 0},
    {"a reference of many digits", "&#99999999999999999999;", {"line 1: & begins no reference; write &amp;"}, 0},
    {"a reference with a sign", "&#-1;", {"line 1: the reference behind & is not allowed"}, 0},
    {"a reference without a number", "&#;", {"line 1: the reference behind & is not allowed"}, 0},
    {"a reference without a hexadecimal number", "&#x;", {"line 1: the reference behind & is not allowed"}, 0},

    {"NUL", "a\nb\0c", {"line 2: U+0000 is not allowed"}, 5},
    {"an escape", "a\x1b[31m", {"line 1: U+001B is not allowed"}, 0},
    {"a form feed, which is white space in HTML", "<p\fonclick='x'>", {"line 1: U+000C is not allowed"}, 0},
    {"a byte order mark", "\xef\xbb\xbf<p>a</p>", {"line 1: U+FEFF is not allowed"}, 0},
    {"text turned around", "a\n\n\xe2\x80\xae" "b", {"line 3: U+202E is not allowed"}, 0},
    {"an invisible tag", "a\xf3\xa0\x81\x81", {"line 1: U+E0041 is not allowed"}, 0},
    {"an overlong <", "\n\xc0\xbcscript>", {"line 2: is not UTF-8"}, 0},
    {"half a pair", "\xed\xa0\x80", {"line 1: is not UTF-8"}, 0},
    {"a character cut off", "a\xc3", {"line 1: is not UTF-8"}, 0},
    {"UTF-16", "<\0p\0>\0", {"line 1: U+0000 is not allowed", "line 1: U+0000 is not allowed", "line 1: U+0000 is not allowed"}, 6},
    {"nothing", "", {"line 1: there is no text"}, 0},
    {"white space", " \n\t", {"line 2: there is no text"}, 0},

    {"an open variable", "{{name", {"line 1: {{ begins no variable; write {{name}}"}, 0},
    {"a variable with a space", "{{ name }}", {"line 1: {{ begins no variable; write {{name}}", "line 1: }} ends no variable"}, 0},
    {"a variable with a digit first", "{{1a}}", {"line 1: {{ begins no variable; write {{name}}", "line 1: }} ends no variable"}, 0},
    {"an empty variable", "{{}}", {"line 1: {{ begins no variable; write {{name}}", "line 1: }} ends no variable"}, 0},
    {"a variable with a brace too many", "{{{a}}", {"line 1: {{ begins no variable; write {{name}}", "line 1: }} ends no variable"}, 0},
    {"a tag in a variable", "{{<b>}}</b>", {"line 1: {{ begins no variable; write {{name}}", "line 1: }} ends no variable"}, 0},
};
/* clang-format on */

/* The text gets just its size, so that the sanitizer sees who reads beyond it. */
static void check(const char *text, size_t size, struct problems *problems)
{
    char *copy = malloc(size == 0 ? 1 : size);

    assert_non_null(copy);
    memcpy(copy, text, size);
    problems->count = 0;
    html_check(copy, size, problems);
    free(copy);
}

static void is_judged(void **state)
{
    const struct html_example *example = *state;
    static struct problems problems;
    size_t size = example->size != 0 ? example->size : strlen(example->text);
    size_t count = 0;

    check(example->text, size, &problems);
    while (count < MISTAKES_MAX && example->mistakes[count] != NULL)
        count++;
    for (size_t i = 0; i < count && i < problems.count; i++)
        assert_string_equal(problems.items[i], example->mistakes[i]);
    if (problems.count > count)
        fail_msg("one too many: %s", problems.items[count]);
    assert_int_equal(problems.count, count);
}

/* Nothing is read beyond the end, and no half of a page is good that leaves something open. */
static void every_part_of_a_page_is_survived(void **state)
{
    static struct problems problems;

    (void)state;
    for (size_t size = 0; size < sizeof PAGE - 1; size++) {
        check(PAGE, size, &problems);
        if (size < sizeof PAGE - 2)
            assert_true(problems.count > 0);
    }
}

/* Every byte of a page in turn becomes each of those that mean something. */
static void a_page_with_a_byte_changed_is_survived(void **state)
{
    static const char bytes[] = "<>\"'&;/={}!-#: \n\x7f\xc3\xff";
    static struct problems problems;
    static char page[] = PAGE;

    (void)state;
    for (size_t i = 0; i < sizeof PAGE - 1; i++) {
        for (size_t k = 0; k < sizeof bytes; k++) { /* its NUL included */
            page[i] = bytes[k];
            check(page, sizeof page - 1, &problems);
        }
        page[i] = PAGE[i];
    }
    check(page, sizeof page - 1, &problems);
    assert_int_equal(problems.count, 0);
}

static void elements_are_nested_so_deep(void **state)
{
    static struct problems problems;
    char text[(HTML_DEPTH_MAX + 1) * 7];
    size_t size = 0;

    (void)state;
    for (int depth = HTML_DEPTH_MAX; depth <= HTML_DEPTH_MAX + 1; depth++) {
        size = 0;
        for (int i = 0; i < depth; i++, size += 3)
            memcpy(text + size, "<b>", 3);
        for (int i = 0; i < depth; i++, size += 4)
            memcpy(text + size, "</b>", 4);
        check(text, size, &problems);
        assert_int_equal(problems.count, depth > HTML_DEPTH_MAX);
    }
    assert_string_equal(problems.items[0], "line 1: more than 32 elements inside each other");
}

static void a_text_is_so_large(void **state)
{
    static struct problems problems;
    static char text[HTML_BYTES_MAX + 1];

    (void)state;
    memset(text, 'a', sizeof text);
    check(text, HTML_BYTES_MAX, &problems);
    assert_int_equal(problems.count, 0);
    check(text, HTML_BYTES_MAX + 1, &problems);
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.items[0], "line 1: the text has more than 524288 bytes");
}

static void a_variable_has_a_name_so_long(void **state)
{
    static const char text[] = "{{abcdefghijklmnopqrstuvwxyz_12345}}";
    static const char longer[] = "{{abcdefghijklmnopqrstuvwxyz_123456}}";

    (void)state;
    assert_int_equal(sizeof text - 1 - 4, HTML_VARIABLE_BYTES_MAX);
    assert_int_equal(html_variable(text, sizeof text - 1), sizeof text - 1);
    assert_int_equal(html_variable(longer, sizeof longer - 1), 0);
    for (size_t size = 0; size < sizeof text - 1; size++)
        assert_int_equal(html_variable(text, size), 0);
}

enum { SINGLE = 5 };

int main(void)
{
    struct CMUnitTest tests[COUNT(examples) + SINGLE] = {
        cmocka_unit_test(every_part_of_a_page_is_survived),
        cmocka_unit_test(a_page_with_a_byte_changed_is_survived),
        cmocka_unit_test(elements_are_nested_so_deep),
        cmocka_unit_test(a_text_is_so_large),
        cmocka_unit_test(a_variable_has_a_name_so_long),
    };

    for (size_t i = 0; i < COUNT(examples); i++)
        tests[SINGLE + i] = EXAMPLE(is_judged, &examples[i]);
    return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
