#ifndef TESTS_SUPPORT_FAKE_LOOK_H
#define TESTS_SUPPORT_FAKE_LOOK_H

/* Sending an example, and looking at what the handler did; part of fake_worker.h. */

/* An example of the topic's event, with the members of `change` in the place of its own. */
static inline const struct outcome *fake_send(const struct service *service,
                                              const struct topic *topic, const char *example,
                                              const char *change)
{
    return fake_handle(service, topic, record_patched(topic->schema, example, change, &fake.arena));
}

/* The event broke the contract, and `text` says how. */
static inline void fake_assert_contract(const char *text)
{
    assert_true(fake.outcome.rejected);
    assert_int_equal(fake.outcome.reason, REASON_CONTRACT);
    assert_string_equal(fake.outcome.text, text);
}

static inline void fake_assert_text(const struct value *value, const char *text)
{
    assert_int_equal(value->bytes.size, strlen(text));
    assert_memory_equal(value->bytes.data, text, value->bytes.size);
}

/* The first row of a statement. */
static inline const struct value *fake_row_of(const struct statement *statement)
{
    for (size_t i = 0; i < fake.outcome.row_count; i++)
        if (fake.outcome.rows[i].statement == statement)
            return fake.outcome.rows[i].values;
    fail_msg("no such row");
    return NULL;
}

/* The rows of one statement among those of the last event. */
static inline size_t fake_rows_of(const struct statement *statement)
{
    size_t count = 0;

    for (size_t i = 0; i < fake.outcome.row_count; i++)
        count += fake.outcome.rows[i].statement == statement;
    return count;
}

static const char *fake_text(const json_t *event, const char *name)
{
    const json_t *value = json_object_get(event, name);

    return json_is_null(value) || value == NULL ? "null"
           : json_is_true(value)                ? "true"
           : json_is_false(value)               ? "false"
                                                : json_string_value(value);
}

/* Of the last event, as a text. */
static inline const char *fake_member(const char *name)
{
    return fake_text(fake.outcome.event, name);
}

/* Of the one event on a topic. */
static inline const char *fake_member_on(const struct topic *topic, const char *name)
{
    const json_t *event = NULL;

    for (size_t i = 0; i < fake.outcome.event_count; i++)
        if (fake.outcome.events[i].topic == topic) {
            assert_null(event);
            event = fake.outcome.events[i].event;
        }
    assert_non_null(event);
    return fake_text(event, name);
}

#endif
