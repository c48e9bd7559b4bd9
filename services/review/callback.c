/* The call-back to the onboarding server: its body, and what the answer says. */
#include "services/review/callback.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/bytes.h"
#include "common/effects/provider_settings.h"
#include "review_sql.h"

static const struct {
    const char *path;
    const char *member; /* that carries the result */
} calls[REVIEW_JOB_COUNT] = {
    [REVIEW_JOB_EVALUATION] = {"/api/private/client/evaluate", "evaluationResult"},
    [REVIEW_JOB_APPROVAL] = {"/api/private/client/approve", "approvalResult"},
};

const char *const callback_state_text[CALLBACK_STATES] = {
    [CALLBACK_OK] = "OK",
    [CALLBACK_NOK] = "NOK",
    [CALLBACK_UNREADABLE] = "UNREADABLE",
    [CALLBACK_UNKNOWN] = "UNKNOWN",
    [CALLBACK_REFUSED] = "REFUSED",
    [CALLBACK_EXHAUSTED] = "EXHAUSTED",
    [CALLBACK_EXPIRED] = "EXPIRED",
    [CALLBACK_ERASED] = "ERASED",
};

const char *callback_path(enum review_job job)
{
    return calls[job].path;
}

void callback_ask(const struct turn *turn, struct outcome *out, const struct callback *callback)
{
    if (!provider_is_set(callback_kind.provider))
        return;
    outcome_effect(out, &(struct effect_request){
                            .kind = &callback_kind,
                            .order_key = callback->identity_verification_id,
                            .reference = callback->identity_verification_id,
                            .subject = callback->user_id,
                            .expires_ms = turn->now_ms + CALLBACK_VALID_MS,
                            .path = callback_path(callback->job),
                            .body = callback_body(callback, turn->arena),
                        });
}

void callback_load(const struct turn *turn, struct keys *keys)
{
    keys_add_subject(keys, ((const struct effect_outcome *)turn->event)->subject);
}

static struct value seal_reason(const struct turn *turn, const char *reason)
{
    const struct effect_outcome *effect = turn->event;
    char row[UUID_TEXT_SIZE];

    if (reason == NULL)
        return NOTHING;
    uuid_format(effect->id, row);
    return BYTES(
        subject_seal(turn, effect->subject, CALLBACK_REASON_COLUMN, row, bytes_of(reason)));
}

void callback_handle(const struct turn *turn, struct outcome *out)
{
    const struct effect_outcome *effect = turn->event;
    struct callback_answer answer = callback_read(effect, turn->arena);

    outcome_row(out, &sql_insert_callback, UUID_VALUE(effect->id), TEXT(effect->reference),
                TEXT(callback_state_text[answer.state]),
                effect->status == 0 ? NOTHING : INT(effect->status), INT(effect->attempts),
                seal_reason(turn, answer.reason), TIME_MS(turn->now_ms));
}

struct bytes callback_body(const struct callback *callback, struct arena *arena)
{
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s}", "processId", callback->process_id, "userId",
                  callback->user_id, "identityVerificationId", callback->identity_verification_id,
                  calls[callback->job].member, review_decision_text[callback->result]);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    struct bytes body;

    if (text == NULL)
        abort(); /* memory; the texts are UTF-8, as the decoder saw to */
    body = bytes_copy(bytes_of(text), arena);
    free(text);
    json_decref(json);
    return body;
}

/* For a table and for people: bounded, and on one line. */
static const char *keep_words(const char *words, struct arena *arena)
{
    size_t size = strlen(words);
    char *kept;

    if (size > CALLBACK_REASON_MAX) {
        size = CALLBACK_REASON_MAX;
        while ((words[size] & 0xc0) == 0x80) /* no character is cut */
            size--;
    }
    kept = arena_copy(arena, words, size);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)kept[i] < ' ' || kept[i] == 0x7f)
            kept[i] = ' ';
    return kept;
}

static struct callback_answer read_answer(struct bytes response, struct arena *arena)
{
    struct callback_answer answer = {.state = CALLBACK_UNREADABLE};
    json_t *json = json_loadb((const char *)response.data, response.size, 0, NULL);
    const char *result = json_string_value(json_object_get(json, "result"));
    const char *reason = json_string_value(json_object_get(json, "resultReason"));

    if (result != NULL && strcmp(result, "OK") == 0)
        answer.state = CALLBACK_OK;
    else if (result != NULL && strcmp(result, "NOK") == 0)
        answer.state = CALLBACK_NOK;
    if (reason != NULL && answer.state != CALLBACK_UNREADABLE)
        answer.reason = keep_words(reason, arena);
    json_decref(json);
    return answer;
}

struct callback_answer callback_read(const struct effect_outcome *outcome, struct arena *arena)
{
    static const enum callback_state failures[] = {
        [EFFECT_FAILURE_NONE] = CALLBACK_UNKNOWN, [EFFECT_REFUSED] = CALLBACK_REFUSED,
        [EFFECT_EXHAUSTED] = CALLBACK_EXHAUSTED,  [EFFECT_EXPIRED] = CALLBACK_EXPIRED,
        [EFFECT_ERASED] = CALLBACK_ERASED,
    };

    switch (outcome->state) {
    case EFFECT_SENT: return read_answer(outcome->response, arena);
    case EFFECT_FAILED: return (struct callback_answer){.state = failures[outcome->failure]};
    case EFFECT_UNKNOWN: break;
    }
    return (struct callback_answer){.state = CALLBACK_UNKNOWN};
}
