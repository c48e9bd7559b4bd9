/* Files that hold secrets, refused when others may read them. */
#include "common/core/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_DIGITS = 44, ID_DIGITS_MAX = 5 };

static bool say(char fault[static PROBLEM_TEXT_SIZE], const char *what)
{
    if (snprintf(fault, PROBLEM_TEXT_SIZE, "%s", what) < 0)
        fault[0] = '\0';
    return false;
}

static bool say_unreadable(char fault[static PROBLEM_TEXT_SIZE])
{
    if (snprintf(fault, PROBLEM_TEXT_SIZE, "names a file that cannot be read: %m") < 0)
        fault[0] = '\0';
    return false;
}

/* A Kubernetes volume with an fsGroup is root's, and the pod's group may read it. */
static mode_t forbidden_rights(const struct stat *status)
{
    const mode_t others = S_IRWXG | S_IRWXO;

    return status->st_uid == 0 && geteuid() != 0 ? others & ~(mode_t)S_IRGRP : others;
}

static bool check(int file, char fault[static PROBLEM_TEXT_SIZE])
{
    struct stat status;

    if (fstat(file, &status) != 0)
        return say_unreadable(fault);
    if (!S_ISREG(status.st_mode))
        return say(fault, "names something that is not a regular file");
    if ((status.st_mode & forbidden_rights(&status)) != 0)
        return say(fault, "names a file that others may read; chmod 600 mends it");
    return true;
}

/* Up to `size` bytes; fewer only at the end of the file; -1 with errno. */
static ssize_t read_all(int file, char *out, size_t size)
{
    size_t used = 0;

    while (used < size) {
        ssize_t got = read(file, out + used, size - used);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        used += (size_t)got;
    }
    return (ssize_t)used;
}

static bool read_checked(int file, char *out, size_t *out_size,
                         char fault[static PROBLEM_TEXT_SIZE])
{
    ssize_t got = read_all(file, out, SECRET_BYTES_MAX + 1);
    size_t size = got < 0 ? 0 : (size_t)got;

    if (got < 0)
        return say_unreadable(fault);
    if (size > SECRET_BYTES_MAX)
        return say(fault, "names a file larger than 64 KiB");
    if (memchr(out, '\0', size) != NULL)
        return say(fault, "names a file with a NUL inside");
    if (size > 0 && out[size - 1] == '\n')
        size--;
    if (size > 0 && out[size - 1] == '\r')
        size--;
    if (size == 0)
        return say(fault, "names a file that is empty");
    *out_size = size;
    return true;
}

/* `out` has room for SECRET_BYTES_MAX + 1 bytes; on success it ends in NUL. */
static bool read_secret(const char *path, char *out, size_t *out_size,
                        char fault[static PROBLEM_TEXT_SIZE])
{
    /* A FIFO must not hold up the start. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool ok;

    if (file < 0)
        return say_unreadable(fault);
    ok = check(file, fault) && read_checked(file, out, out_size, fault);
    close(file);
    if (ok)
        out[*out_size] = '\0';
    return ok;
}

static char *new_buffer(void)
{
    char *buffer = malloc(SECRET_BYTES_MAX + 1);

    if (buffer == NULL)
        abort();
    return buffer;
}

static void wipe_buffer(char *buffer)
{
    OPENSSL_cleanse(buffer, SECRET_BYTES_MAX + 1);
    free(buffer);
}

bool secret_is_safe(const char *path, char fault[static PROBLEM_TEXT_SIZE])
{
    char *buffer = new_buffer();
    size_t size;
    bool ok = read_secret(path, buffer, &size, fault);

    wipe_buffer(buffer);
    return ok;
}

bool secret_read_text(const char *path, const char **out, char fault[static PROBLEM_TEXT_SIZE])
{
    char *buffer = new_buffer();
    size_t size;
    bool ok = read_secret(path, buffer, &size, fault);

    if (ok) {
        char *text = malloc(size + 1);

        if (text == NULL)
            abort();
        memcpy(text, buffer, size + 1);
        *out = text;
    }
    wipe_buffer(buffer);
    return ok;
}

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c == '\0' ? NULL : strchr(digits, c);

    return found == NULL ? -1 : (int)(found - digits);
}

/* 43 digits of 6 bits are 258 bits: the last two must be 0. */
static bool decode_key(const char *text, size_t size, struct key *out)
{
    struct key key = {.present = true};
    unsigned bits = 0, held = 0;
    size_t used = 0;

    if (size != KEY_DIGITS || text[KEY_DIGITS - 1] != '=')
        return false;
    for (int i = 0; i < KEY_DIGITS - 1; i++) {
        int digit = digit_of(text[i]);

        if (digit < 0)
            return false;
        bits = (bits << 6 | (unsigned)digit) & 0x3fff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            key.bytes[used++] = (uint8_t)(bits >> held & 0xff);
        }
    }
    if ((bits & 0x3) != 0)
        return false;
    *out = key;
    OPENSSL_cleanse(&key, sizeof key);
    return true;
}

bool secret_read_key(const char *path, struct key *out, char fault[static PROBLEM_TEXT_SIZE])
{
    char *buffer = new_buffer();
    size_t size;
    bool ok = read_secret(path, buffer, &size, fault);

    if (ok && !decode_key(buffer, size, out))
        ok = say(fault, "names a file that does not hold 32 bytes in base64");
    wipe_buffer(buffer);
    return ok;
}

/* "ID KEY"; the line ends before `size`. */
static bool decode_line(const char *line, size_t size, int16_t *id, struct key *key)
{
    size_t digits = strspn(line, "0123456789");
    int number = 0;

    if (digits == 0 || digits > ID_DIGITS_MAX || digits >= size || line[digits] != ' ')
        return false;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (line[i] - '0');
    if (number < 1 || number > INT16_MAX)
        return false;
    *id = (int16_t)number;
    return decode_key(line + digits + 1, size - digits - 1, key);
}

static bool has_id(const struct key_ring *ring, int16_t id)
{
    for (size_t i = 0; i < ring->count; i++)
        if (ring->ids[i] == id)
            return true;
    return false;
}

/* NULL, or what is wrong. */
static const char *decode_ring(const char *text, struct key_ring *ring)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");

        if (ring->count == KEY_RING_MAX)
            return "names a file with more than 32 keys";
        if (!decode_line(text, size, &ring->ids[ring->count], &ring->keys[ring->count]))
            return "names a file with a line that is not a number from 1 to 32767, a space and "
                   "32 bytes in base64";
        if (has_id(ring, ring->ids[ring->count]))
            return "names a file with a number that stands twice";
        ring->count++;
        text += size + (text[size] == '\n');
    }
    return NULL;
}

bool secret_read_ring(const char *path, struct key_ring *out, char fault[static PROBLEM_TEXT_SIZE])
{
    char *buffer = new_buffer();
    struct key_ring ring = {.count = 0};
    size_t size;
    bool ok = read_secret(path, buffer, &size, fault);
    const char *wrong = ok ? decode_ring(buffer, &ring) : NULL;

    if (wrong != NULL)
        ok = say(fault, wrong);
    if (ok)
        *out = ring;
    OPENSSL_cleanse(&ring, sizeof ring);
    wipe_buffer(buffer);
    return ok;
}
