/* From what is due to an event: the same each time, whoever makes it. */
#include "schedule.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/avro/codec.h"
#include "common/avro/json.h"
#include "common/core/bytes.h"

/* Made once, at random. Another one would make new events of what was published before. */
static const struct uuid timer_space = {{0x6e, 0x0b, 0x1d, 0x52, 0x8f, 0x31, 0x4c, 0x0d, 0x9a, 0x77,
                                         0x2c, 0x5e, 0x43, 0xb8, 0x06, 0xf1}};

struct uuid timer_id(const char *topic, const char *name)
{
    size_t topic_size = strlen(topic);
    size_t name_size = strlen(name);
    struct arena arena = {0};
    char *text = arena_alloc(&arena, topic_size + 1 + name_size + 1, 1);

    memcpy(text, topic, topic_size);
    text[topic_size] = '\n'; /* in no name of a topic */
    memcpy(text + topic_size + 1, name, name_size);
    struct uuid id =
        uuid_v5(timer_space, (struct bytes){(const uint8_t *)text, topic_size + 1 + name_size});
    arena_done(&arena);
    return id;
}

static const struct topic *find_topic(const char *name)
{
    for (unsigned i = 0; i < topic_count; i++)
        if (strcmp(topics[i]->name, name) == 0)
            return topics[i];
    return NULL;
}

static void *read_record(const struct topic *topic, const char *data, struct arena *arena,
                         struct error *error)
{
    json_t *json = json_loads(data, JSON_REJECT_DUPLICATES, NULL);
    struct problems *problems = calloc(1, sizeof *problems);
    void *record = NULL;

    if (problems == NULL)
        abort();
    if (json == NULL) {
        (void)error_poison(error, REASON_MALFORMED, "data is no JSON");
    } else if (!record_from_json(topic->schema, json, arena, &record, problems)) {
        (void)error_poison(error, REASON_CONTRACT, "%s", problems->items[0]);
        record = NULL;
    }
    free(problems);
    json_decref(json);
    return record;
}

bool timer_read(const struct due *due, struct arena *arena, struct timer *out, struct error *error)
{
    struct timer timer = {.topic = find_topic(due->topic), .id = timer_id(due->topic, due->name)};
    char id[UUID_TEXT_SIZE];

    if (timer.topic == NULL)
        return error_poison(error, REASON_CONTRACT, "there is no such topic");
    if (timer.topic->fenced)
        return error_poison(error, REASON_CONTRACT, "only workers write this topic");
    if (due->name[0] == '\0')
        return error_poison(error, REASON_CONTRACT, "it has no name");
    void *record = read_record(timer.topic, due->data, arena, error);
    if (record == NULL)
        return false;
    const char *key = event_text(timer.topic->schema, record, timer.topic->key_field);
    if (key == NULL || key[0] == '\0')
        return error_poison(error, REASON_KEY_INVALID, "%s is empty", timer.topic->key_field);
    uuid_format(timer.id, id);
    timer.key = bytes_of(key);
    timer.value = event_encode(timer.topic->schema, record, FRAMING_SINGLE_OBJECT, 0, arena);
    timer.headers = event_meta_write(
        &(struct result_meta){
            .id = id,
            .source = "onboarding/schedule",
            .type = timer.topic->name,
            .time_ms = due->due_ms,
        },
        arena);
    *out = timer;
    return true;
}
