/* The settings of providers: what they fill, and every mistake under its own name. */
#include "common/effects/provider_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/test.h"

struct config {
    int profile;
    struct provider_options sms, mail;
};

static const struct setting settings[] = {
    PROVIDER_PROFILE_SETTING(struct config, profile),
    PROVIDER_HTTP_SETTINGS("ONBOARDING_SMS", NULL, struct config, sms),
    PROVIDER_SMTP_SETTINGS("ONBOARDING_SMTP", "", struct config, mail),
};

static char secret_path[] = "/tmp/onboarding-provider-XXXXXX";

static void write_secret(const char *text)
{
    FILE *file = fopen(secret_path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_secret(void **state)
{
    int file = mkstemp(secret_path);

    (void)state;
    return file >= 0 && close(file) == 0 ? 0 : -1;
}

static int remove_secret(void **state)
{
    (void)state;
    return unlink(secret_path);
}

static struct config config_read(char *const *environment, struct problems *problems)
{
    struct config config = {0};
    const struct setting_group group = {settings, COUNT(settings), &config};

    *problems = (struct problems){.count = 0};
    settings_read(&group, 1, environment, problems);
    provider_check("ONBOARDING_SMS", config.profile, &config.sms, problems);
    provider_check("ONBOARDING_SMTP", config.profile, &config.mail, problems);
    return config;
}

static void test_defaults(void **state)
{
    static struct problems problems;
    char *environment[] = {"ONBOARDING_SMS_URL=https://sms.example/v1", NULL};
    struct config config = config_read(environment, &problems);

    (void)state;
    assert_int_equal(problems.count, 0);
    assert_string_equal(config.sms.url, "https://sms.example/v1");
    assert_string_equal(config.sms.content_type, "application/json");
    assert_string_equal(config.sms.idempotency_header, "Idempotency-Key");
    assert_string_equal(config.sms.id_member, "id");
    assert_int_equal(config.sms.connect_timeout_ms, 2000);
    assert_int_equal(config.sms.timeout_ms, 10000);
    assert_int_equal(config.sms.concurrency, 16);
    assert_false(config.sms.development);
    assert_true(provider_is_set(&config.sms));
    assert_false(provider_is_set(&config.mail));
}

/* The URL, one more setting, and what is said; NULL: nothing. */
#define SMS      "ONBOARDING_SMS_URL=https://sms.example/v1"
#define MAIL     "ONBOARDING_SMTP_URL=smtp://mail.example:587"
#define FROM     "ONBOARDING_SMTP_FROM=bank@bank.example"
#define DEVELOP  "ONBOARDING_PROFILE=development"
#define HEADERS  "headers" /* stands for the secret file, whose text is `secret` */
#define PASSWORD "password"

static const struct mistake {
    const char *name;
    const char *environment[4]; /* NULL: none */
    const char *secret;
    const char *problem;
} mistakes[] = {
    {"no URL", {NULL}, NULL, "ONBOARDING_SMS_URL: is required"},
    {"http in production",
     {"ONBOARDING_SMS_URL=http://127.0.0.1/"},
     NULL,
     "ONBOARDING_SMS_URL: must begin with https:// outside of development"},
    {"http in development", {"ONBOARDING_SMS_URL=http://127.0.0.1/", DEVELOP}, NULL, NULL},
    {"other scheme",
     {"ONBOARDING_SMS_URL=file:///etc/passwd"},
     NULL,
     "ONBOARDING_SMS_URL: has a scheme that is not allowed here"},
    {"user in the URL",
     {"ONBOARDING_SMS_URL=https://me@sms.example/"},
     NULL,
     "ONBOARDING_SMS_URL: must not hold a user"},
    {"fragment",
     {"ONBOARDING_SMS_URL=https://sms.example/#x"},
     NULL,
     "ONBOARDING_SMS_URL: must not hold a fragment"},
    {"several hosts",
     {"ONBOARDING_SMS_URL=https://a.example,b.example/"},
     NULL,
     "ONBOARDING_SMS_URL: is not a URL"},
    {"host allowed", {SMS, "ONBOARDING_SMS_ALLOWED_HOSTS=other.example,SMS.example"}, NULL, NULL},
    {"host not allowed",
     {SMS, "ONBOARDING_SMS_ALLOWED_HOSTS=other.example,sms.example.net"},
     NULL,
     "ONBOARDING_SMS_URL: has a host that is not among those allowed"},
    {"networks", {SMS, "ONBOARDING_SMS_ALLOWED_NETWORKS=10.1.0.0/16,fd00::/8"}, NULL, NULL},
    {"broken network",
     {SMS, "ONBOARDING_SMS_ALLOWED_NETWORKS=10.1.0.0/15"},
     NULL,
     "ONBOARDING_SMS_ALLOWED_NETWORKS: holds what is no network as 10.1.0.0/16 or fd00::/8, "
     "without bits behind"},
    {"time-outs that contradict",
     {SMS, "ONBOARDING_SMS_CONNECT_TIMEOUT=3s", "ONBOARDING_SMS_TIMEOUT=2s"},
     NULL,
     "ONBOARDING_SMS_CONNECT_TIMEOUT: must not exceed the time-out of the whole request"},
    {"headers", {SMS, HEADERS}, "Authorization: Bearer x\nX-Tenant: bank\n", NULL},
    {"header without colon",
     {SMS, HEADERS},
     "Authorization: Bearer x\nnonsense\n",
     "ONBOARDING_SMS_HEADERS_FILE: has a line that is not a header as Name: value"},
    {"header with a space in its name",
     {SMS, HEADERS},
     "X Tenant: bank",
     "ONBOARDING_SMS_HEADERS_FILE: has a line that is not a header as Name: value"},
    {"header without value",
     {SMS, HEADERS},
     "X-Tenant: \r\nX-Other: x",
     "ONBOARDING_SMS_HEADERS_FILE: has a header without a value"},
    {"header of the program",
     {SMS, HEADERS},
     "content-length: 5",
     "ONBOARDING_SMS_HEADERS_FILE: has a header that is set by the program"},
    {"password without user",
     {SMS, PASSWORD},
     "x",
     "ONBOARDING_SMS_USER: is required with a password"},
    {"user without password",
     {SMS, "ONBOARDING_SMS_USER=me"},
     NULL,
     "ONBOARDING_SMS_PASSWORD_FILE: is required with a user"},
    {"user with a colon",
     {SMS, "ONBOARDING_SMS_USER=m:e", PASSWORD},
     "x",
     "ONBOARDING_SMS_USER: must not hold a colon"},
    {"key's header",
     {SMS, "ONBOARDING_SMS_IDEMPOTENCY_HEADER=X Key"},
     NULL,
     "ONBOARDING_SMS_IDEMPOTENCY_HEADER: is no name of a header"},
    {"key's header, another's",
     {SMS, "ONBOARDING_SMS_IDEMPOTENCY_HEADER=host"},
     NULL,
     "ONBOARDING_SMS_IDEMPOTENCY_HEADER: is a header that says something else"},
    {"key's header, the request's",
     {SMS, "ONBOARDING_SMS_IDEMPOTENCY_HEADER=x-request-id"},
     NULL,
     NULL},
    {"key's header in the file",
     {SMS, "ONBOARDING_SMS_IDEMPOTENCY_HEADER=X-Once", HEADERS},
     "X-A: b\r\nx-once: 1\r\n",
     "ONBOARDING_SMS_HEADERS_FILE: has a header that is set by the program"},
    {"id's header",
     {SMS, "ONBOARDING_SMS_ID_HEADER=X:Id"},
     NULL,
     "ONBOARDING_SMS_ID_HEADER: is no name of a header"},
    {"id's member",
     {SMS, "ONBOARDING_SMS_ID_MEMBER=a..b"},
     NULL,
     "ONBOARDING_SMS_ID_MEMBER: is no path as message.id"},
    {"mail", {SMS, MAIL, FROM}, NULL, NULL},
    {"mail without sender", {SMS, MAIL}, NULL, "ONBOARDING_SMTP_FROM: is empty"},
    {"mail with a broken sender",
     {SMS, MAIL, "ONBOARDING_SMTP_FROM=bank"},
     NULL,
     "ONBOARDING_SMTP_FROM: is no address of mail"},
    {"mail without TLS",
     {SMS, MAIL, FROM, "ONBOARDING_SMTP_STARTTLS=false"},
     NULL,
     "ONBOARDING_SMTP_STARTTLS: must not be switched off outside of development"},
    {"mail's scheme",
     {SMS, "ONBOARDING_SMTP_URL=https://mail.example", FROM},
     NULL,
     "ONBOARDING_SMTP_URL: has a scheme that is not allowed here"},
};

/* A process keeps its secrets to its end; "" is none of malloc's. */
static void free_secret(const char *text)
{
    if (*text != '\0')
        free((char *)(uintptr_t)text);
}

static void test_mistake(void **state)
{
    static struct problems problems;
    const struct mistake *mistake = *state;
    char texts[COUNT(mistake->environment)][200];
    char *environment[COUNT(mistake->environment) + 1] = {NULL};

    if (mistake->secret != NULL)
        write_secret(mistake->secret);
    for (size_t i = 0; i < COUNT(mistake->environment) && mistake->environment[i] != NULL; i++) {
        const char *text = mistake->environment[i];
        const char *name = strcmp(text, HEADERS) == 0    ? "ONBOARDING_SMS_HEADERS_FILE="
                           : strcmp(text, PASSWORD) == 0 ? "ONBOARDING_SMS_PASSWORD_FILE="
                                                         : NULL;

        assert_true(snprintf(texts[i], sizeof texts[i], "%s%s", name == NULL ? text : name,
                             name == NULL ? "" : secret_path) < (int)sizeof texts[i]);
        environment[i] = texts[i];
    }
    struct config config = config_read(environment, &problems);

    free_secret(config.sms.headers);
    free_secret(config.sms.password);
    assert_int_equal(problems.count, mistake->problem == NULL ? 0 : 1);
    if (mistake->problem != NULL)
        assert_string_equal(problems.items[0], mistake->problem);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(mistakes) + 1] = {cmocka_unit_test(test_defaults)};

    for (size_t i = 0; i < COUNT(mistakes); i++)
        tests[1 + i] = EXAMPLE(test_mistake, &mistakes[i]);
    return cmocka_run_group_tests(tests, make_secret, remove_secret);
}
