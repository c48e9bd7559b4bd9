/* Settings from an environment: values, defaults, and every mistake by its name. */
#include "common/core/setting.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/test.h"

enum { ENVIRONMENT_MAX = 8 };

struct config {
    int64_t loops, wait_ms, size_bytes, signed_number;
    bool on;
    int level;
    const char *text, *url, *file, *empty_text, *hosts, *safe_file;
    struct key no_key;
};

/* clang-format off */
static const struct setting settings[] = {
    {"ONBOARDING_LOOPS", SETTING_INT, offsetof(struct config, loops), "1", "Loops", 1, 64, NULL},
    {"ONBOARDING_WAIT", SETTING_DURATION_MS, offsetof(struct config, wait_ms), "5s", "Wait", 100, 7200000, NULL},
    {"ONBOARDING_SIZE", SETTING_SIZE, offsetof(struct config, size_bytes), "16MiB", "Size", 512, 1LL << 40, NULL},
    {"ONBOARDING_SIGNED", SETTING_INT, offsetof(struct config, signed_number), "-5", "Signed", INT64_MIN, INT64_MAX, NULL},
    {"ONBOARDING_ON", SETTING_BOOL, offsetof(struct config, on), "true", "On", 0, 0, NULL},
    {"ONBOARDING_LEVEL", SETTING_CHOICE, offsetof(struct config, level), "info", "Level", 0, 0, "debug|info|warning"},
    {"ONBOARDING_TEXT", SETTING_TEXT, offsetof(struct config, text), NULL, "Text", 0, 0, NULL},
    {"ONBOARDING_URL", SETTING_URL, offsetof(struct config, url), "http://localhost:80/x", "URL", 0, 0, "http|https|postgresql"},
    {"ONBOARDING_FILE", SETTING_FILE, offsetof(struct config, file), "/dev/null", "File", 0, 0, NULL},
    {"ONBOARDING_EMPTY", SETTING_TEXT, offsetof(struct config, empty_text), "", "May be empty", 0, 0, NULL},
    {"ONBOARDING_HOSTS", SETTING_HOSTS, offsetof(struct config, hosts), "", "Hosts", 0, 0, NULL},
    {"ONBOARDING_SAFE_FILE", SETTING_SAFE_FILE, offsetof(struct config, safe_file), "", "File", 0, 0, NULL},
    {"ONBOARDING_NO_KEY", SETTING_KEY_FILE, offsetof(struct config, no_key), "", "May be empty", 0, 0, NULL},
};
/* clang-format on */

static const struct setting *setting_named(const char *name)
{
    for (size_t i = 0; i < COUNT(settings); i++)
        if (strcmp(settings[i].name, name) == 0)
            return &settings[i];
    fail_msg("%s", name);
    return NULL;
}

/* Reads the table; `environment` is added to what is required. */
static struct config read_config(const char *const *environment, struct problems *problems)
{
    const char *entries[ENVIRONMENT_MAX + 2] = {"ONBOARDING_TEXT=some text"};
    struct config config = {.no_key.present = true};
    struct setting_group group = {settings, COUNT(settings), &config};

    for (size_t i = 0; i < ENVIRONMENT_MAX && environment[i] != NULL; i++)
        entries[i + 1] = environment[i];
    problems->count = 0;
    settings_read(&group, 1, (char *const *)(uintptr_t)entries, problems);
    return config;
}

static void takes_defaults(void **state)
{
    static const char *const nothing[] = {NULL};
    struct problems problems;
    struct config config = read_config(nothing, &problems);

    (void)state;
    assert_int_equal(problems.count, 0);
    assert_int_equal(config.loops, 1);
    assert_int_equal(config.wait_ms, 5000);
    assert_int_equal(config.size_bytes, 16 << 20);
    assert_int_equal(config.signed_number, -5);
    assert_true(config.on);
    assert_int_equal(config.level, 1);
    assert_string_equal(config.text, "some text");
    assert_string_equal(config.url, "http://localhost:80/x");
    assert_string_equal(config.file, "/dev/null");
    assert_string_equal(config.empty_text, "");
    assert_false(config.no_key.present);
}

/* clang-format off */
static const struct number {
    const char *name, *entry;
    int64_t expected;
} numbers[] = {
    {"int", "ONBOARDING_LOOPS=64", 64},
    {"smallest", "ONBOARDING_SIGNED=-9223372036854775808", INT64_MIN},
    {"largest", "ONBOARDING_SIGNED=9223372036854775807", INT64_MAX},
    {"milliseconds", "ONBOARDING_WAIT=250ms", 250},
    {"minutes", "ONBOARDING_WAIT=10m", 600000},
    {"hours", "ONBOARDING_WAIT=2h", 7200000},
    {"bytes", "ONBOARDING_SIZE=512B", 512},
    {"kibibytes", "ONBOARDING_SIZE=64KiB", 65536},
    {"gibibytes", "ONBOARDING_SIZE=1GiB", 1LL << 30},
};
/* clang-format on */

static void reads_number(void **state)
{
    const struct number *example = *state;
    const char *const environment[] = {example->entry, NULL};
    char name[64] = "";
    struct problems problems;
    struct config config = read_config(environment, &problems);

    memcpy(name, example->entry, strcspn(example->entry, "="));
    assert_int_equal(problems.count, 0);
    const char *member = (const char *)&config + setting_named(name)->offset;
    assert_true(*(const int64_t *)(const void *)member == example->expected);
}

static void reads_words(void **state)
{
    static const char *const environment[] = {"ONBOARDING_ON=false", "ONBOARDING_LEVEL=warning",
                                              "ONBOARDING_TEXT2",    "OTHER=1",
                                              "ONBOARDINGX=1",       NULL};
    struct problems problems;
    struct config config = read_config(environment, &problems);

    (void)state;
    assert_false(config.on);
    assert_int_equal(config.level, 2);
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.items[0], "ONBOARDING_TEXT2: is not a setting");
}

#define RANGE_LOOPS "ONBOARDING_LOOPS: is out of range, which is 1 to 64"
#define RANGE_WAIT  "ONBOARDING_WAIT: is out of range, which is 100ms to 2h"
#define UNIT_WAIT   "ONBOARDING_WAIT: is not a number with a unit, as 250ms, 5s, 10m or 2h"
#define UNIT_SIZE   "ONBOARDING_SIZE: is not a number with a unit, as 512B, 64KiB, 16MiB or 1GiB"
#define INT_LOOPS   "ONBOARDING_LOOPS: is not a whole number"
#define URL         "ONBOARDING_URL="
#define URL_USER    "ONBOARDING_URL: must not hold a password"
#define URL_SCHEME  "ONBOARDING_URL: has a scheme that is not allowed here"
#define URL_HOST    "ONBOARDING_URL: has no valid host and port"
#define HOSTS       "ONBOARDING_HOSTS="
#define NO_HOSTS    "ONBOARDING_HOSTS: is not host:port, separated by commas"
#define URL_CHARS   "ONBOARDING_URL: has characters that a URL cannot hold"

/* clang-format off */
static const struct mistake {
    const char *name, *entry, *problem;
} mistakes[] = {
    {"word for a number", "ONBOARDING_LOOPS=many", INT_LOOPS},
    {"plus", "ONBOARDING_LOOPS=+5", INT_LOOPS},
    {"space", "ONBOARDING_LOOPS= 5", INT_LOOPS},
    {"hexadecimal", "ONBOARDING_LOOPS=0x10", INT_LOOPS},
    {"fraction", "ONBOARDING_LOOPS=1.5", INT_LOOPS},
    {"only a minus", "ONBOARDING_LOOPS=-", INT_LOOPS},
    {"int with a unit", "ONBOARDING_LOOPS=5s", INT_LOOPS},
    {"below", "ONBOARDING_LOOPS=0", RANGE_LOOPS},
    {"above", "ONBOARDING_LOOPS=65", RANGE_LOOPS},
    {"negative", "ONBOARDING_LOOPS=-1", RANGE_LOOPS},
    {"2^63", "ONBOARDING_LOOPS=9223372036854775808", RANGE_LOOPS},
    {"2^64 + 1", "ONBOARDING_LOOPS=18446744073709551617", RANGE_LOOPS},
    {"40 digits", "ONBOARDING_LOOPS=1000000000000000000000000000000000000005", RANGE_LOOPS},
    {"empty number", "ONBOARDING_LOOPS=", "ONBOARDING_LOOPS: is empty"},
    {"no value", "ONBOARDING_LOOPS", "ONBOARDING_LOOPS: has no value"},
    {"duration without unit", "ONBOARDING_WAIT=5", UNIT_WAIT},
    {"duration in another unit", "ONBOARDING_WAIT=5d", UNIT_WAIT},
    {"duration in capitals", "ONBOARDING_WAIT=5S", UNIT_WAIT},
    {"space before the unit", "ONBOARDING_WAIT=5 s", UNIT_WAIT},
    {"two units", "ONBOARDING_WAIT=1h30m", UNIT_WAIT},
    {"only a unit", "ONBOARDING_WAIT=s", UNIT_WAIT},
    {"too short", "ONBOARDING_WAIT=99ms", RANGE_WAIT},
    {"overflow by the unit", "ONBOARDING_WAIT=9223372036854775807h", RANGE_WAIT},
    {"overflow into the range", "ONBOARDING_WAIT=26476201841349237h", RANGE_WAIT},
    {"negative duration", "ONBOARDING_WAIT=-5s", RANGE_WAIT},
    {"size without unit", "ONBOARDING_SIZE=1024", UNIT_SIZE},
    {"size in powers of ten", "ONBOARDING_SIZE=64KB", UNIT_SIZE},
    {"yes", "ONBOARDING_ON=yes", "ONBOARDING_ON: is neither true nor false"},
    {"TRUE", "ONBOARDING_ON=TRUE", "ONBOARDING_ON: is neither true nor false"},
    {"other choice", "ONBOARDING_LEVEL=loud", "ONBOARDING_LEVEL: is none of debug|info|warning"},
    {"half a choice", "ONBOARDING_LEVEL=warn", "ONBOARDING_LEVEL: is none of debug|info|warning"},
    {"all choices", "ONBOARDING_LEVEL=debug|info", "ONBOARDING_LEVEL: is none of debug|info|warning"},
    {"file URL", URL "file:///etc/passwd", URL_SCHEME},
    {"gopher URL", URL "gopher://x", URL_SCHEME},
    {"long scheme", URL "httpsssssssssssssssssssssssss://x", URL_SCHEME},
    {"empty scheme", URL "://x", "ONBOARDING_URL: is not a URL"},
    {"no scheme", URL "localhost", "ONBOARDING_URL: is not a URL"},
    {"user and password", URL "http://u:p@localhost/", URL_USER},
    {"password in the query", URL "postgresql://localhost/db?password=x", URL_USER},
    {"no host", URL "http:///x", URL_HOST},
    {"only a port", URL "http://:80", URL_HOST},
    {"port 0", URL "http://x:0", URL_HOST},
    {"port 65536", URL "http://x:65536", URL_HOST},
    {"port missing", URL "http://x:/", URL_HOST},
    {"port with letters", URL "http://x:8o", URL_HOST},
    {"address left open", URL "http://[::1/", URL_HOST},
    {"empty address", URL "http://[]/", URL_HOST},
    {"text behind the address", URL "http://[::1]x", URL_HOST},
    {"comma at the end", URL "postgresql://a:1,/db", URL_HOST},
    {"space in a URL", URL "http://x/a b", URL_CHARS},
    {"newline in a URL", URL "http://x/\n", URL_CHARS},
    {"backslash in a URL", URL "http://x\\@y/", URL_CHARS},
    {"letters that are not ASCII", URL "http://\xc3\xa9/", URL_CHARS},
    {"missing file", "ONBOARDING_FILE=/nonexistent/file", "ONBOARDING_FILE: names a file that cannot be read"},
    {"directory", "ONBOARDING_FILE=/", "ONBOARDING_FILE: names a directory, not a file"},
    {"hosts with a hole", HOSTS "a:1,,b:2", NO_HOSTS},
    {"host of nothing", HOSTS ":9092", NO_HOSTS},
    {"colons", HOSTS ":::", NO_HOSTS},
    {"port of letters", HOSTS "a:1,b:kafka", NO_HOSTS},
    {"hosts in words", HOSTS "a b", NO_HOSTS},
    {"hosts with a scheme", HOSTS "ssl://a:1", NO_HOSTS},
    {"hosts with a user", HOSTS "u@a:1", NO_HOSTS},
    {"world-readable file", "ONBOARDING_SAFE_FILE=/proc/version", "ONBOARDING_SAFE_FILE: names a file that others may read; chmod 600 mends it"},
    {"missing safe file", "ONBOARDING_SAFE_FILE=/nonexistent/key", "ONBOARDING_SAFE_FILE: names a file that cannot be read: No such file or directory"},
    {"unknown name", "ONBOARDING_LOPPS=1", "ONBOARDING_LOPPS: is not a setting"},
    {"only the prefix", "ONBOARDING_=1", "ONBOARDING_: is not a setting"},
    {"repeated name", "ONBOARDING_TEXT=other", "ONBOARDING_TEXT: is given twice"},
    {"missing key file", "ONBOARDING_NO_KEY=/nonexistent/key", "ONBOARDING_NO_KEY: names a file that cannot be read: No such file or directory"},
};
/* clang-format on */

static void refuses(void **state)
{
    const struct mistake *example = *state;
    const char *const environment[] = {example->entry, NULL};
    struct problems problems;

    (void)read_config(environment, &problems);
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.items[0], example->problem);
}

static const struct url {
    const char *name, *entry;
} urls[] = {
    {"host", URL "https://registry.example"},
    {"host and port", URL "http://127.0.0.1:65535/path?query#fragment"},
    {"IPv6", URL "http://[::1]"},
    {"IPv6 and port", URL "http://[::1]:8081/"},
    {"several hosts", URL "postgresql://a:5432,b:5432/db?sslmode=verify-full"},
    {"a sign behind the host", URL "http://x/@y"},
};

static void takes_url(void **state)
{
    const struct url *example = *state;
    const char *const environment[] = {example->entry, NULL};
    struct problems problems;
    struct config config = read_config(environment, &problems);

    assert_int_equal(problems.count, 0);
    assert_string_equal(config.url, example->entry + strlen(URL));
}

static void takes_hosts(void **state)
{
    static const char hosts[] = "ONBOARDING_HOSTS=a.example:9092,[::1]:1,127.0.0.1:65535,b-2";
    const char *const environment[] = {hosts, NULL};
    struct problems problems;
    struct config config = read_config(environment, &problems);

    (void)state;
    assert_int_equal(problems.count, 0);
    assert_string_equal(config.hosts, hosts + strlen("ONBOARDING_HOSTS="));
    assert_string_equal(config.safe_file, "");
}

static void tells_all_mistakes_at_once(void **state)
{
    static const char *const environment[] = {"ONBOARDING_LOOPS=x",
                                              "ONBOARDING_WAIT=5",
                                              "ONBOARDING_ON=1",
                                              "ONBOARDING_UNKNOWN=1",
                                              "ONBOARDING_ON=1",
                                              "ONBOARDING_ON=1",
                                              NULL};
    struct problems problems;

    (void)state;
    (void)read_config(environment, &problems);
    assert_int_equal(problems.count, 5);
    assert_string_equal(problems.items[0], "ONBOARDING_UNKNOWN: is not a setting");
    assert_string_equal(problems.items[1], "ONBOARDING_ON: is given twice");
    assert_string_equal(problems.items[2], INT_LOOPS);
    assert_string_equal(problems.items[3], UNIT_WAIT);
}

/* So that what is checked after the settings meets no hole. */
static void counts_what_is_wrong_as_absent(void **state)
{
    static const char *const wrong[] = {"ONBOARDING_LOOPS=0",    "ONBOARDING_LEVEL=loud",
                                        "ONBOARDING_URL=file:/", "ONBOARDING_FILE=/nowhere",
                                        "ONBOARDING_NO_KEY=/x",  NULL};
    struct problems problems;
    struct config config = read_config(wrong, &problems);

    (void)state;
    assert_int_equal(problems.count, 5);
    assert_int_equal(config.loops, 1);
    assert_int_equal(config.level, 1);
    assert_string_equal(config.url, "http://localhost:80/x");
    assert_string_equal(config.file, "/dev/null");
    assert_false(config.no_key.present);
}

static void misses_what_is_required(void **state)
{
    char *const empty[] = {NULL};
    struct config config = {0};
    struct setting_group group = {settings, COUNT(settings), &config};
    struct problems problems = {0};

    (void)state;
    settings_read(&group, 1, empty, &problems);
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.items[0], "ONBOARDING_TEXT: is required");
}

static void prints_a_reference(void **state)
{
    struct config config = {0};
    struct setting_group group = {settings, COUNT(settings), &config};
    char text[8192] = "";
    FILE *file = tmpfile();
    int saved = dup(STDOUT_FILENO);

    (void)state;
    assert_non_null(file);
    assert_int_equal(fflush(stdout), 0);
    assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
    settings_print(&group, 1);
    assert_int_equal(fflush(stdout), 0);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);
    close(saved);
    rewind(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    for (size_t i = 0; i < COUNT(settings); i++) {
        assert_non_null(strstr(text, settings[i].name));
        assert_non_null(strstr(text, settings[i].meaning));
    }
    assert_non_null(strstr(text, "ONBOARDING_TEXT (required)"));
    assert_non_null(strstr(text, "ONBOARDING_WAIT=5s"));
    assert_non_null(strstr(text, "one of: debug|info|warning"));
}

static const struct CMUnitTest singles[] = {
    cmocka_unit_test(takes_defaults),
    cmocka_unit_test(reads_words),
    cmocka_unit_test(takes_hosts),
    cmocka_unit_test(tells_all_mistakes_at_once),
    cmocka_unit_test(counts_what_is_wrong_as_absent),
    cmocka_unit_test(misses_what_is_required),
    cmocka_unit_test(prints_a_reference),
};

int main(void)
{
    struct CMUnitTest tests[COUNT(singles) + COUNT(numbers) + COUNT(mistakes) + COUNT(urls)];
    size_t count = COUNT(singles);

    memcpy(tests, singles, sizeof singles);
    for (size_t i = 0; i < COUNT(numbers); i++)
        tests[count++] = EXAMPLE(reads_number, &numbers[i]);
    for (size_t i = 0; i < COUNT(mistakes); i++)
        tests[count++] = EXAMPLE(refuses, &mistakes[i]);
    for (size_t i = 0; i < COUNT(urls); i++)
        tests[count++] = EXAMPLE(takes_url, &urls[i]);
    return cmocka_run_group_tests_name("setting", tests, NULL, NULL);
}
