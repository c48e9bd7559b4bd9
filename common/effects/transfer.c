/* A request as a handle of libcurl: what is allowed, what is bounded, what is noted of it. */
#include "common/effects/transfer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/effects/address.h"
#include "common/effects/verdict.h"

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_allowed(const struct transfer *transfer, const struct sockaddr *address)
{
    const struct provider_options *options = transfer->options;

    if (options->development && address_is_loopback(address))
        return true;
    return !transfer->plain &&
           (address_is_public(address) || address_in_list(address, options->allowed_networks));
}

/* The one place where a connection begins: what is refused here is not connected to. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = context;
    int opened;

    (void)purpose;
    if (!is_allowed(transfer, &address->addr)) {
        transfer->address_refused = true;
        errno = EACCES;
        return CURL_SOCKET_BAD;
    }
    opened = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    transfer->opened[transfer->opened_count++ % TRANSFER_SOCKETS_MAX] = opened;
    return opened;
}

static int local_port_of(int file)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    socklen_t size = sizeof address;

    if (file < 0 || getsockname(file, &address.any, &size) != 0)
        return -1;
    switch (address.any.sa_family) {
    case AF_INET: return ntohs(address.v4.sin_port);
    case AF_INET6: return ntohs(address.v6.sin6_port);
    default: return -1;
    }
}

/* Of those opened the one with this port, for libcurl does not tell; the others are closed. */
static int find_socket(const struct transfer *transfer, int local_port)
{
    for (size_t i = 0; i < TRANSFER_SOCKETS_MAX; i++)
        if (local_port_of(transfer->opened[i]) == local_port)
            return transfer->opened[i];
    return -1;
}

void transfer_stop_reading(const struct transfer *transfer)
{
    if (transfer->socket >= 0)
        shutdown(transfer->socket, SHUT_RD);
}

/* The connection stands, and the request is about to go out. */
/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's type */
static int begin_request(void *context, char *remote, char *local, int remote_port, int local_port)
{
    struct transfer *transfer = context;

    (void)remote;
    (void)local;
    (void)remote_port;
    transfer->socket = find_socket(transfer, local_port);
    if (transfer->international && !transfer->utf8_offered) {
        transfer->refused = "the mail server takes no international addresses";
        transfer_stop_reading(transfer); /* libcurl would wait for an answer to its QUIT */
        return CURL_PREREQFUNC_ABORT;
    }
    transfer->asked = true;
    return CURL_PREREQFUNC_OK;
}

/* The answer's body up to the bound; then the transfer is cut, and its status says what it was. */
static size_t take_response(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t wanted = size * count, room = PROVIDER_RESPONSE_MAX - transfer->response_size;
    size_t taken = wanted < room ? wanted : room;

    if (transfer->response == NULL)
        transfer->response = malloc(PROVIDER_RESPONSE_MAX);
    if (transfer->response == NULL)
        return 0;
    memcpy(transfer->response + transfer->response_size, data, taken);
    transfer->response_size += taken;
    return taken;
}

static bool set_common(struct transfer *transfer)
{
    const struct provider_options *options = transfer->options;
    CURL *easy = transfer->easy;
    const char *user = *options->user == '\0' ? NULL : options->user;
    const char *password = *options->password == '\0' ? NULL : options->password;
    CURLcode codes[] = {
        curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer),
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L),
        /* A resolver that does not answer is left to itself, where else all would wait for it. */
        curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L),
        curl_easy_setopt(easy, CURLOPT_PROXY, ""), /* whatever the environment says */
        curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L),
        curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2),
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L),
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L),
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms),
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms),
        /* On a kept connection libcurl repeats by itself what a closing peer left unanswered. */
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L),
        curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L),
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket),
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer),
        curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, begin_request),
        curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer),
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_response),
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer),
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer),
        curl_easy_setopt(easy, CURLOPT_USERNAME, user),
        curl_easy_setopt(easy, CURLOPT_PASSWORD, password),
    };

    for (size_t i = 0; i < COUNT(codes); i++)
        if (codes[i] != CURLE_OK)
            return false;
    /* A file of our own means these certificates, not the system's as well. */
    return *options->ca_file == '\0' ||
           (curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file) == CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK);
}

static bool copy_body(struct transfer *transfer, struct bytes body)
{
    if (body.size > PROVIDER_BODY_MAX) {
        transfer->refused = "the body is too large";
        return false;
    }
    transfer->body = malloc(body.size + 1); /* never NULL for nothing */
    if (transfer->body == NULL)
        return false;
    if (body.size > 0)
        memcpy(transfer->body, body.data, body.size);
    transfer->body_size = body.size;
    return true;
}

static bool prepare(struct transfer *transfer, const struct provider_request *request)
{
    transfer->easy = curl_easy_init();
    return transfer->easy != NULL && copy_body(transfer, request->body) && set_common(transfer) &&
           (transfer->mail ? smtp_prepare(transfer, request) : http_prepare(transfer, request));
}

struct transfer *transfer_new(const struct provider_options *options,
                              const struct provider_request *request, void *tag)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);

    if (transfer == NULL)
        abort(); /* as everywhere where a few bytes are missing */
    transfer->options = options;
    transfer->tag = tag;
    transfer->mail = begins_with(options->url, "smtp");
    transfer->plain = begins_with(options->url, "http://") ||
                      (begins_with(options->url, "smtp://") && !options->starttls);
    transfer->code = CURLE_OUT_OF_MEMORY;                    /* until it has run */
    memset(transfer->opened, 0xff, sizeof transfer->opened); /* -1 each */
    transfer->socket = -1;
    if (!prepare(transfer, request)) {
        curl_easy_cleanup(transfer->easy);
        transfer->easy = NULL;
    }
    return transfer;
}

static void wipe_list(struct curl_slist *list)
{
    for (struct curl_slist *item = list; item != NULL; item = item->next)
        OPENSSL_cleanse(item->data, strlen(item->data));
    curl_slist_free_all(list);
}

static void wipe_bytes(uint8_t *bytes, size_t size)
{
    if (bytes != NULL)
        OPENSSL_cleanse(bytes, size);
    free(bytes);
}

void transfer_free(struct transfer *transfer)
{
    if (transfer == NULL)
        return;
    curl_easy_cleanup(transfer->easy);
    wipe_list(transfer->list);
    wipe_bytes(transfer->body, transfer->body_size);
    wipe_bytes(transfer->response, transfer->response_size);
    free(transfer);
}

static int status_of(const struct transfer *transfer)
{
    long status = 0;

    if (transfer->easy != NULL)
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    return status > 0 && status < 1000 ? (int)status : 0;
}

static int64_t retry_after_of(const struct transfer *transfer)
{
    curl_off_t seconds = 0;

    if (transfer->easy != NULL)
        curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds <= 0)
        return -1;
    return seconds < PROVIDER_RETRY_AFTER_MAX_MS / 1000 ? seconds * 1000
                                                        : PROVIDER_RETRY_AFTER_MAX_MS;
}

static const char *why(const struct transfer *transfer)
{
    if (transfer->refused != NULL)
        return transfer->refused;
    if (transfer->late)
        return curl_easy_strerror(CURLE_OPERATION_TIMEDOUT);
    if (transfer->code == CURLE_COULDNT_CONNECT && transfer->address_refused)
        return "the address is not allowed";
    return curl_easy_strerror(transfer->code); /* without names and addresses */
}

struct provider_answer transfer_answer(struct transfer *transfer)
{
    const struct transfer_end end = {
        .complete = transfer->code == CURLE_OK,
        .asked = transfer->asked,
        .body_begun = transfer->body_begun,
        .status = status_of(transfer),
        .retries_4xx = transfer->options->retries_4xx,
    };
    struct provider_answer answer = {
        .tag = transfer->tag,
        .verdict = transfer->mail ? verdict_smtp(&end) : verdict_http(&end),
        .status = end.status,
        .retry_after_ms = -1,
        .why = why(transfer),
        .response = {transfer->response, transfer->response_size},
    };

    if (transfer->refused != NULL)
        answer.verdict = PROVIDER_REFUSED;
    if (answer.verdict == PROVIDER_RETRY)
        answer.retry_after_ms = retry_after_of(transfer);
    if (answer.verdict == PROVIDER_ACCEPTED && !transfer->mail)
        answer.provider_id = http_provider_id(transfer);
    return answer;
}
