#ifndef COMMON_EFFECTS_PROVIDER_SETTINGS_H
#define COMMON_EFFECTS_PROVIDER_SETTINGS_H

#include <stddef.h>

#include "common/core/problems.h"
#include "common/core/setting.h"
#include "common/effects/provider.h"

/*
 * Rows for a service's table of settings, one set a provider:
 *
 *     struct config { int profile; struct provider_options sms, mail; };
 *
 *     static const struct setting settings[] = {
 *         PROVIDER_PROFILE_SETTING(struct config, profile),
 *         PROVIDER_HTTP_SETTINGS("ONBOARDING_SMS", NULL, struct config, sms),
 *         PROVIDER_SMTP_SETTINGS("ONBOARDING_SMTP", "", struct config, mail),
 *     };
 *
 * and in the service's check(): provider_check("ONBOARDING_SMS", config->profile, &config->sms,
 * problems). `fallback` of the URL: NULL requires it; "" leaves the provider out.
 */
enum { PROFILE_PRODUCTION, PROFILE_DEVELOPMENT };

enum {
    PROVIDER_TIMEOUT_MIN_MS = 100,
    PROVIDER_TIMEOUT_MAX_MS = 60000, /* an effect in doubt waits so long for its repeat */
    PROVIDER_CONCURRENCY_MAX = 256,  /* sockets a provider and loop */
};

/* NOLINTBEGIN(bugprone-macro-parentheses): a type and a member cannot stand in them */
/* clang-format off */
#define PROVIDER_PROFILE_SETTING(type, member)                                                     \
    {"ONBOARDING_PROFILE", SETTING_CHOICE, offsetof(type, member), "production",                   \
     "development allows providers on this machine, there without TLS too", 0, 0,                  \
     "production|development"}

#define PROVIDER_ROW(name, kind, type, member, fallback, meaning)                                  \
    {name, kind, offsetof(type, member), fallback, meaning, 0, 0, NULL}

#define PROVIDER_COMMON_SETTINGS(prefix, type, member)                                             \
    PROVIDER_ROW(prefix "_ALLOWED_HOSTS", SETTING_TEXT, type, member.allowed_hosts, "",            \
                 "names that the URL may have, separated by commas; empty: the URL's own"),        \
    PROVIDER_ROW(prefix "_ALLOWED_NETWORKS", SETTING_TEXT, type, member.allowed_networks, "",      \
                 "private networks that may be connected to, as 10.1.0.0/16,fd00::/8"),            \
    PROVIDER_ROW(prefix "_CA_FILE", SETTING_FILE, type, member.ca_file, "",                        \
                 "certificates that are trusted, PEM; empty: the system's"),                       \
    PROVIDER_ROW(prefix "_USER", SETTING_TEXT, type, member.user, "",                              \
                 "user name; empty: none"),                                                        \
    PROVIDER_ROW(prefix "_PASSWORD_FILE", SETTING_SECRET_FILE, type, member.password, "",          \
                 "file with the user's password"),                                                 \
    {prefix "_CONNECT_TIMEOUT", SETTING_DURATION_MS, offsetof(type, member.connect_timeout_ms),    \
     "2s", "for name, connection and TLS, 100ms..60s", PROVIDER_TIMEOUT_MIN_MS,                    \
     PROVIDER_TIMEOUT_MAX_MS, NULL},                                                               \
    {prefix "_TIMEOUT", SETTING_DURATION_MS, offsetof(type, member.timeout_ms), "10s",             \
     "for a request as a whole, 100ms..60s", PROVIDER_TIMEOUT_MIN_MS, PROVIDER_TIMEOUT_MAX_MS,     \
     NULL},                                                                                        \
    {prefix "_CONCURRENCY", SETTING_INT, offsetof(type, member.concurrency), "16",                 \
     "requests of a loop at a time, 1..256", 1, PROVIDER_CONCURRENCY_MAX, NULL}

#define PROVIDER_HTTP_SETTINGS(prefix, fallback, type, member)                                     \
    {prefix "_URL", SETTING_URL, offsetof(type, member.url), fallback,                             \
     "where requests are posted to; http for development only", 0, 0, "https|http"},               \
    PROVIDER_ROW(prefix "_HEADERS_FILE", SETTING_SECRET_FILE, type, member.headers, "",            \
                 "file with further headers, as Authorization: Bearer ..., one a line"),           \
    PROVIDER_ROW(prefix "_CONTENT_TYPE", SETTING_TEXT, type, member.content_type,                  \
                 "application/json", "content type of requests"),                                  \
    PROVIDER_ROW(prefix "_IDEMPOTENCY_HEADER", SETTING_TEXT, type, member.idempotency_header,      \
                 "Idempotency-Key", "header that is the same when a request is repeated"),         \
    PROVIDER_ROW(prefix "_ID_MEMBER", SETTING_TEXT, type, member.id_member, "id",                  \
                 "where the JSON answer has the provider's id, as message.id"),                    \
    PROVIDER_ROW(prefix "_ID_HEADER", SETTING_TEXT, type, member.id_header, "",                    \
                 "header that has the provider's id; empty: none"),                                \
    PROVIDER_COMMON_SETTINGS(prefix, type, member)

#define PROVIDER_SMTP_SETTINGS(prefix, fallback, type, member)                                     \
    {prefix "_URL", SETTING_URL, offsetof(type, member.url), fallback,                             \
     "mail server: smtps, or smtp, which is secured by STARTTLS", 0, 0, "smtps|smtp"},             \
    {prefix "_STARTTLS", SETTING_BOOL, offsetof(type, member.starttls), "true",                    \
     "false: smtp without TLS, for development only", 0, 0, NULL},                                 \
    PROVIDER_ROW(prefix "_FROM", SETTING_TEXT, type, member.from, "", "address of the sender"),    \
    PROVIDER_ROW(prefix "_FROM_NAME", SETTING_TEXT, type, member.from_name, "",                    \
                 "name of the sender"),                                                            \
    PROVIDER_COMMON_SETTINGS(prefix, type, member)
/* clang-format on */
/* NOLINTEND(bugprone-macro-parentheses) */

/*
 * What no single setting shows; adds to `problems` each mistake under its name. Completes
 * `options` by what the profile allows.
 */
void provider_check(const char *prefix, int profile, struct provider_options *options,
                    struct problems *problems);

/* Whether the settings name a provider at all. */
bool provider_is_set(const struct provider_options *options);

#endif
