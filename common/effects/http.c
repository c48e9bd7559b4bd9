/* Requests over HTTP: a POST with its headers, and the provider's id in the answer. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/effects/header_list.h"
#include "common/effects/transfer.h"

enum { URL_MAX = 2000, HEADER_MAX = 8000 /* bytes of a line; servers take as much */ };

/* Bounds what is kept of an answer before its body; libcurl 7.88 bounds a line alone. */
/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's type */
static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;

    (void)data;
    transfer->header_bytes += size * count;
    return transfer->header_bytes <= TRANSFER_HEADERS_MAX ? size * count : 0;
}

static bool add_line(struct transfer *transfer, const char *line)
{
    struct curl_slist *list = curl_slist_append(transfer->list, line);

    if (list == NULL)
        return false;
    transfer->list = list;
    return true;
}

static bool add_header(struct transfer *transfer, const char *name, const char *value)
{
    char line[HEADER_MAX];
    int size = snprintf(line, sizeof line, "%s: %s", name, value);

    if (size < 0 || (size_t)size >= sizeof line || *value == '\0' ||
        !header_is_value(line, (size_t)size)) {
        transfer->refused = "a header cannot be sent";
        return false;
    }
    return add_line(transfer, line);
}

/* Those of the secret file. */
static bool add_configured(struct transfer *transfer)
{
    const char *at = transfer->options->headers;
    struct bytes line;

    while (header_list_next(&at, &line)) {
        char *copy = strndup((const char *)line.data, line.size);
        bool added = copy != NULL && add_line(transfer, copy);

        if (copy != NULL)
            explicit_bzero(copy, line.size);
        free(copy);
        if (!added)
            return false;
    }
    return true;
}

static bool set_headers(struct transfer *transfer, const struct provider_request *request)
{
    const struct provider_options *options = transfer->options;
    bool has_accept = header_list_has(options->headers, "Accept");
    bool key_is_id = strcasecmp(options->idempotency_header, "X-Request-Id") == 0;

    return add_header(transfer, "Content-Type", options->content_type) &&
           (has_accept || add_header(transfer, "Accept", "application/json")) &&
           (key_is_id || add_header(transfer, "X-Request-Id", request->id)) &&
           add_header(transfer, options->idempotency_header, request->idempotency_key) &&
           add_configured(transfer) &&
           curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->list) == CURLE_OK;
}

/* Nothing that could change the host or end the request's line. */
static bool is_path(const char *path)
{
    if (*path == '\0')
        return true;
    if ((*path != '/' && *path != '?') || strlen(path) > PROVIDER_PATH_MAX)
        return false;
    for (; *path != '\0'; path++)
        if (*path <= ' ' || *path >= 0x7f || *path == '#' || *path == '\\')
            return false;
    return true;
}

static bool set_url(struct transfer *transfer, const char *path)
{
    char url[URL_MAX];
    const char *base = transfer->options->url;
    size_t base_size = strlen(base);
    int size;
    CURLcode code;

    if (*path == '/' && base_size > 0 && base[base_size - 1] == '/')
        base_size--;
    size = snprintf(url, sizeof url, "%.*s%s", (int)base_size, base, path);
    if (!is_path(path) || size < 0 || (size_t)size >= sizeof url) {
        transfer->refused = "the path cannot be sent";
        return false;
    }
    code = curl_easy_setopt(transfer->easy, CURLOPT_URL, url);
    explicit_bzero(url, sizeof url);
    return code == CURLE_OK;
}

bool http_prepare(struct transfer *transfer, const struct provider_request *request)
{
    CURL *easy = transfer->easy;

    return set_url(transfer, request->path == NULL ? "" : request->path) &&
           set_headers(transfer, request) &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, transfer->plain ? "http" : "https") ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body_size) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body) == CURLE_OK;
}

static bool keep_id(struct transfer *transfer, const char *id)
{
    size_t size = strlen(id);

    if (size == 0 || size > PROVIDER_ID_MAX || !header_is_value(id, size))
        return false;
    memcpy(transfer->provider_id, id, size + 1);
    return true;
}

/* ASCII alone: a header says not how it is written. */
static bool keep_id_of_header(struct transfer *transfer)
{
    struct curl_header *header;

    if (*transfer->options->id_header == '\0' ||
        curl_easy_header(transfer->easy, transfer->options->id_header, 0, CURLH_HEADER, -1,
                         &header) != CURLHE_OK)
        return false;
    for (const char *c = header->value; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            return false;
    return keep_id(transfer, header->value);
}

/* "message.id" in {"message": {"id": …}}; NULL: not there. */
static const json_t *member_at(const json_t *value, const char *path)
{
    while (value != NULL && *path != '\0') {
        size_t size = strcspn(path, ".");

        value = json_object_getn(value, path, size);
        path += size + (path[size] == '.' ? 1 : 0);
    }
    return value;
}

static bool keep_id_of_body(struct transfer *transfer)
{
    char number[24];
    json_t *root =
        *transfer->options->id_member == '\0'
            ? NULL
            : json_loadb((const char *)transfer->response, transfer->response_size, 0, NULL);
    const json_t *value = member_at(root, transfer->options->id_member);
    bool kept = false;

    if (json_is_string(value))
        kept = keep_id(transfer, json_string_value(value));
    else if (json_is_integer(value) && snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT,
                                                json_integer_value(value)) > 0)
        kept = keep_id(transfer, number);
    json_decref(root);
    return kept;
}

const char *http_provider_id(struct transfer *transfer)
{
    return keep_id_of_header(transfer) || keep_id_of_body(transfer) ? transfer->provider_id : NULL;
}
