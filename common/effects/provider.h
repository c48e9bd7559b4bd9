#ifndef COMMON_EFFECTS_PROVIDER_H
#define COMMON_EFFECTS_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/base.h"
#include "common/core/error.h"

/*
 * What is outside and asked to do something once: a gateway that takes a POST over HTTP, or a mail
 * server. A performer asks many at a time, over libcurl, and says of each request what is known
 * of it afterwards. It never asks twice by itself.
 */

enum {
    PROVIDER_PATH_MAX = 500,           /* bytes, of what follows the URL */
    PROVIDER_BODY_MAX = 1024 * 1024,   /* bytes; codes, short mails and call-backs are far less */
    PROVIDER_RESPONSE_MAX = 64 * 1024, /* bytes; what comes beyond is not read */
    PROVIDER_RETRY_AFTER_MAX_MS = 3600000, /* who asks for longer waits an hour and asks again */
    PROVIDER_ID_MAX = 200, /* bytes of a provider's own id; a longer one is not kept */
};

/*
 * Filled from the tables of provider_settings.h and checked by provider_check(); texts that are
 * not set are "". Shared by threads, never changed after the start.
 */
struct provider_options {
    const char *url;              /* https://, smtps://, smtp:// with STARTTLS; "": there is none */
    const char *allowed_hosts;    /* names separated by commas; "": that of the URL alone */
    const char *allowed_networks; /* "10.0.0.0/8,fd00::/8": not public, but meant */
    const char *ca_file;          /* "": the system's */
    const char *user, *password;  /* Basic for HTTP, AUTH for SMTP */
    int64_t connect_timeout_ms;   /* name, connection and TLS */
    int64_t timeout_ms;           /* all of it, the former included */
    int64_t concurrency;          /* requests at a time; the caller's to keep */
    bool development;             /* loopback is allowed, there without TLS too */

    /* HTTP alone. */
    const char *headers;            /* "Name: value", one a line; a secret */
    const char *content_type;       /* of the body */
    const char *idempotency_header; /* name of the header that carries the key */
    const char *id_member;          /* where the JSON answer has the id: "id", "message.id" */
    const char *id_header;          /* or which header has it; "": none */
    bool retries_4xx;               /* its contract: every error of HTTP may pass */

    /* SMTP alone. */
    bool starttls;    /* with smtp://; switched off it is plain, for development on loopback */
    const char *from; /* the sender's address */
    const char *from_name;
};

/* Everything is copied; texts that are not for the protocol may be NULL. */
struct provider_request {
    const char *id;              /* X-Request-Id */
    const char *idempotency_key; /* the same again when the request is repeated */
    const char *path;            /* HTTP: appended to the URL; "" or begins with '/' or '?' */
    const char *recipient;       /* SMTP: the address */
    struct bytes body;           /* HTTP: of content_type; SMTP: the whole message, by mail.h */
};

enum provider_verdict {
    PROVIDER_ACCEPTED, /* it said so */
    PROVIDER_RETRY,    /* nothing was done: it said so, or nothing was sent; later may be better */
    PROVIDER_REFUSED,  /* nothing was done, and will not be */
    PROVIDER_UNKNOWN,  /* it was sent, in part or whole, and no answer came */
};

struct provider_answer {
    void *tag; /* of performer_start() */
    enum provider_verdict verdict;
    int status;              /* HTTP or SMTP code of the answer; 0: none */
    int64_t retry_after_ms;  /* what the provider asked for, bounded; -1: nothing */
    const char *why;         /* for a log line: what failed; holds no personal data; never NULL */
    const char *provider_id; /* NULL: none */
    struct bytes response;   /* HTTP: the body, cut at PROVIDER_RESPONSE_MAX */
};

struct performer;

/* One thread's, but for performer_wake(). Each mail under way takes a thread more. */
MUST_CHECK bool performer_new(struct performer **out, struct error *error);
void performer_free(struct performer *performer); /* cuts what is under way; takes NULL */

/*
 * Begins a request. Cannot fail: what cannot be begun has its answer at once, from
 * performer_next(). `options` must live as long.
 */
void performer_start(struct performer *performer, const struct provider_options *options,
                     const struct provider_request *request, void *tag);

/* Sends and receives, and waits until there is something to do, for at most so long. */
void performer_run(struct performer *performer, int64_t timeout_ms);

/* The next answer; false: none yet. What it points to lives until the next call of any of these. */
bool performer_next(struct performer *performer, struct provider_answer *out);

/* Requests begun whose answer was not fetched; of one provider, or of all (NULL). */
size_t performer_in_flight(const struct performer *performer,
                           const struct provider_options *options);

/* Ends the wait of performer_run() in its thread, or the next one; from any thread. */
void performer_wake(struct performer *performer);

#endif
