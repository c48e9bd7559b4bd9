/* Lines from a descriptor, whole and in pieces, too long ones skipped. */
#include "services/cli/lines.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"

static int file_of(const char *text, size_t size)
{
    int fd = memfd_create("lines", 0);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), size);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static struct line next(struct line_reader *reader)
{
    struct error error;
    struct line line;

    assert_true(lines_next(reader, &line, &error));
    return line;
}

static void assert_line(struct line_reader *reader, const char *text)
{
    struct line line = next(reader);

    assert_non_null(line.text);
    assert_false(line.too_long);
    assert_int_equal(line.size, strlen(text));
    assert_memory_equal(line.text, text, line.size);
}

static void lines_come_one_by_one(void **state)
{
    static const char text[] = "one\n\nthree\nlast";
    int fd = file_of(text, sizeof text - 1);
    struct line_reader reader;

    (void)state;
    lines_open(&reader, fd);
    assert_line(&reader, "one");
    assert_line(&reader, "");
    assert_line(&reader, "three");
    assert_int_equal(reader.number, 3);
    assert_line(&reader, "last");
    assert_null(next(&reader).text);
    assert_null(next(&reader).text);
    lines_close(&reader);
    close(fd);
}

static void an_empty_file_has_no_line(void **state)
{
    int fd = file_of("", 0);
    struct line_reader reader;

    (void)state;
    lines_open(&reader, fd);
    assert_null(next(&reader).text);
    lines_close(&reader);
    close(fd);
}

static void a_line_comes_in_pieces(void **state)
{
    int ends[2];
    struct line_reader reader;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    lines_open(&reader, ends[0]);
    assert_int_equal(write(ends[1], "a\nbe", 4), 4);
    assert_line(&reader, "a");
    assert_int_equal(write(ends[1], "hind\n", 5), 5);
    assert_line(&reader, "behind");
    close(ends[1]);
    assert_null(next(&reader).text);
    lines_close(&reader);
    close(ends[0]);
}

/* A line of `size` bytes between two short ones. */
static void read_around(size_t size, bool too_long)
{
    char *text = malloc(size + 16);
    struct line_reader reader;
    struct line line;

    assert_non_null(text);
    memset(text, 'x', size + 16);
    memcpy(text, "a\n", 2);
    memcpy(text + 2 + size, "\nb\n", 3);
    int fd = file_of(text, size + 5);
    lines_open(&reader, fd);
    assert_line(&reader, "a");
    line = next(&reader);
    assert_int_equal(line.too_long, too_long);
    assert_int_equal(line.size, too_long ? 0 : size);
    assert_line(&reader, "b");
    assert_int_equal(reader.number, 3);
    assert_null(next(&reader).text);
    lines_close(&reader);
    close(fd);
    free(text);
}

static void the_longest_line_is_given(void **state)
{
    (void)state;
    read_around(LINE_BYTES_MAX, false);
}

static void longer_lines_are_skipped(void **state)
{
    (void)state;
    read_around(LINE_BYTES_MAX + 1, true);
    read_around(3 * (size_t)LINE_BYTES_MAX, true);
}

static void what_cannot_be_read_is_an_error(void **state)
{
    struct line_reader reader;
    struct error error;
    struct line line;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    lines_open(&reader, ends[1]); /* the end for writing */
    assert_false(lines_next(&reader, &line, &error));
    lines_close(&reader);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_one_by_one),
        cmocka_unit_test(an_empty_file_has_no_line),
        cmocka_unit_test(a_line_comes_in_pieces),
        cmocka_unit_test(the_longest_line_is_given),
        cmocka_unit_test(longer_lines_are_skipped),
        cmocka_unit_test(what_cannot_be_read_is_an_error),
    };

    return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
