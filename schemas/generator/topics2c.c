/*
 * topics2c — the list of topics as C.
 *
 *     topics2c header topics.json > topics.h
 *     topics2c source topics.json > topics.c
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/base.h"

enum { NAME_BYTES = 256, PARTITIONS_MAX = 1000, TOPIC_NAME_BYTES_MAX = 249 };

static const char *path;

static _Noreturn void refuse(const char *where, const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", path, where, what);
    exit(EXIT_FAILURE);
}

static const char *text_of(const json_t *topic, const char *key)
{
    const char *text = json_string_value(json_object_get(topic, key));

    if (text == NULL || text[0] == '\0')
        refuse(key, "missing in a topic");
    return text;
}

/* onboarding.otp.requested.v1 -> otp_requested; dots and dashes become underscores. */
static void identifier_of(const char *name, char out[static NAME_BYTES])
{
    static const char prefix[] = "onboarding.";
    size_t size = strlen(name);

    if (strncmp(name, prefix, sizeof prefix - 1) != 0 || size > TOPIC_NAME_BYTES_MAX ||
        size < sizeof prefix + 3 || strcmp(name + size - 3, ".v1") != 0)
        refuse(name, "not onboarding.<subject>.<event>.v1");
    size -= sizeof prefix - 1 + 3;
    memcpy(out, name + sizeof prefix - 1, size);
    out[size] = '\0';
    for (char *c = out; *c != '\0'; c++) {
        if (*c == '.' || *c == '-')
            *c = '_';
        else if (*c < 'a' || *c > 'z')
            refuse(name, "other than a-z, dots and dashes");
    }
}

/* LookupRequested -> lookup_requested, which names its struct and header. */
static void snake_of(const char *camel, char out[static NAME_BYTES])
{
    size_t n = 0;

    for (const char *c = camel; *c != '\0'; c++) {
        if (n > NAME_BYTES - 3)
            refuse(camel, "a name too long");
        bool upper = *c >= 'A' && *c <= 'Z';
        if (upper && c != camel)
            out[n++] = '_';
        out[n++] = (char)(upper ? *c - 'A' + 'a' : *c);
    }
    out[n] = '\0';
}

/*
 * A segment goes as a whole, so that a record may outlive its retention by as long as one is
 * filled: a week by the broker's default.
 */
#define SEGMENT_MS_DEFAULT INT64_C(86400000)

/* "7d", "12h", "15m" or "30s" in milliseconds; 0 where the key is missing. */
static int64_t duration_ms(const json_t *topic, const char *key)
{
    static const struct {
        char letter;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    const char *text = json_string_value(json_object_get(topic, key));
    char *unit;

    if (json_object_get(topic, key) == NULL)
        return 0;
    if (text == NULL)
        refuse(key, "not a duration such as 7d");
    long number = strtol(text, &unit, 10);
    for (size_t i = 0; i < COUNT(units); i++)
        if (number > 0 && number < 100000 && unit[0] == units[i].letter && unit[1] == '\0')
            return number * units[i].ms;
    refuse(key, "not a duration such as 7d");
}

static void check(const json_t *topic)
{
    static const char *const known[] = {"name",      "schema",  "key", "partitions",
                                        "retention", "segment", "doc", "deadLetterRetention",
                                        "fenced"};
    const json_t *partitions = json_object_get(topic, "partitions");
    const char *key;
    const json_t *value;

    json_object_foreach((json_t *)topic, key, value)
    {
        size_t i = 0;
        while (i < COUNT(known) && strcmp(known[i], key) != 0)
            i++;
        if (i == COUNT(known))
            refuse(key, "unknown");
    }
    if (!json_is_integer(partitions) || json_integer_value(partitions) < 1 ||
        json_integer_value(partitions) > PARTITIONS_MAX)
        refuse("partitions", "out of range");
    if (!json_is_boolean(json_object_get(topic, "fenced")))
        refuse("fenced", "neither true nor false");
    if (duration_ms(topic, "retention") == 0)
        refuse("retention", "missing");
}

static void print_header(const json_t *topic)
{
    char name[NAME_BYTES];

    identifier_of(text_of(topic, "name"), name);
    printf("extern const struct topic topic_%s; /* %s */\n", name, text_of(topic, "doc"));
}

static void print_include(const json_t *topic)
{
    char snake[NAME_BYTES];

    snake_of(text_of(topic, "schema"), snake);
    printf("#include \"%s.h\"\n", snake);
}

static void print_table(const json_t *topic)
{
    char name[NAME_BYTES];
    char snake[NAME_BYTES];
    int64_t segment_ms = duration_ms(topic, "segment");

    check(topic);
    identifier_of(text_of(topic, "name"), name);
    snake_of(text_of(topic, "schema"), snake);
    /* The address in the condition makes the build fail when the schema has no such field. */
    printf("\n_Static_assert(offsetof(struct %s, %s) + 1 > 0, \"the key's field\");\n", snake,
           text_of(topic, "key"));
    printf("const struct topic topic_%s = {\n    .name = \"%s\",\n    .schema = &%s_schema,\n",
           name, text_of(topic, "name"), snake);
    printf("    .key_field = \"%s\",\n    .partitions = %" JSON_INTEGER_FORMAT ",\n",
           text_of(topic, "key"), json_integer_value(json_object_get(topic, "partitions")));
    printf("    .retention_ms = %" PRId64 ",\n    .segment_ms = %" PRId64 ",\n",
           duration_ms(topic, "retention"), segment_ms == 0 ? SEGMENT_MS_DEFAULT : segment_ms);
    printf("    .dead_letter_retention_ms = %" PRId64 ",\n    .fenced = %d,\n};\n",
           duration_ms(topic, "deadLetterRetention"),
           json_is_true(json_object_get(topic, "fenced")));
}

static void print_address(const json_t *topic)
{
    char name[NAME_BYTES];

    identifier_of(text_of(topic, "name"), name);
    printf("    &topic_%s,\n", name);
}

static void each(const json_t *list, void (*print)(const json_t *topic))
{
    for (size_t i = 0; i < json_array_size(list); i++)
        print(json_array_get(list, i));
}

int main(int argc, char **argv)
{
    json_error_t error;

    if (argc != 3 || (strcmp(argv[1], "header") != 0 && strcmp(argv[1], "source") != 0))
        return fputs("usage: topics2c header|source FILE.json\n", stderr), EXIT_FAILURE;
    path = argv[2];
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        refuse("not JSON", error.text);
    const json_t *list = json_object_get(json, "topics");
    if (json_array_size(list) == 0)
        refuse("topics", "none");

    printf("/* Generated from %s. Do not edit. */\n", path);
    if (argv[1][0] == 'h') {
        puts("#pragma once\n\n#include \"common/avro/topic.h\"\n");
        each(list, print_header);
    } else {
        puts("#include \"topics.h\"\n\n#include <stddef.h>\n");
        each(list, print_include);
        each(list, print_table);
        puts("\nconst struct topic *const topics[] = {");
        each(list, print_address);
        printf("};\n\nconst unsigned topic_count = %zu;\n", json_array_size(list));
    }
    json_decref(json);
    return fflush(stdout) != 0 || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
