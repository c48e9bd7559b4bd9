/* Each line is one JSON object, whatever is in its texts, and never too long for one write. */
#include "common/core/log.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/core/base.h"
#include "common/core/timestamp.h"
#include "tests/support/test.h"

enum { CAPTURE_SIZE = 65536 };

static char captured[CAPTURE_SIZE];

/* What the call writes to stdout; cmocka's own output goes there too, but not meanwhile. */
static size_t capture(enum log_level level, const char *message, const struct log_field *fields,
                      size_t count)
{
    int saved = dup(STDOUT_FILENO);
    int pipes[2];

    assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
    assert_int_equal(fflush(stdout), 0);
    assert_true(dup2(pipes[1], STDOUT_FILENO) >= 0);
    log_line_array(level, message, fields, count);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);

    ssize_t size = read(pipes[0], captured, sizeof captured - 1);
    captured[size > 0 ? size : 0] = '\0';
    close(pipes[0]);
    close(pipes[1]);
    close(saved);
    return size > 0 ? (size_t)size : 0;
}

static json_t *parsed(size_t size)
{
    json_error_t error;
    json_t *line = json_loadb(captured, size, JSON_REJECT_DUPLICATES, &error);

    if (line == NULL)
        fail_msg("%s: %s", error.text, captured);
    assert_int_equal(captured[size - 1], '\n');
    assert_ptr_equal(strchr(captured, '\n'), captured + size - 1);
    return line;
}

static const char *text_of(const json_t *line, const char *name)
{
    const char *text = json_string_value(json_object_get(line, name));

    return text == NULL ? "(absent)" : text;
}

static void has_time_level_service_and_fields(void **state)
{
    const struct log_field fields[] = {LOG_TEXT("topic", "a.b"), LOG_INT("offset", INT64_MIN),
                                       LOG_TEXT("absent", NULL)};
    json_t *line = parsed(capture(LOG_WARNING, "batch committed", fields, COUNT(fields)));
    int64_t ms;

    (void)state;
    assert_true(time_parse(text_of(line, "time"), &ms));
    assert_string_equal(text_of(line, "level"), "warning");
    assert_string_equal(text_of(line, "service"), "test");
    assert_string_equal(text_of(line, "message"), "batch committed");
    assert_string_equal(text_of(line, "topic"), "a.b");
    assert_true(json_integer_value(json_object_get(line, "offset")) == INT64_MIN);
    assert_true(json_is_null(json_object_get(line, "absent")));
    assert_int_equal(json_object_size(line), 7);
    json_decref(line);
}

static void leaves_out_what_is_below_its_level(void **state)
{
    (void)state;
    assert_int_equal(capture(LOG_INFO, "unheard", NULL, 0), 0);
    assert_true(capture(LOG_ERROR, "heard", NULL, 0) > 0);
}

static const struct example {
    const char *name, *text, *expected;
} examples[] = {
    {"quotes and backslashes", "a\"b\\c", "a\"b\\c"},
    {"line ends", "a\nb\rc\td", "a\nb\rc\td"},
    {"control characters", "\x01\x1f\x7f\b\f", "\x01\x1f\x7f\b\f"},
    {"a forged line", "x\"}\n{\"level\":\"info", "x\"}\n{\"level\":\"info"},
    {"letters of four alphabets", "žluťoučký Ωмега 漢字 🙂",
     "žluťoučký Ωмега 漢字 🙂"},
    {"a stray byte",
     "a\xff"
     "b",
     "a\xef\xbf\xbd"
     "b"},
    {"an overlong form", "\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"a surrogate", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"beyond Unicode", "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"cut in a character", "a\xe2\x82", "a\xef\xbf\xbd\xef\xbf\xbd"},
    {"empty", "", ""},
};

static void escapes(void **state)
{
    const struct example *example = *state;
    const struct log_field field = LOG_TEXT("text", example->text);
    json_t *line = parsed(capture(LOG_ERROR, example->text, &field, 1));

    assert_string_equal(text_of(line, "text"), example->expected);
    assert_string_equal(text_of(line, "message"), example->expected);
    json_decref(line);
}

static void cuts_one_long_text(void **state)
{
    static char text[100000];
    const struct log_field fields[] = {LOG_TEXT("text", text), LOG_TEXT("after", "seen")};

    (void)state;
    memset(text, 'x', sizeof text - 1);
    json_t *line = parsed(capture(LOG_ERROR, "long", fields, COUNT(fields)));
    assert_in_range(strlen(text_of(line, "text")), 1000, 1100);
    assert_string_equal(text_of(line, "text") + strlen(text_of(line, "text")) - 3, "\xe2\x80\xa6");
    assert_string_equal(text_of(line, "after"), "seen");
    json_decref(line);
}

static void drops_fields_that_do_not_fit(void **state)
{
    static char text[100000];
    struct log_field fields[50];
    static char names[COUNT(fields)][8];

    (void)state;
    memset(text, '\x01', sizeof text - 1); /* six bytes each */
    for (size_t i = 0; i < COUNT(fields); i++) {
        assert_true(snprintf(names[i], sizeof names[i], "f%zu", i) > 0);
        fields[i] = LOG_TEXT(names[i], text);
    }

    size_t size = capture(LOG_ERROR, text, fields, COUNT(fields));
    json_t *line = parsed(size);
    assert_true(size <= PIPE_BUF);
    assert_true(json_is_true(json_object_get(line, "cut")));
    assert_string_equal(text_of(line, "level"), "error");
    assert_true(json_object_size(line) >= 6);
    json_decref(line);
}

enum { SINGLE = 4 };

int main(void)
{
    struct CMUnitTest tests[COUNT(examples) + SINGLE] = {
        cmocka_unit_test(has_time_level_service_and_fields),
        cmocka_unit_test(leaves_out_what_is_below_its_level),
        cmocka_unit_test(cuts_one_long_text),
        cmocka_unit_test(drops_fields_that_do_not_fit),
    };

    log_start("test", LOG_WARNING);
    for (size_t i = 0; i < COUNT(examples); i++)
        tests[SINGLE + i] = EXAMPLE(escapes, &examples[i]);
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
