#ifndef COMMON_CORE_CERTIFICATE_H
#define COMMON_CORE_CERTIFICATE_H

#include <stdbool.h>

/* Certificates and private keys in files, as TLS will want them: PEM. */

/* Whether a file holds a certificate; whether it holds a private key that needs no pass phrase. */
bool certificate_is_in(const char *path);
bool private_key_is_in(const char *path);

/* Whether the key belongs to the first certificate; false where either is missing. */
bool certificate_has_key(const char *certificate_path, const char *key_path);

#endif
