#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <jansson.h>
#include <stdbool.h>

#include "common/avro/topic.h"
#include "common/core/base.h"
#include "common/kafka/event_meta.h"

/* Keys, values and headers of records as JSON for people; personal values are "***". */
struct shower;

struct shower *show_open(bool personal);
void show_close(struct shower *shower); /* takes NULL */

/*
 * The fields of a value; of one that can't be decoded its size and why. `topic` may be NULL, for
 * topics that are none of ours. New references, as are the others.
 */
json_t *show_value(struct shower *shower, const struct topic *topic, struct bytes value);

/* null without a key; personal where the topic's key field is, or where the topic is not ours. */
json_t *show_key(const struct shower *shower, const struct topic *topic, struct bytes key);

/* One member a header; only those of CloudEvents, traces, replies and dead letters are no secret.*/
json_t *show_headers(const struct shower *shower, struct header_list headers);

json_t *show_time(int64_t unix_ms);
json_t *show_text(const char *text); /* null for NULL, and for what is not UTF-8 */

/* As one line on standard output; takes the reference. */
void show_print(json_t *json);

/* Takes the reference of the member. */
void show_add(json_t *object, const char *name, json_t *member);

#endif
