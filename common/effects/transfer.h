#ifndef COMMON_EFFECTS_TRANSFER_H
#define COMMON_EFFECTS_TRANSFER_H

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "common/effects/provider.h"

enum {
    TRANSFER_HEADERS_MAX = 64 * 1024, /* bytes of an answer's headers, or of an SMTP dialogue */
    TRANSFER_SOCKETS_MAX = 8,         /* of which one becomes the connection; two race at a time */
};

/*
 * One request under way; a performer's own. A mail is its thread's until it was posted: libcurl
 * waits for some answers of mail servers without looking after other transfers.
 */
struct transfer {
    struct transfer *next;
    struct performer *performer;
    struct transfer *next_posted;
    pthread_t thread;    /* of a mail */
    atomic_bool cut;     /* tells the thread to end */
    int64_t deadline_ms; /* monotonic; of a mail, which libcurl alone would let go beyond */
    const struct provider_options *options;
    void *tag;
    bool mail;               /* SMTP, else HTTP */
    bool plain;              /* without TLS: to loopback alone */
    CURL *easy;              /* NULL: it could not be made */
    struct curl_slist *list; /* HTTP: headers; SMTP: the recipient */
    uint8_t *body;
    size_t body_size, body_taken;
    uint8_t *response;
    size_t response_size;
    size_t header_bytes;

    /* What was seen. */
    bool asked, body_begun;
    bool late;            /* the deadline ended it */
    bool address_refused; /* at least one that the name resolved to */
    bool utf8_offered;    /* SMTP */
    bool international;   /* SMTP: addresses that need it */
    const char *refused;  /* why it cannot be asked for; NULL: it can */
    CURLcode code;
    int opened[TRANSFER_SOCKETS_MAX]; /* the last ones; -1: none */
    size_t opened_count;
    int socket; /* the connection's, once it stands; -1 before */
    char provider_id[PROVIDER_ID_MAX + 1];
};

/* Never NULL; when curl cannot, or the request is not to be made, `easy` is NULL. */
struct transfer *transfer_new(const struct provider_options *options,
                              const struct provider_request *request, void *tag);
void transfer_free(struct transfer *transfer); /* wipes what it held; takes NULL */

/* What came of it, once its code is known. */
struct provider_answer transfer_answer(struct transfer *transfer);

/* Nothing that comes is of interest any more. */
void transfer_stop_reading(const struct transfer *transfer);

/* Of http.c and smtp.c: false when something could not be had or is not allowed (`refused`). */
MUST_CHECK bool http_prepare(struct transfer *transfer, const struct provider_request *request);
MUST_CHECK bool smtp_prepare(struct transfer *transfer, const struct provider_request *request);

/* The provider's own id in an accepted answer; NULL: none. */
const char *http_provider_id(struct transfer *transfer);

#endif
