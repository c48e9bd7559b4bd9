/*
 * Fuzzes mails: whatever their fields hold, what is built has the headers that it should, one each,
 * and nothing but ASCII in lines of their length.
 */
#include <stdlib.h>
#include <string.h>

#include "common/effects/mail.h"
#include "common/effects/mail_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIELDS = 5, LINE_MAX_BYTES = 998 /* RFC 5322; addresses are not wrapped */ };

static const char *const names[] = {
    "Date: ",           "From: ",         "To: ",          "Message-ID: ",
    "Subject: ",        "MIME-Version: ", "Content-Type:", "Content-Transfer-Encoding: ",
    "Auto-Submitted: ",
};

static void expect(bool holds)
{
    if (!holds)
        abort();
}

/* The header's next line that begins one; NULL: the empty line is reached. */
static const char *next_header(const char *line)
{
    do {
        line = strstr(line, "\r\n");
        expect(line != NULL);
        line += 2;
    } while (*line == ' ');
    return *line == '\r' ? NULL : line;
}

static void check_headers(const char *line)
{
    for (size_t i = 0; i < COUNT(names); i++) {
        expect(line != NULL && strncmp(line, names[i], strlen(names[i])) == 0);
        line = next_header(line);
    }
    expect(line == NULL);
}

static void check_bytes(struct bytes built, bool international)
{
    size_t line = 0;

    for (size_t i = 0; i < built.size; i++) {
        bool ends = built.data[i] == '\n';

        line = ends ? 0 : line + 1;
        expect(line <= LINE_MAX_BYTES + 1);
        expect(international || built.data[i] < 0x80);
        expect(!ends || (i > 0 && built.data[i - 1] == '\r'));
    }
}

static void check(const struct mail *mail)
{
    struct arena arena = {0};
    struct bytes built;
    struct error error;

    if (mail_build(mail, &arena, &built, &error)) {
        check_headers(arena_copy(&arena, (const char *)built.data, built.size));
        check_bytes(built, mail_address_is_international(mail->from) ||
                               mail_address_is_international(mail->to));
    }
    arena_done(&arena);
}

/* Fields end in NUL; those that are missing are usual ones. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *fields[FIELDS] = {"", "Subject", "bank@bank.example", "ann@mail.example", "Bank"};
    char *copy = calloc(1, size + 1), *at = copy;

    expect(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    for (size_t i = 0; i < FIELDS && at < copy + size; i++) {
        fields[i] = at;
        at += strlen(at) + 1;
    }
    check(&(struct mail){.text = fields[0],
                         .subject = fields[1],
                         .from = fields[2],
                         .to = fields[3],
                         .from_name = fields[4],
                         .id = "m-1",
                         .date_ms = (int64_t)size * 1000003});
    free(copy);
    return 0;
}
