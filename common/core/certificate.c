/* Certificates and private keys in files: whether they are any, and belong together. */
#include "common/core/certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

/* A pass phrase that is none; without it OpenSSL would ask the terminal. */
static char no_pass_phrase[] = "";

static void *take_certificate(FILE *file)
{
    return PEM_read_X509(file, NULL, NULL, no_pass_phrase);
}

static void *take_key(FILE *file)
{
    return PEM_read_PrivateKey(file, NULL, NULL, no_pass_phrase);
}

/* NULL: there is none. */
static void *read_first(const char *path, void *(*take)(FILE *file))
{
    FILE *file = fopen(path, "re");
    void *taken;

    if (file == NULL)
        return NULL;
    taken = take(file);
    fclose(file);
    ERR_clear_error(); /* who comes next must not take it for its own */
    return taken;
}

bool certificate_is_in(const char *path)
{
    X509 *certificate = read_first(path, take_certificate);
    bool there = certificate != NULL;

    X509_free(certificate);
    return there;
}

bool private_key_is_in(const char *path)
{
    EVP_PKEY *key = read_first(path, take_key);
    bool there = key != NULL;

    EVP_PKEY_free(key);
    return there;
}

bool certificate_has_key(const char *certificate_path, const char *key_path)
{
    X509 *certificate = read_first(certificate_path, take_certificate);
    EVP_PKEY *key = read_first(key_path, take_key);
    bool belong =
        certificate != NULL && key != NULL && X509_check_private_key(certificate, key) == 1;

    ERR_clear_error();
    X509_free(certificate);
    EVP_PKEY_free(key);
    return belong;
}
