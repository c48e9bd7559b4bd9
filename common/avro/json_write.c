/* Structs to JSON, walking the generated tables; personal values are hidden unless asked for. */
#include <stdlib.h>
#include <string.h>

#include "common/avro/base64.h"
#include "common/avro/json.h"
#include "common/avro/value.h"
#include "common/core/timestamp.h"

static const char hidden[] = "***";

static json_t *write_record(const struct record_type *type, const void *record, bool show);

static json_t *write_bytes(const struct bytes *bytes)
{
    char *text = base64_encode(*bytes);
    json_t *json = json_string(text);

    free(text);
    return json;
}

static json_t *write_long(const struct type *type, int64_t value)
{
    char text[TIME_TEXT_SIZE];

    if (type->form != FORM_TIME_MS || value < 0 || value > TIME_MS_MAX)
        return json_integer(value);
    time_format(value, text);
    return json_string(text);
}

/* JSON that was kept as it stood; NULL where the text is other than what would be kept of it. */
static json_t *kept_json(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    char *again = NULL;

    if (json_is_object(json) || json_is_array(json) || json_is_integer(json))
        again = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    if (again == NULL || strcmp(again, text) != 0) {
        json_decref(json);
        json = NULL;
    }
    free(again);
    return json;
}

static json_t *write_text(const struct type *type, const char *text)
{
    bool kept = type->form == FORM_ANY || type->form == FORM_DATE;
    json_t *json = kept ? kept_json(text) : NULL;

    if (json_is_integer(json) && type->form == FORM_ANY) { /* was text: numbers are not kept */
        json_decref(json);
        json = NULL;
    }
    return json != NULL ? json : json_string(text);
}

static json_t *write_array(const struct type *items, const void *value, bool show)
{
    const struct record_array *records = value;
    const struct text_array *texts = value;
    json_t *json = json_array();

    for (size_t i = 0; i < records->count; i++) {
        json_t *item =
            items->kind == TYPE_RECORD
                ? write_record(items->record, records->items + i * items->record->size, show)
                : json_string(texts->items[i]);
        if (json_array_append_new(json, item) != 0)
            abort();
    }
    return json;
}

/* Keys tell what there is; only the values are hidden. */
static json_t *write_map(const struct text_map *map, bool show)
{
    json_t *json = json_object();

    for (size_t i = 0; i < map->count; i++)
        if (json_object_set_new(json, map->items[i].key,
                                json_string(show ? map->items[i].value : hidden)) != 0)
            abort();
    return json;
}

static json_t *write_value(const struct type *type, const void *value, bool show)
{
    switch (type->kind) {
    case TYPE_BOOLEAN: return json_boolean(*(const bool *)value);
    case TYPE_INT: return json_integer(*(const int32_t *)value);
    case TYPE_LONG: return write_long(type, *(const int64_t *)value);
    case TYPE_DOUBLE: return json_real(*(const double *)value);
    case TYPE_STRING: return write_text(type, *(const char *const *)value);
    case TYPE_BYTES: return write_bytes(value);
    case TYPE_ENUM: return json_string(type->enumeration->symbols[*(const int *)value]);
    case TYPE_RECORD: return write_record(type->record, value, show);
    case TYPE_ARRAY: return write_array(type->items, value, show);
    case TYPE_MAP: return write_map(value, show);
    }
    abort();
}

static json_t *write_record(const struct record_type *type, const void *record, bool show)
{
    json_t *json = json_object();

    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        const void *value = field_value(field, record);
        bool hide = field->pii && !show;
        json_t *member;
        if (value == NULL)
            member = json_null();
        else if (hide && field->type.kind == TYPE_MAP)
            member = write_map(value, false);
        else
            member = hide ? json_string(hidden) : write_value(&field->type, value, show);
        if (json_object_set_new(json, field->name, member) != 0)
            abort(); /* out of memory, or text that is not UTF-8 */
    }
    return json;
}

json_t *record_to_json(const struct schema *schema, const void *record, bool show_personal)
{
    return write_record(schema->type.record, record, show_personal);
}
