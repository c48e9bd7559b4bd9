#ifndef COMMON_CORE_LOG_H
#define COMMON_CORE_LOG_H

#include <stddef.h>
#include <stdint.h>

/*
 * One JSON object a line on stdout: time, level, service, message, then the fields given. Only
 * the worker logs; libraries return errors. Never pass personal data: texts are escaped, not
 * judged.
 */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log_field {
    const char *name; /* snake_case */
    enum { LOG_FIELD_TEXT, LOG_FIELD_INT } kind;
    const char *text;
    int64_t integer;
};

#define LOG_TEXT(n, v) ((struct log_field){.name = (n), .kind = LOG_FIELD_TEXT, .text = (v)})
#define LOG_INT(n, v)  ((struct log_field){.name = (n), .kind = LOG_FIELD_INT, .integer = (v)})

void log_start(const char *service, enum log_level lowest);

/* log_line(LOG_INFO, "batch committed", LOG_INT("records", n)); thread-safe, one write a line. */
#define log_line(level, message, ...)                                                              \
    log_line_array((level), (message), (const struct log_field[]){__VA_ARGS__},                    \
                   sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
void log_line_array(enum log_level level, const char *message, const struct log_field *fields,
                    size_t count);

#endif
