/* Fuzzes templates of JSON bodies: what is accepted stays JSON of one shape, whatever fills it. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/effects/body_template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct body_field fields[] = {{"a", false}, {"b", false}};

static const char *const plain[] = {"first value", "second value"};
static const char *const nasty[] = {"\",\"z\":[\"\\", "\\u0022\x01\n{{a}}"};

static json_t *fill(const struct body_template *template, const char *const *values)
{
    struct arena arena = {0};
    struct bytes body = body_template_fill(template, values, &arena);
    json_t *root = json_loadb((const char *)body.data, body.size, 0, NULL);

    arena_done(&arena);
    return root;
}

static size_t count_values(const json_t *value)
{
    size_t count = 1, index;
    const char *key;
    json_t *member;

    if (json_is_array(value))
        json_array_foreach(value, index, member) count += count_values(member);
    if (json_is_object(value))
        json_object_foreach((json_t *)value, key, member) count += count_values(member);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *fault;
    struct body_template *template =
        body_template_parse((const char *)data, size, fields, COUNT(fields), &fault);
    json_t *usual, *other;

    if (template == NULL)
        return 0;
    usual = fill(template, plain);
    other = fill(template, nasty);
    if (usual == NULL || other == NULL || count_values(usual) != count_values(other))
        abort();
    json_decref(usual);
    json_decref(other);
    body_template_free(template);
    return 0;
}
