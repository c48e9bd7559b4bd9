/* The settings of a provider, held against each other. */
#include "common/effects/provider_settings.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/effects/address.h"
#include "common/effects/header_list.h"
#include "common/effects/mail_address.h"

/* What the checks have in common. */
struct check {
    const char *prefix;
    const struct provider_options *options;
    struct problems *problems;
};

static void report(const struct check *check, const char *name, const char *fault)
{
    char whole[PROBLEM_TEXT_SIZE / 2];

    if (fault == NULL)
        return;
    if (snprintf(whole, sizeof whole, "%s%s", check->prefix, name) < 0)
        whole[0] = '\0';
    problems_add(check->problems, whole, "%s", fault);
}

static bool has_scheme(const struct provider_options *options, const char *scheme)
{
    size_t size = strlen(scheme);

    return strncmp(options->url, scheme, size) == 0 && strncmp(options->url + size, "://", 3) == 0;
}

static bool is_mail(const struct provider_options *options)
{
    return has_scheme(options, "smtp") || has_scheme(options, "smtps");
}

/* "a.example,b.example": names compared as DNS does. */
static bool is_listed(const char *list, const char *name)
{
    size_t wanted = strlen(name);

    while (*list != '\0') {
        size_t size = strcspn(list, ",");

        if (size == wanted && strncasecmp(list, name, size) == 0)
            return true;
        list += size + (list[size] == ',' ? 1 : 0);
    }
    return false;
}

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool there = curl_url_get(url, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return there;
}

static const char *url_parts_fault(const struct provider_options *options, CURLU *url)
{
    char *host = NULL;
    const char *fault = NULL;

    if (curl_url_set(url, CURLUPART_URL, options->url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return "is not a URL";
    if (options->allowed_hosts[0] != '\0' && !is_listed(options->allowed_hosts, host))
        fault = "has a host that is not among those allowed";
    curl_free(host);
    if (fault == NULL && has_part(url, CURLUPART_USER))
        fault = "must not hold a user";
    if (fault == NULL && has_part(url, CURLUPART_FRAGMENT))
        fault = "must not hold a fragment";
    return fault;
}

static void check_url(const struct check *check)
{
    CURLU *url = curl_url();

    report(check, "_URL", url == NULL ? "cannot be read" : url_parts_fault(check->options, url));
    curl_url_cleanup(url);
    if (!check->options->development && has_scheme(check->options, "http"))
        report(check, "_URL", "must begin with https:// outside of development");
}

static const char *member_fault(const char *path)
{
    if (*path == '.' || strstr(path, "..") != NULL)
        return "is no path as message.id";
    return *path == '\0' || path[strlen(path) - 1] != '.' ? NULL : "is no path as message.id";
}

/* X-Request-Id may be it: some providers tell repeats by that. */
static const char *key_header_fault(const struct provider_options *options)
{
    const char *name = options->idempotency_header;

    if (!header_is_name(name, strlen(name)))
        return "is no name of a header";
    if (header_is_reserved(name, strlen(name)) && strcasecmp(name, "X-Request-Id") != 0)
        return "is a header that says something else";
    return NULL;
}

static void check_http(const struct check *check)
{
    const struct provider_options *options = check->options;
    const char *content_type = options->content_type;
    const char *fault = header_list_fault(options->headers);

    if (fault == NULL && header_list_has(options->headers, options->idempotency_header))
        fault = "has a header that is set by the program";
    report(check, "_HEADERS_FILE", fault);
    report(check, "_IDEMPOTENCY_HEADER", key_header_fault(options));
    if (!header_is_value(content_type, strlen(content_type)) || *content_type == '\0')
        report(check, "_CONTENT_TYPE", "is no content type");
    if (*options->id_header != '\0' &&
        !header_is_name(options->id_header, strlen(options->id_header)))
        report(check, "_ID_HEADER", "is no name of a header");
    report(check, "_ID_MEMBER", member_fault(options->id_member));
}

static void check_smtp(const struct check *check)
{
    const struct provider_options *options = check->options;

    report(check, "_FROM", mail_address_fault(options->from));
    if (!header_is_value(options->from_name, strlen(options->from_name)))
        report(check, "_FROM_NAME", "has characters that a name cannot hold");
    if (!options->starttls && !options->development)
        report(check, "_STARTTLS", "must not be switched off outside of development");
}

static void check_common(const struct check *check)
{
    const struct provider_options *options = check->options;

    report(check, "_ALLOWED_NETWORKS", address_list_fault(options->allowed_networks));
    if (options->connect_timeout_ms > options->timeout_ms)
        report(check, "_CONNECT_TIMEOUT", "must not exceed the time-out of the whole request");
    if (*options->user == '\0' && *options->password != '\0')
        report(check, "_USER", "is required with a password");
    if (*options->user != '\0' && *options->password == '\0')
        report(check, "_PASSWORD_FILE", "is required with a user");
    if (strchr(options->user, ':') != NULL && !is_mail(options))
        report(check, "_USER", "must not hold a colon");
}

bool provider_is_set(const struct provider_options *options)
{
    return options->url != NULL && options->url[0] != '\0';
}

void provider_check(const char *prefix, int profile, struct provider_options *options,
                    struct problems *problems)
{
    const struct check check = {prefix, options, problems};

    options->development = profile == PROFILE_DEVELOPMENT;
    if (!provider_is_set(options))
        return; /* not asked for, or missing, which the table has reported */
    check_url(&check);
    check_common(&check);
    if (is_mail(options))
        check_smtp(&check);
    else
        check_http(&check);
}
