/* Requests over SMTP: one ready message to one recipient. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/core/clock.h"
#include "common/effects/mail_address.h"
#include "common/effects/transfer.h"

enum { SMTP_LINE_CODE = 3 /* digits; then '-' where more lines follow, ' ' on the last */ };

/* The message as the server takes it; it had to say 354 first. */
static size_t give_message(char *out, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t room = size * count, left = transfer->body_size - transfer->body_taken;
    size_t given = left < room ? left : room;

    transfer->body_begun = true;
    memcpy(out, transfer->body + transfer->body_taken, given);
    transfer->body_taken += given;
    return given;
}

static bool offers_utf8(const char *line, size_t size)
{
    static const char word[] = "SMTPUTF8";
    const size_t at = SMTP_LINE_CODE + 1;

    return size >= at + sizeof word - 1 && strncmp(line, "250", SMTP_LINE_CODE) == 0 &&
           strncasecmp(line + at, word, sizeof word - 1) == 0;
}

/* The last line of a reply after which there is nothing more to say than QUIT. */
static bool is_last_word(const struct transfer *transfer, const char *line, size_t size)
{
    if (!transfer->asked || size <= SMTP_LINE_CODE || line[SMTP_LINE_CODE] == '-')
        return false;
    return line[0] == '4' || line[0] == '5' ||
           (transfer->body_begun && transfer->body_taken == transfer->body_size);
}

/* Each line that the server says. libcurl waits for the answer to its QUIT, which nobody needs. */
static size_t take_reply(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t taken = size * count;

    transfer->header_bytes += taken;
    if (transfer->header_bytes > TRANSFER_HEADERS_MAX)
        return 0;
    if (offers_utf8(data, taken))
        transfer->utf8_offered = true;
    if (is_last_word(transfer, data, taken))
        transfer_stop_reading(transfer);
    return taken;
}

/* libcurl looks here once a second, also where it waits beyond its own time-out: at the end. */
static int look_at_clock(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                         curl_off_t up)
{
    struct transfer *transfer = context;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    if (clock_monotonic_ms() >= transfer->deadline_ms)
        transfer->late = true;
    return transfer->late || atomic_load(&transfer->cut) ? 1 : 0;
}

/* "<a@b>" as SMTP wants it, of an address that was checked. */
static bool in_brackets(char out[static MAIL_ADDRESS_MAX + 3], const char *address)
{
    int size = snprintf(out, MAIL_ADDRESS_MAX + 3, "<%s>", address);

    return size > 0 && size < MAIL_ADDRESS_MAX + 3;
}

static bool set_addresses(struct transfer *transfer, const char *recipient)
{
    char from[MAIL_ADDRESS_MAX + 3], to[MAIL_ADDRESS_MAX + 3];
    bool set;

    if (recipient == NULL || mail_address_fault(recipient) != NULL) {
        transfer->refused = "the recipient is no address of mail";
        return false;
    }
    transfer->international = mail_address_is_international(recipient) ||
                              mail_address_is_international(transfer->options->from);
    set = in_brackets(from, transfer->options->from) && in_brackets(to, recipient);
    transfer->list = set ? curl_slist_append(NULL, to) : NULL;
    explicit_bzero(to, sizeof to);
    return transfer->list != NULL &&
           curl_easy_setopt(transfer->easy, CURLOPT_MAIL_RCPT, transfer->list) == CURLE_OK &&
           curl_easy_setopt(transfer->easy, CURLOPT_MAIL_FROM, from) == CURLE_OK;
}

bool smtp_prepare(struct transfer *transfer, const struct provider_request *request)
{
    CURL *easy = transfer->easy;
    const char *url = transfer->options->url;
    bool implicit = strncmp(url, "smtps:", 6) == 0;
    long ssl = transfer->plain ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL;

    transfer->deadline_ms = clock_monotonic_ms() + transfer->options->timeout_ms;
    return set_addresses(transfer, request->recipient) &&
           curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look_at_clock) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, implicit ? "smtps" : "smtp") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USE_SSL, ssl) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)transfer->body_size) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_reply) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_message) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READDATA, transfer) == CURLE_OK;
}
