/* Messages: their lines to the byte, and what is not made into one. */
#include "common/effects/mail.h"

#include <string.h>

#include "common/effects/mail_address.h"
#include "tests/support/test.h"

#define DATE_MS INT64_C(1795374291123) /* 2026-11-22T19:04:51.123Z */

#define TEXT_HEAD(encoding)                                                                        \
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"                             \
    "Content-Transfer-Encoding: " encoding "\r\nAuto-Submitted: auto-generated\r\n\r\n"
#define HEAD                                                                                       \
    "Date: Sun, 22 Nov 2026 19:04:51 +0000\r\nFrom: <bank@bank.example>\r\n"                       \
    "To: <ann@mail.example>\r\nMessage-ID: <m-1@bank.example>\r\n"

/* ten letters */
#define TEN   "abcdefghij"
#define FIFTY TEN TEN TEN TEN TEN

static const struct example {
    const char *name;
    struct mail mail; /* what is not given is as in `usual` */
    const char *wanted;
} examples[] = {
    {"plain",
     {.subject = "Your code", .text = "123456 is your code.\n"},
     HEAD "Subject: Your code\r\n" TEXT_HEAD("7bit") "123456 is your code.\r\n"},
    {"no end of the last line", {.text = "a"}, HEAD "Subject: s\r\n" TEXT_HEAD("7bit") "a\r\n"},
    {"ends of lines",
     {.text = "a\nb\r\nc\rd\n\n\r\n"},
     HEAD "Subject: s\r\n" TEXT_HEAD("7bit") "a\r\nb\r\nc\r\nd\r\n\r\n\r\n"},
    {"no text", {.text = ""}, HEAD "Subject: s\r\n" TEXT_HEAD("7bit")},
    {"a dot alone", {.text = ".\n"}, HEAD "Subject: s\r\n" TEXT_HEAD("7bit") ".\r\n"},
    {"text of other letters",
     {.text = "Žluťoučký\n"},
     HEAD "Subject: s\r\n" TEXT_HEAD("base64") "xb1sdcWlb3XEjWvDvQ0K\r\n"},
    {"line of 76",
     {.text = FIFTY TEN TEN "123456"},
     HEAD "Subject: s\r\n" TEXT_HEAD("7bit") FIFTY TEN TEN "123456\r\n"},
    {"line of 77",
     {.text = FIFTY TEN TEN "1234567"},
     HEAD "Subject: s\r\n" TEXT_HEAD(
         "base64") "YWJjZGVmZ2hpamFiY2RlZmdoaWphYmNkZWZnaGlqYWJjZGVmZ2hpamFiY2RlZmdoaWphYmNkZWZn"
                   "\r\naGlqYWJjZGVmZ2hpajEyMzQ1NjcNCg==\r\n"},
    {"subject of other letters",
     {.subject = "Váš kód"},
     HEAD "Subject: =?UTF-8?B?VsOhxaEga8OzZA==?=\r\n" TEXT_HEAD("7bit") "t\r\n"},
    {"subject in several words, cut between letters",
     {.subject = "123456789012345678901234567890123456789č"},
     HEAD "Subject: =?UTF-8?B?MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5?=\r\n"
          " =?UTF-8?B?xI0=?=\r\n" TEXT_HEAD("7bit") "t\r\n"},
    {"subject, a letter across the cut",
     {.subject = "12345678901234567890123456789012345678č"},
     HEAD "Subject: =?UTF-8?B?MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg=?=\r\n"
          " =?UTF-8?B?xI0=?=\r\n" TEXT_HEAD("7bit") "t\r\n"},
    {"subject that looks encoded",
     {.subject = "=?x"},
     HEAD "Subject: =?UTF-8?B?PT94?=\r\n" TEXT_HEAD("7bit") "t\r\n"},
    {"subject that is long",
     {.subject = FIFTY TEN TEN},
     HEAD
     "Subject: =?UTF-8?B?YWJjZGVmZ2hpamFiY2RlZmdoaWphYmNkZWZnaGlqYWJjZGVmZ2hp?=\r\n"
     " =?UTF-8?B?amFiY2RlZmdoaWphYmNkZWZnaGlqYWJjZGVmZ2hpag==?=\r\n" TEXT_HEAD("7bit") "t\r\n"},
    {"sender's name",
     {.from_name = "The \"Bank\""},
     "Date: Sun, 22 Nov 2026 19:04:51 +0000\r\nFrom: \"The \\\"Bank\\\"\"\r\n <bank@bank.example>"
     "\r\nTo: <ann@mail.example>\r\nMessage-ID: <m-1@bank.example>\r\nSubject: s\r\n" TEXT_HEAD(
         "7bit") "t\r\n"},
    {"sender's name of other letters",
     {.from_name = "Naše banka"},
     "Date: Sun, 22 Nov 2026 19:04:51 +0000\r\nFrom: =?UTF-8?B?TmHFoWUgYmFua2E=?=\r\n "
     "<bank@bank.example>\r\nTo: <ann@mail.example>\r\nMessage-ID: <m-1@bank.example>\r\n"
     "Subject: s\r\n" TEXT_HEAD("7bit") "t\r\n"},
    {"addresses of other letters",
     {.from = "b@banka.čz", .to = "žena@pošta.example"},
     "Date: Sun, 22 Nov 2026 19:04:51 +0000\r\nFrom: <b@banka.čz>\r\n"
     "To: <žena@pošta.example>\r\nMessage-ID: <m-1@onboarding.invalid>\r\n"
     "Subject: s\r\n" TEXT_HEAD("7bit") "t\r\n"},
    {"injected subject", {.subject = "a\r\nBcc: eve@mail.example"}, NULL},
    {"injected subject, line feed", {.subject = "a\nb"}, NULL},
    {"injected name", {.from_name = "a\r\nBcc: eve@mail.example"}, NULL},
    {"injected recipient", {.to = "ann@mail.example>\r\nBcc: <eve@mail.example"}, NULL},
    {"two recipients", {.to = "ann@mail.example, eve@mail.example"}, NULL},
    {"injected id", {.id = "m>\r\nBcc: eve@mail.example"}, NULL},
    {"no id", {.id = ""}, NULL},
    {"subject with a tab", {.subject = "a\tb"}, NULL},
    {"subject, no UTF-8", {.subject = "\xc3"}, NULL},
    {"text, no UTF-8", {.text = "\xff"}, NULL},
    {"text with a bell", {.text = "a\ab"}, NULL},
    {"text with DEL", {.text = "a\x7f"}, NULL},
    {"text with a C1 control", {.text = "a\xc2\x85"}, NULL},
};

static const struct mail usual = {
    .from = "bank@bank.example",
    .from_name = "",
    .to = "ann@mail.example",
    .subject = "s",
    .text = "t",
    .id = "m-1",
    .date_ms = DATE_MS,
};

static const char *or_usual(const char *text, const char *otherwise)
{
    return text == NULL ? otherwise : text;
}

static bool build(const struct mail *given, struct arena *arena, struct bytes *out)
{
    struct error error = {.kind = ERROR_FATAL};
    const struct mail mail = {
        .from = or_usual(given->from, usual.from),
        .from_name = or_usual(given->from_name, usual.from_name),
        .to = or_usual(given->to, usual.to),
        .subject = or_usual(given->subject, usual.subject),
        .text = or_usual(given->text, usual.text),
        .id = or_usual(given->id, usual.id),
        .date_ms = usual.date_ms,
    };

    if (mail_build(&mail, arena, out, &error))
        return true;
    assert_int_equal(error.kind, ERROR_POISON);
    return false;
}

static void test_example(void **state)
{
    const struct example *example = *state;
    struct arena arena = {0};
    struct bytes got;

    assert_int_equal(build(&example->mail, &arena, &got), example->wanted != NULL);
    if (example->wanted != NULL) {
        assert_int_equal(got.size, strlen(example->wanted));
        assert_memory_equal(got.data, example->wanted, got.size);
    }
    arena_done(&arena);
}

/* Every size around the cuts, letters of one to four bytes: no overflow, no line too long. */
static void test_sizes(void **state)
{
    static const char *const letters[] = {"a", "č", "€", "😀"};
    static char subject[MAIL_SUBJECT_MAX + 8];
    struct arena arena = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(letters); i++) {
        subject[0] = '\0';
        while (strlen(subject) + strlen(letters[i]) <= MAIL_SUBJECT_MAX) {
            struct bytes got;
            size_t line = 0;

            memcpy(subject + strlen(subject), letters[i], strlen(letters[i]) + 1);
            assert_true(build(&(struct mail){.subject = subject, .text = subject}, &arena, &got));
            for (size_t at = 0; at < got.size; at++) {
                line = got.data[at] == '\n' ? 0 : line + 1;
                assert_true(line <= 77 && got.data[at] < 0x80);
            }
            arena_reset(&arena);
        }
        memcpy(subject + strlen(subject), "aaaaa", 6);
        assert_false(build(&(struct mail){.subject = subject}, &arena, &(struct bytes){0}));
    }
    arena_done(&arena);
}

static void test_long_text(void **state)
{
    static char text[MAIL_TEXT_MAX + 2];
    struct arena arena = {0};
    struct bytes got;

    (void)state;
    memset(text, '\n', MAIL_TEXT_MAX);
    assert_true(build(&(struct mail){.text = text}, &arena, &got));
    memset(text, 'x', MAIL_TEXT_MAX);
    assert_true(build(&(struct mail){.text = text}, &arena, &got));
    text[MAIL_TEXT_MAX] = 'x';
    assert_false(build(&(struct mail){.text = text}, &arena, &got));
    arena_done(&arena);
}

static const struct address {
    const char *name;
    bool valid, international;
} addresses[] = {
    {"a@b", true, false},
    {"ann.o'neil+x_y@mail-1.example.com", true, false},
    {"žena@mail.example", true, true},
    {"ann@pošta.example", true, true},
    {"", false, false},
    {"@", false, false},
    {"ann", false, false},
    {"ann@", false, false},
    {"@mail.example", false, false},
    {"ann@mail@example", false, false},
    {".ann@mail.example", false, false},
    {"ann.@mail.example", false, false},
    {"a..b@mail.example", false, false},
    {"ann@.example", false, false},
    {"ann@mail..example", false, false},
    {"ann@mail.example.", false, false},
    {"ann@-mail.example", false, false},
    {"ann@mail-.example", false, false},
    {"ann@mail_1.example", false, false},
    {"ann@[127.0.0.1]", false, false},
    {"\"ann o\"@mail.example", false, false},
    {"ann (x)@mail.example", false, false},
    {"<ann@mail.example>", false, false},
    {"ann@mail.example,eve@mail.example", false, false},
    {"ann@mail.example\r\nDATA", false, false},
    {"ann\n@mail.example", false, false},
    {"ann\t@mail.example", false, false},
    {"a\xc3@mail.example", false, true},
    {"a\xe2\x80\xae@mail.example", false, true}, /* right-to-left override */
    {"a\xc2\xa0@mail.example", false, true},     /* no-break space */
    {"a\xe2\x80\x8b@mail.example", false, true}, /* zero width */
    {"a@" TEN TEN TEN TEN TEN TEN "abc", true, false},
    {"a@" TEN TEN TEN TEN TEN TEN "abcd", false, false},
    {TEN TEN TEN TEN TEN TEN "abcd@a", true, false},
    {TEN TEN TEN TEN TEN TEN "abcde@a", false, false},
    {"a@" FIFTY "." FIFTY "." FIFTY "." FIFTY "." TEN TEN TEN TEN "12345678", true, false},
    {"a@" FIFTY "." FIFTY "." FIFTY "." FIFTY "." TEN TEN TEN TEN "123456789", false, false},
};

static void test_address(void **state)
{
    const struct address *address = *state;

    assert_int_equal(mail_address_fault(address->name) == NULL, address->valid);
    assert_int_equal(mail_address_is_international(address->name), address->international);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(examples) + COUNT(addresses) + 2];
    size_t count = 0;

    for (size_t i = 0; i < COUNT(examples); i++)
        tests[count++] = EXAMPLE(test_example, &examples[i]);
    for (size_t i = 0; i < COUNT(addresses); i++)
        tests[count++] = EXAMPLE(test_address, &addresses[i]);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_sizes);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_long_text);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
