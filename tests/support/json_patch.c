/* Examples as changes of one JSON text. */
#include "json_patch.h"

#include <stdlib.h>
#include <string.h>

#include "common/avro/json.h"
#include "tests/support/test.h"

static json_t *load(const char *quoted)
{
    char *text = strdup(quoted);
    json_error_t error;
    json_t *json;

    assert_non_null(text);
    for (char *at = strchr(text, '\''); at != NULL; at = strchr(at, '\''))
        *at = '"';
    json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (json == NULL)
        fail_msg("%s in %s", error.text, text);
    free(text);
    return json;
}

static json_t *merge(json_t *base, json_t *patch);

static json_t *merge_objects(json_t *base, json_t *patch)
{
    const char *name;
    json_t *value;

    json_object_foreach(patch, name, value)
    {
        json_object_set_new(base, name, merge(json_object_get(base, name), value));
    }
    return json_incref(base);
}

static json_t *merge_arrays(json_t *base, json_t *patch)
{
    for (size_t i = 0; i < json_array_size(patch); i++)
        if (i < json_array_size(base))
            json_array_set_new(base, i, merge(json_array_get(base, i), json_array_get(patch, i)));
        else
            json_array_append(base, json_array_get(patch, i));
    return json_incref(base);
}

/* A new reference. */
static json_t *merge(json_t *base, json_t *patch)
{
    if (json_is_object(base) && json_is_object(patch))
        return merge_objects(base, patch);
    if (json_is_array(base) && json_is_array(patch) && json_array_size(patch) > 0)
        return merge_arrays(base, patch);
    return json_incref(patch);
}

json_t *json_patched(const char *base, const char *patch)
{
    json_t *json = load(base);

    if (patch != NULL) {
        json_t *change = load(patch);
        json_t *merged = merge(json, change);

        json_decref(json);
        json_decref(change);
        json = merged;
    }
    return json;
}

const void *record_patched(const struct schema *schema, const char *base, const char *patch,
                           struct arena *arena)
{
    json_t *json = json_patched(base, patch);
    struct problems problems = {0};
    void *record;

    if (!record_from_json(schema, json, arena, &record, &problems))
        fail_msg("%s", problems.items[0]);
    json_decref(json);
    return record;
}
