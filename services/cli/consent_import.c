/* `onboarding consent import`: takes a text of a consent in, once it is checked. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/date.h"
#include "common/core/language.h"
#include "services/consent/html.h"
#include "services/consent/names.h"
#include "store.h"

static struct {
    const char *type;
    const char *language;
    const char *version;
    const char *effective_from;
    struct argument_list files;
} given;

#define AT(member) offsetof(__typeof__(given), member)

static const struct argument arguments[] = {
    {"--type", ARGUMENT_TEXT, AT(type), true, "TYPE", "which consent: GDPR, …", 0, 0},
    {"--language", ARGUMENT_TEXT, AT(language), true, "LANGUAGE", "ISO 639-1: cs, en, …", 0, 0},
    {"--version", ARGUMENT_TEXT, AT(version), true, "VERSION", "of the text in this language", 0,
     0},
    {"--effective-from", ARGUMENT_TEXT, AT(effective_from), true, "DATE",
     "first day in force, YYYY-MM-DD, UTC", 0, 0},
    {"FILE", ARGUMENT_LIST, AT(files), true, NULL, "HTML in UTF-8; several are joined in order", 0,
     0},
};

/* What is to be imported. */
struct text {
    char html[HTML_BYTES_MAX + 2]; /* one byte more shows that a file is too large; a NUL */
    size_t size;
};

static bool read_day(const char *text, int32_t *out)
{
    char again[DATE_TEXT_SIZE];
    int32_t days;

    if (!date_parse(text, &days))
        return false;
    date_format(days, again);
    *out = days;
    return strcmp(again, text) == 0; /* the other forms of dates are for machines */
}

static bool check_names(int32_t *day, struct error *error)
{
    if (!consent_is_name(given.type))
        return error_set(error, ERROR_FATAL,
                         "--type wants 1..%d letters, digits, dots, dashes, underscores",
                         CONSENT_NAME_BYTES_MAX);
    if (!language_is_code(given.language))
        return error_set(error, ERROR_FATAL, "--language wants a language by ISO 639-1");
    if (!consent_is_name(given.version))
        return error_set(error, ERROR_FATAL,
                         "--version wants 1..%d letters, digits, dots, dashes, underscores",
                         CONSENT_NAME_BYTES_MAX);
    if (!read_day(given.effective_from, day))
        return error_set(error, ERROR_FATAL, "--effective-from wants a day, YYYY-MM-DD");
    return true;
}

/* Appends a file; no more than shows that it is too much. */
static bool read_file(const char *path, struct text *text, struct error *error)
{
    FILE *file = fopen(path, "rb");
    bool fine;

    if (file == NULL)
        return error_set(error, ERROR_FATAL, "%s: %s", path, strerror(errno));
    text->size += fread(text->html + text->size, 1, HTML_BYTES_MAX + 1 - text->size, file);
    fine = ferror(file) == 0;
    fclose(file);
    return fine || error_set(error, ERROR_FATAL, "%s cannot be read", path);
}

/* Says every mistake as FILE: line N: what. */
static bool check_file(const char *path, const char *html, size_t size)
{
    struct problems *problems = calloc(1, sizeof *problems);
    bool fine;

    if (problems == NULL)
        abort();
    html_check(html, size, problems);
    for (size_t i = 0; i < problems->count && i < PROBLEMS_MAX; i++)
        (void)cli_fail("%s: %s", path, problems->items[i]);
    if (problems->count > PROBLEMS_MAX)
        (void)cli_fail("%s: and %zu more", path, problems->count - PROBLEMS_MAX);
    fine = problems->count == 0;
    free(problems);
    return fine;
}

static bool read_files(struct text *text, struct error *error)
{
    bool fine = true;

    for (size_t i = 0; i < given.files.count; i++) {
        size_t start = text->size;

        if (!read_file(given.files.items[i], text, error))
            return false;
        if (text->size > HTML_BYTES_MAX)
            return error_set(error, ERROR_FATAL, "the text has more than %d bytes", HTML_BYTES_MAX);
        fine = check_file(given.files.items[i], text->html + start, text->size - start) && fine;
    }
    return fine || error_set(error, ERROR_FATAL, "nothing was imported");
}

/* Nothing was added: for the same text that is as good as done. */
static bool explain(struct store *store, const struct value *values, struct error *error)
{
    if (!store_run(store, &sql_find_edition, values, error))
        return false;
    if (db_row_count(store->db, 0) == 0)
        return error_set(error, ERROR_FATAL, "somebody changes the texts right now; try again");

    struct row row = db_row(store->db, 0, 0);
    bool same_version = row_bool(&row, 0);

    if (same_version && row_bool(&row, 1)) {
        printf("%s/%s %s is there already\n", given.type, given.language, given.version);
        return true;
    }
    return error_set(error, ERROR_FATAL,
                     same_version ? "this version is there, with another text or day"
                                  : "another version is in force from the same day on");
}

static bool put(const struct cli *cli, const struct text *text, int32_t day, struct error *error)
{
    const struct value values[] = {TEXT(given.type), TEXT(given.language), TEXT(given.version),
                                   INT(day), TEXT(text->html)};
    struct store store;
    bool fine;

    if (!store_connect(cli, "consent", NULL, &store, error))
        return false;
    fine = store_run(&store, &sql_insert_edition, values, error);
    if (fine && db_affected(store.db, 0) == 0)
        fine = explain(&store, values, error);
    else if (fine)
        printf("imported %s/%s %s, in force from %s on\n", given.type, given.language,
               given.version, given.effective_from);
    store_close(&store);
    return fine;
}

static enum cli_exit run(const struct cli *cli)
{
    static struct text text;
    struct error error;
    int32_t day = 0;

    if (!check_names(&day, &error)) {
        (void)cli_fail("%s", error.text);
        return CLI_USAGE;
    }
    if (!read_files(&text, &error) || !put(cli, &text, day, &error))
        return cli_fail("%s", error.text);
    return CLI_DONE;
}

const struct command command_consent_import = {
    .name = "consent import",
    .purpose = "take in a text of a consent, for users to be shown",
    .details =
        "A text is refused as a whole, with line and reason, where it holds what is not\n"
        "allowed: scripts, event handlers, links but https:, mailto:, tel: and #, comments,\n"
        "unknown or unclosed elements, …. {{name}} stands for a variable. What is imported\n"
        "never changes: the same again does nothing, another text needs another version and\n"
        "day.\n"
        "The user of ONBOARDING_POSTGRES_URL must be a member of onboarding_owner.\n",
    .needs = NEEDS_POSTGRES,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run,
};
