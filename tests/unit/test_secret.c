/* Secret files: what is in them, and which are not taken. */
#include "common/core/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/test.h"

#define KEY       "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaG/z9/v8=" /* 00 01 … 1b fc fd fe ff */
#define NO_KEY    "names a file that does not hold 32 bytes in base64"
#define OPEN_FILE "names a file that others may read; chmod 600 mends it"

static char directory[] = "/tmp/onboarding-secret-XXXXXX";
static char path[sizeof directory + 8];
static char big[SECRET_BYTES_MAX + 2];

static int make_directory(void **state)
{
    (void)state;
    memset(big, 'x', sizeof big);
    if (mkdtemp(directory) == NULL || snprintf(path, sizeof path, "%s/secret", directory) < 0)
        return -1;
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const char *text, size_t size, mode_t mode)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    assert_true(file >= 0);
    assert_int_equal(fchmod(file, mode), 0); /* whatever the umask */
    assert_int_equal(write(file, text, size), size);
    assert_int_equal(close(file), 0);
}

#define TEXT(text) text, sizeof(text) - 1

/* clang-format off */
static const struct text {
    const char *name, *content;
    size_t size;
    mode_t mode;
    const char *text, *fault; /* one of the two */
} texts[] = {
    {"plain", TEXT("s3cret"), 0600, "s3cret", NULL},
    {"read-only", TEXT("s3cret"), 0400, "s3cret", NULL},
    {"a final newline is cut", TEXT("s3cret\n"), 0600, "s3cret", NULL},
    {"a final CRLF is cut", TEXT("s3cret\r\n"), 0600, "s3cret", NULL},
    {"only one is cut", TEXT("s3cret\n\n"), 0600, "s3cret\n", NULL},
    {"spaces belong to it", TEXT(" s3 cret "), 0600, " s3 cret ", NULL},
    {"empty", TEXT(""), 0600, NULL, "names a file that is empty"},
    {"only a newline", TEXT("\n"), 0600, NULL, "names a file that is empty"},
    {"NUL", TEXT("s3\0cret"), 0600, NULL, "names a file with a NUL inside"},
    {"world-readable", TEXT("s3cret"), 0604, NULL, OPEN_FILE},
    {"group-readable", TEXT("s3cret"), 0640, NULL, OPEN_FILE},
    {"group-writable", TEXT("s3cret"), 0620, NULL, OPEN_FILE},
    {"a byte too large", big, SECRET_BYTES_MAX + 1, 0600, NULL, "names a file larger than 64 KiB"},
};

static const struct key_file {
    const char *name, *content;
    size_t size;
    mode_t mode;
    const char *fault;
} keys[] = {
    {"32 bytes", TEXT(KEY), 0600, NULL},
    {"32 bytes and a newline", TEXT(KEY "\n"), 0600, NULL},
    {"31 bytes", TEXT("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaG/z9/g=="), 0600, NO_KEY},
    {"33 bytes", TEXT("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaG/z9/v8A"), 0600, NO_KEY},
    {"no padding", TEXT("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaG/z9/v8"), 0600, NO_KEY},
    {"URL alphabet", TEXT("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaG_z9_v8="), 0600, NO_KEY},
    {"bits left over", TEXT("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaG/z9/v9="), 0600, NO_KEY},
    {"space inside", TEXT("AAECAwQFBgcICQoLDA0ODx REhMUFRYXGBkaG/z9/v8="), 0600, NO_KEY},
    {"newline inside", TEXT("AAECAwQFBgcICQoLDA0ODx\nREhMUFRYXGBkaG/z9/v8="), 0600, NO_KEY},
    {"hexadecimal", TEXT("000102030405060708090a0b0c0d0e0f"), 0600, NO_KEY},
    {"raw bytes", TEXT("abcdefghijklmnopqrstuvwxyz012345"), 0600, NO_KEY},
    {"world-readable key", TEXT(KEY), 0644, OPEN_FILE},
};
/* clang-format on */

#define OTHER "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaG/z9/v4="
#define NO_RING                                                                                    \
    "names a file with a line that is not a number from 1 to 32767, a space and 32 bytes in "      \
    "base64"

/* clang-format off */
static const struct ring_file {
    const char *name, *content;
    size_t size;
    mode_t mode;
    const char *fault;
    int16_t newest;
    size_t count;
} rings[] = {
    {"one key", TEXT("1 " KEY "\n"), 0600, NULL, 1, 1},
    {"the last one is the newest", TEXT("32767 " KEY "\n7 " OTHER), 0600, NULL, 7, 2},
    {"the same key under two numbers", TEXT("1 " KEY "\n2 " KEY), 0600, NULL, 2, 2},
    {"a number twice", TEXT("1 " KEY "\n1 " OTHER), 0600, "names a file with a number that stands twice", 0, 0},
    {"number 0", TEXT("0 " KEY), 0600, NO_RING, 0, 0},
    {"a number too large", TEXT("32768 " KEY), 0600, NO_RING, 0, 0},
    {"six digits", TEXT("100001 " KEY), 0600, NO_RING, 0, 0},
    {"no number", TEXT(KEY), 0600, NO_RING, 0, 0},
    {"only a number", TEXT("1"), 0600, NO_RING, 0, 0},
    {"two spaces", TEXT("1  " KEY), 0600, NO_RING, 0, 0},
    {"no key", TEXT("1 AAEC"), 0600, NO_RING, 0, 0},
    {"an empty line", TEXT("1 " KEY "\n\n2 " OTHER), 0600, NO_RING, 0, 0},
    {"world-readable ring", TEXT("1 " KEY), 0604, OPEN_FILE, 0, 0},
};
/* clang-format on */

static void reads_ring(void **state)
{
    const struct ring_file *example = *state;
    struct key_ring ring = {.count = 0};
    char fault[PROBLEM_TEXT_SIZE] = "";

    write_file(example->content, example->size, example->mode);
    assert_true(secret_read_ring(path, &ring, fault) == (example->fault == NULL));
    assert_int_equal(ring.count, example->count);
    if (example->fault != NULL) {
        assert_string_equal(fault, example->fault);
        return;
    }
    assert_int_equal(ring.ids[ring.count - 1], example->newest);
    for (size_t i = 0; i < ring.count; i++) {
        assert_true(ring.keys[i].present);
        assert_int_equal(ring.keys[i].bytes[1], 1);
    }
}

static void bounds_a_ring(void **state)
{
    char text[(KEY_RING_MAX + 1) * (sizeof KEY + 3) + 1];
    size_t used = 0;
    struct key_ring ring;
    char fault[PROBLEM_TEXT_SIZE] = "";

    (void)state;
    for (int i = 1; i <= KEY_RING_MAX + 1; i++) {
        if (i == KEY_RING_MAX + 1) {
            write_file(text, used, 0600);
            assert_true(secret_read_ring(path, &ring, fault));
            assert_int_equal(ring.count, KEY_RING_MAX);
            assert_int_equal(unlink(path), 0);
        }
        used += (size_t)snprintf(text + used, sizeof text - used, "%d %s\n", i, KEY);
    }
    write_file(text, used, 0600);
    assert_false(secret_read_ring(path, &ring, fault));
    assert_string_equal(fault, "names a file with more than 32 keys");
}

static void reads_text(void **state)
{
    const struct text *example = *state;
    const char *text = NULL;
    char fault[PROBLEM_TEXT_SIZE] = "";

    write_file(example->content, example->size, example->mode);
    assert_true(secret_read_text(path, &text, fault) == (example->text != NULL));
    if (example->text != NULL)
        assert_string_equal(text, example->text);
    else
        assert_string_equal(fault, example->fault);
    free((char *)(uintptr_t)text);
}

static void reads_key(void **state)
{
    static const uint8_t tail[] = {0x1b, 0xfc, 0xfd, 0xfe, 0xff};
    const struct key_file *example = *state;
    struct key key = {0};
    char fault[PROBLEM_TEXT_SIZE] = "";

    write_file(example->content, example->size, example->mode);
    assert_true(secret_read_key(path, &key, fault) == (example->fault == NULL));
    assert_true(key.present == (example->fault == NULL));
    if (example->fault != NULL) {
        assert_string_equal(fault, example->fault);
        return;
    }
    for (uint8_t i = 0; i < 0x1b; i++)
        assert_int_equal(key.bytes[i], i);
    assert_memory_equal(key.bytes + 0x1b, tail, sizeof tail);
}

static void takes_the_largest_text(void **state)
{
    const char *text = NULL;
    char fault[PROBLEM_TEXT_SIZE];

    (void)state;
    write_file(big, SECRET_BYTES_MAX, 0600);
    assert_true(secret_read_text(path, &text, fault));
    assert_int_equal(strlen(text), SECRET_BYTES_MAX);
    free((char *)(uintptr_t)text);
}

static void refuses_what_is_no_file(void **state)
{
    const char *text = NULL;
    char fault[PROBLEM_TEXT_SIZE];

    (void)state;
    assert_false(secret_read_text(directory, &text, fault));
    assert_string_equal(fault, "names something that is not a regular file");
    assert_false(secret_read_text(path, &text, fault));
    assert_string_equal(fault, "names a file that cannot be read: No such file or directory");
}

/* As a Kubernetes volume with an fsGroup: root's, and readable for the pod's group. */
static void takes_roots_file_that_our_group_may_read(void **state)
{
    enum { NOBODY = 65534 };
    static const struct {
        mode_t mode;
        bool fine;
    } examples[] = {{0440, true}, {0640, true}, {0660, false}, {0444, false}};

    (void)state;
    if (geteuid() != 0)
        skip(); /* only root can make such a file */
    assert_int_equal(chmod(directory, 0755), 0);
    write_file(KEY, sizeof KEY - 1, 0600);
    assert_int_equal(chown(path, 0, NOBODY), 0);
    for (size_t i = 0; i < COUNT(examples); i++) {
        struct key key = {0};
        char fault[PROBLEM_TEXT_SIZE] = OPEN_FILE;
        assert_int_equal(chmod(path, examples[i].mode), 0);
        assert_int_equal(setegid(NOBODY), 0);
        assert_int_equal(seteuid(NOBODY), 0);
        bool fine = secret_read_key(path, &key, fault);
        assert_int_equal(seteuid(0), 0);
        assert_int_equal(setegid(0), 0);
        assert_int_equal(fine, examples[i].fine);
        assert_string_equal(fault, OPEN_FILE);
    }
    /* Of root's own program it is open. */
    char fault[PROBLEM_TEXT_SIZE];
    struct key key;
    assert_int_equal(chmod(path, 0640), 0);
    assert_false(secret_read_key(path, &key, fault));
}

/* Nobody writes to it: opening it without O_NONBLOCK would wait for ever. */
static void does_not_wait_for_a_fifo(void **state)
{
    const char *text = NULL;
    char fault[PROBLEM_TEXT_SIZE];

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(secret_read_text(path, &text, fault));
    assert_string_equal(fault, "names something that is not a regular file");
}

/* Through settings_read(), and gone after settings_wipe(). */
static void wipes_what_was_read(void **state)
{
    static struct config {
        struct key key;
        struct key_ring ring;
        const char *text;
    } config;
    static const struct setting settings[] = {
        {"ONBOARDING_KEY_FILE", SETTING_KEY_FILE, offsetof(struct config, key), NULL, "Key", 0, 0,
         NULL},
        {"ONBOARDING_TEXT_FILE", SETTING_SECRET_FILE, offsetof(struct config, text), NULL, "Text",
         0, 0, NULL}};
    static const struct key wiped;
    struct setting_group group = {settings, COUNT(settings), &config};
    struct problems problems = {0};
    char key[128], text[128];

    (void)state;
    write_file(KEY "\n", sizeof KEY, 0600);
    assert_true(snprintf(key, sizeof key, "ONBOARDING_KEY_FILE=%s", path) > 0);
    assert_true(snprintf(text, sizeof text, "ONBOARDING_TEXT_FILE=%s", path) > 0);
    settings_read(&group, 1, (char *const[]){key, text, NULL}, &problems);
    assert_int_equal(problems.count, 0);
    assert_true(config.key.present);
    assert_string_equal(config.text, KEY);

    settings_wipe(&group, 1);
    assert_memory_equal(&config.key, &wiped, sizeof wiped);
    for (size_t i = 0; i < sizeof KEY; i++)
        assert_int_equal(config.text[i], 0);
    free((char *)(uintptr_t)config.text);
    config.text = NULL;
}

#define TIDY(test) cmocka_unit_test_teardown(test, remove_file)

static const struct CMUnitTest singles[] = {
    TIDY(takes_the_largest_text),   TIDY(bounds_a_ring),
    TIDY(does_not_wait_for_a_fifo), TIDY(takes_roots_file_that_our_group_may_read),
    TIDY(wipes_what_was_read),      cmocka_unit_test(refuses_what_is_no_file),
};

int main(void)
{
    struct CMUnitTest tests[COUNT(singles) + COUNT(texts) + COUNT(keys) + COUNT(rings)];
    size_t count = COUNT(singles);

    memcpy(tests, singles, sizeof singles);
    for (size_t i = 0; i < COUNT(texts); i++)
        tests[count++] = EXAMPLE(reads_text, &texts[i]);
    for (size_t i = 0; i < COUNT(keys); i++)
        tests[count++] = EXAMPLE(reads_key, &keys[i]);
    for (size_t i = 0; i < COUNT(rings); i++)
        tests[count++] = EXAMPLE(reads_ring, &rings[i]);
    for (size_t i = COUNT(singles); i < count; i++)
        tests[i].teardown_func = remove_file;
    return cmocka_run_group_tests_name("secret", tests, make_directory, remove_directory);
}
