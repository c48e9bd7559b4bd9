#ifndef COMMON_CORE_SETTING_VALUE_H
#define COMMON_CORE_SETTING_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core/setting.h"

/*
 * The values of settings, each from its text; on false *out is untouched. `fault`, and what the
 * two below return, are words that stand behind the setting's name, without the value.
 */
MUST_CHECK bool value_number(const struct setting *setting, const char *text, int64_t *out,
                             char fault[static PROBLEM_TEXT_SIZE]);
MUST_CHECK bool value_bool(const char *text, bool *out);
MUST_CHECK bool value_choice(const char *choices, const char *text, int *out);

/* What is wrong with a URL, or NULL; `schemes` separated by '|'. */
const char *url_fault(const char *schemes, const char *text);

/* What is wrong with hosts and ports separated by commas, or NULL. */
const char *hosts_fault(const char *text);

#endif
