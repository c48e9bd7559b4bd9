/* `onboarding deadletters show`: a dead letter with its headers, from its topic. */
#include "dead_letters.h"
#include "show.h"
#include "topic_plan.h"

static struct {
    const char *place;
    const char *group;
    bool personal;
} given;

#define AT(member) offsetof(__typeof__(given), member)

static const struct argument arguments[] = {
    {"TOPIC/PARTITION/OFFSET", ARGUMENT_TEXT, AT(place), true, NULL,
     "where the event came from; with a topic of \".dlt\" where the dead letter is", 0, 0},
    {"--group", ARGUMENT_TEXT, AT(group), false, "NAME", "only if this consumer group parked it", 0,
     0},
    {"--show-personal", ARGUMENT_FLAG, AT(personal), false, NULL,
     "show personal values in place of ***", 0, 0},
};

struct search {
    struct place place;
    struct shower *shower;
    size_t found;
};

static bool is_sought(const struct place *place, const struct kafka_record *record)
{
    struct dead_letter_origin origin;

    if (place->dead_letters)
        return record->offset == place->offset;
    return dead_letter_origin(record->headers, &origin) &&
           dead_letter_is_from(&origin, given.group, place->topic, place->partition, place->offset);
}

/* Several groups may have parked one event. */
static bool take(void *context, const struct kafka_record *record)
{
    struct search *search = context;
    json_t *json;

    if (!is_sought(&search->place, record))
        return true;
    json = json_object();
    show_add(json, "partition", json_integer(record->partition));
    show_add(json, "offset", json_integer(record->offset));
    show_add(json, "timestamp", show_time(record->timestamp_ms));
    show_add(json, "headers", show_headers(search->shower, record->headers));
    show_add(json, "key", show_key(search->shower, search->place.of, record->key));
    show_add(json, "data", show_value(search->shower, search->place.of, record->value));
    show_print(json);
    search->found++;
    return !search->place.dead_letters;
}

static enum cli_exit run(const struct cli *cli)
{
    struct kafka_reader *reader = NULL;
    struct search search = {.found = 0};
    struct arena arena = {0};
    struct error error;
    enum cli_exit status = CLI_DONE;

    if (!place_read(given.place, &arena, &search.place, &error)) {
        (void)cli_fail("%s", error.text);
        arena_done(&arena);
        return CLI_USAGE;
    }
    const struct topic_stretch stretch = {topic_plan_name(search.place.of, true, &arena),
                                          search.place.partition, 0};
    search.shower = show_open(given.personal);
    if (!kafka_reader_open(&cli->kafka, &reader, &error) ||
        !topic_scan(reader, &stretch, take, &search, &error))
        status = cli_fail("%s", error.text);
    else if (search.found == 0)
        status = cli_fail("no such dead letter on its topic");
    kafka_reader_close(reader);
    show_close(search.shower);
    arena_done(&arena);
    return status;
}

const struct command command_dead_letters_show = {
    .name = "deadletters show",
    .purpose = "show a dead letter: why it was parked, and what it holds",
    .details =
        "Of a value that can't be decoded its size is shown; its keyed digest is a header.\n",
    .needs = NEEDS_KAFKA,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run,
};
