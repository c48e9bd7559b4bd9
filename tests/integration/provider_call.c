/*
 * Performs requests as a worker's loop does, for test_providers.py: settings from the environment
 * (ONBOARDING_HTTP_…, ONBOARDING_SMTP_…), requests from standard input, a JSON object a line;
 * answers on standard output as they come, likewise. A request that is "alone" waits for the end
 * of those before it.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/core/bytes.h"
#include "common/core/clock.h"
#include "common/effects/mail.h"
#include "common/effects/provider_settings.h"

enum { TURN_MS = 1000, EXIT_CONFIG = 78 };

struct config {
    int profile;
    struct provider_options http, smtp;
};

static const struct setting settings[] = {
    PROVIDER_PROFILE_SETTING(struct config, profile),
    PROVIDER_HTTP_SETTINGS("ONBOARDING_HTTP", "", struct config, http),
    PROVIDER_SMTP_SETTINGS("ONBOARDING_SMTP", "", struct config, smtp),
};

static const char *const verdicts[] = {
    [PROVIDER_ACCEPTED] = "ACCEPTED",
    [PROVIDER_RETRY] = "RETRY",
    [PROVIDER_REFUSED] = "REFUSED",
    [PROVIDER_UNKNOWN] = "UNKNOWN",
};

static bool read_settings(struct config *config)
{
    static struct problems problems;
    const struct setting_group group = {settings, COUNT(settings), config};

    settings_read(&group, 1, environ, &problems);
    provider_check("ONBOARDING_HTTP", config->profile, &config->http, &problems);
    provider_check("ONBOARDING_SMTP", config->profile, &config->smtp, &problems);
    for (size_t i = 0; i < problems.count; i++)
        fprintf(stderr, "%s\n", problems.items[i]);
    return problems.count == 0;
}

static const char *text_of(const json_t *request, const char *name)
{
    const char *text = json_string_value(json_object_get(request, name));

    return text == NULL ? "" : text;
}

/* The body: `fill` bytes, a mail with a `subject`, or text. */
static struct bytes body_of(const struct config *config, const json_t *line, struct arena *arena)
{
    size_t fill = (size_t)json_integer_value(json_object_get(line, "fill"));
    const char *body = text_of(line, "body");
    struct bytes built = bytes_of(body);
    struct error error;

    if (fill > 0) {
        built = (struct bytes){arena_alloc(arena, fill, 1), fill};
    } else if (json_object_get(line, "subject") != NULL &&
               !mail_build(&(struct mail){.from = config->smtp.from,
                                          .from_name = config->smtp.from_name,
                                          .to = text_of(line, "recipient"),
                                          .subject = text_of(line, "subject"),
                                          .text = body,
                                          .id = text_of(line, "key"),
                                          .date_ms = clock_unix_ms()},
                           arena, &built, &error)) {
        fprintf(stderr, "%s\n", error.text);
        exit(EXIT_FAILURE);
    }
    return built;
}

static void start(struct performer *performer, const struct config *config, const json_t *line)
{
    const char *recipient = text_of(line, "recipient");
    intptr_t tag = (intptr_t)json_integer_value(json_object_get(line, "tag"));
    struct arena arena = {0};

    performer_start(performer, *recipient == '\0' ? &config->http : &config->smtp,
                    &(struct provider_request){
                        .id = text_of(line, "id"),
                        .idempotency_key = text_of(line, "key"),
                        .path = text_of(line, "path"),
                        .recipient = recipient,
                        .body = body_of(config, line, &arena),
                    },
                    (void *)tag); /* NOLINT(performance-no-int-to-ptr) */
    arena_done(&arena);           /* at once: everything is copied */
}

static void print(const struct provider_answer *answer, int64_t begin_ms)
{
    json_t *line =
        json_pack("{sI ss si sI ss ss? sI sI}", "tag", (json_int_t)(intptr_t)answer->tag, "verdict",
                  verdicts[answer->verdict], "status", answer->status, "retry_after_ms",
                  (json_int_t)answer->retry_after_ms, "why", answer->why, "provider_id",
                  answer->provider_id, "response_size", (json_int_t)answer->response.size, "ms",
                  (json_int_t)(clock_monotonic_ms() - begin_ms));

    json_dumpf(line, stdout, 0);
    putchar('\n');
    fflush(stdout);
    json_decref(line);
}

static void finish(struct performer *performer, int64_t begin_ms)
{
    struct provider_answer answer;

    while (performer_in_flight(performer, NULL) > 0) {
        performer_run(performer, TURN_MS);
        while (performer_next(performer, &answer))
            print(&answer, begin_ms);
    }
}

static void perform(struct performer *performer, const struct config *config)
{
    int64_t begin_ms = clock_monotonic_ms();
    json_error_t error;
    json_t *line;

    while ((line = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, &error)) != NULL) {
        if (json_is_true(json_object_get(line, "alone")))
            finish(performer, begin_ms);
        start(performer, config, line);
        json_decref(line);
    }
    finish(performer, begin_ms);
}

int main(void)
{
    static struct config config;
    struct performer *performer;
    struct error error;

    if (!read_settings(&config))
        return EXIT_CONFIG;
    if (!performer_new(&performer, &error))
        return fprintf(stderr, "%s\n", error.text), EXIT_FAILURE;
    perform(performer, &config);
    performer_free(performer);
    return EXIT_SUCCESS;
}
