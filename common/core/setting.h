#ifndef COMMON_CORE_SETTING_H
#define COMMON_CORE_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/base.h"
#include "common/core/problems.h"

/*
 * Settings come from the environment, secrets from files that the environment names. One table
 * is parser, default, check and reference (`--help`, `make config`).
 */
enum setting_kind {
    SETTING_INT,         /* int64_t; a plain decimal number in min..max */
    SETTING_DURATION_MS, /* int64_t milliseconds; "250ms", "5s", "10m", "2h", with the unit */
    SETTING_SIZE,        /* int64_t bytes; "512B", "64KiB", "16MiB" */
    SETTING_BOOL,        /* bool; true or false */
    SETTING_TEXT,        /* const char * */
    SETTING_CHOICE,      /* int; index into `choices`, separated by '|' */
    SETTING_URL,         /* const char *; scheme is one of `choices`; no user or password inside */
    SETTING_KEY_FILE,    /* struct key; a file with 32 bytes in base64, mode 0600 or stricter */
    SETTING_KEY_RING,    /* struct key_ring; a file of keys by number, same mode */
    SETTING_SECRET_FILE, /* const char *; a file's text, a final newline cut; same mode */
    SETTING_FILE,        /* const char *; path of a file that must be readable */
    SETTING_SAFE_FILE,   /* likewise, of a secret: same mode as those above */
    SETTING_HOSTS,       /* const char *; host:port,… */
};

/* 256 bits for HMAC or AES. */
struct key {
    uint8_t bytes[32];
    bool present; /* false: not given */
};

enum { KEY_RING_MAX = 32 }; /* rotated twice a year, sixteen years' keys */

/* Keys by number, newest last: that one seals, the others open what they sealed. */
struct key_ring {
    struct key keys[KEY_RING_MAX];
    int16_t ids[KEY_RING_MAX]; /* from 1 up */
    size_t count;              /* 0: not given */
};

struct setting {
    const char *name; /* ONBOARDING_… */
    enum setting_kind kind;
    size_t offset;        /* into the struct that is filled */
    const char *fallback; /* as in the environment; NULL: required; "": may be empty */
    const char *meaning;  /* one line, with the unit and the range */
    int64_t min, max;     /* SETTING_INT, _DURATION_MS (in ms), _SIZE (in bytes) */
    const char *choices;  /* SETTING_CHOICE, SETTING_URL: "debug|info|warning" */
};

/* A table and the struct that it fills. */
struct setting_group {
    const struct setting *settings;
    size_t count;
    void *target;
};

/*
 * Fills every group from `environment` (as environ: "NAME=value", NULL-terminated). Adds to
 * `problems` each mistake by name: missing, malformed, out of range, unreadable or unsafe secret
 * file, and every name that begins with ONBOARDING_ but stands in no table or stands twice. A
 * setting that is wrong counts as absent.
 * Texts point into `environment` or into memory that lives as long as the process.
 */
void settings_read(const struct setting_group *groups, size_t group_count, char *const *environment,
                   struct problems *problems);

/* Prints the tables as a reference: name, default, meaning; to stdout. */
void settings_print(const struct setting_group *groups, size_t group_count);

/* Overwrites every key and secret that settings_read() filled. */
void settings_wipe(const struct setting_group *groups, size_t group_count);

#endif
