/*
 * Reads lines "READER HEX WRITER": the index of a schema in `readers`, a value, and the JSON of
 * the schema that it was written with. Answers each with a line: "ok " and the record as JSON,
 * "refused " and why the writer cannot be read at all, or "bad " and why the value cannot.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/avro/json.h"
#include "common/avro/parse.h"
#include "common/avro/plan.h"

extern const struct schema *const readers[];

static struct bytes unhex(const char *hex, size_t size, struct arena *arena)
{
    uint8_t *data = arena_alloc(arena, size / 2 + 1, 1);

    for (size_t i = 0; i < size / 2; i++) {
        char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        data[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return (struct bytes){data, size / 2};
}

static void answer(const struct schema *reader, const struct writer *writer, struct bytes body)
{
    struct arena arena = {0};
    struct error error;
    struct plan *plan;
    void *out;

    if (!plan_new(writer->schema, reader, &plan, &error)) {
        printf("refused %s\n", error.text);
        return;
    }
    if (plan_read(plan, body, body.size + 65536, &arena, &out, &error)) {
        json_t *json = record_to_json(reader, out, true);
        char *text = json_dumps(json, JSON_COMPACT);
        printf("ok %s\n", text);
        free(text);
        json_decref(json);
    } else {
        printf("bad %s\n", error.text);
    }
    plan_free(plan);
    arena_done(&arena);
}

int main(void)
{
    struct arena arena = {0};
    char *line = NULL;
    size_t room = 0;

    for (ssize_t size; (size = getline(&line, &room, stdin)) > 0; arena_reset(&arena)) {
        char *hex;
        unsigned long index = strtoul(line, &hex, 10);
        hex++;
        char *json = strchr(hex, ' ');
        struct writer writer;
        struct error error;
        if (json == NULL)
            return EXIT_FAILURE;
        json++;
        line[--size] = '\0';
        if (!writer_parse(json, strlen(json), &writer, &error)) {
            printf("refused %s\n", error.text);
            continue;
        }
        answer(readers[index], &writer, unhex(hex, (size_t)(json - 1 - hex), &arena));
        writer_done(&writer);
    }
    free(line);
    arena_done(&arena);
    return EXIT_SUCCESS;
}
