#ifndef COMMON_CORE_SECRET_H
#define COMMON_CORE_SECRET_H

#include <stdbool.h>

#include "common/core/setting.h"

enum { SECRET_BYTES_MAX = 64 * 1024 }; /* a chain of certificates fits; a wrong file does not */

/*
 * Secrets from files: regular, with no rights for group and others (but root's may be readable for
 * our group), not empty, at most SECRET_BYTES_MAX bytes, without NUL; one final line end is cut. On
 * false, `fault` says what is wrong in words that stand behind the setting's name.
 */
MUST_CHECK bool secret_read_text(const char *path, const char **out, /* malloc'd */
                                 char fault[static PROBLEM_TEXT_SIZE]);

/* The same of a file that a library will read. */
MUST_CHECK bool secret_is_safe(const char *path, char fault[static PROBLEM_TEXT_SIZE]);

/* 32 bytes in base64: 44 characters, and the bits that base64 leaves over are 0. */
MUST_CHECK bool secret_read_key(const char *path, struct key *out,
                                char fault[static PROBLEM_TEXT_SIZE]);

/*
 * Lines "ID KEY": a number from 1 to 32767 and such a key, one space between; the newest last, no
 * number twice, 1 to KEY_RING_MAX of them.
 */
MUST_CHECK bool secret_read_ring(const char *path, struct key_ring *out,
                                 char fault[static PROBLEM_TEXT_SIZE]);

#endif
