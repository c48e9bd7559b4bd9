/* From a command line to a command: look-up, help, settings. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "common/core/process.h"

enum { GROUPS_MAX = 4 };

static const char exit_codes[] = "exit codes:\n"
                                 "  0   done, nothing differs\n"
                                 "  1   something went wrong, or differs\n"
                                 "  2   the command line makes no sense\n"
                                 "  78  settings are missing or wrong\n";

static const struct setting digest_settings[] = {
    {"ONBOARDING_DIGEST_KEY_FILE", SETTING_KEY_FILE, 0, "",
     "file with the workers' key of digests: finds events whose id is no UUID", 0, 0, NULL},
};

static const struct setting data_settings[] = {
    {"ONBOARDING_DATA_KEYS_FILE", SETTING_KEY_RING, 0, "",
     "file with the workers' keys around data keys: opens what is stored of persons", 0, 0, NULL},
};

enum cli_exit cli_fail(const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fputs(CLI_PROGRAM ": ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return CLI_FAILED;
}

static size_t settings_of(struct cli *cli, unsigned needs,
                          struct setting_group out[static GROUPS_MAX])
{
    size_t count = 0;

    if ((needs & NEEDS_KAFKA) != 0)
        out[count++] =
            (struct setting_group){kafka_settings, kafka_setting_count, &cli->kafka_config};
    if ((needs & NEEDS_POSTGRES) != 0)
        out[count++] = (struct setting_group){postgres_settings, postgres_setting_count,
                                              &cli->postgres_config};
    if ((needs & NEEDS_DIGEST_KEY) != 0)
        out[count++] =
            (struct setting_group){digest_settings, COUNT(digest_settings), &cli->digest_key};
    if ((needs & NEEDS_DATA_KEYS) != 0)
        out[count++] = (struct setting_group){data_settings, COUNT(data_settings), &cli->data_keys};
    return count;
}

static bool is_wanted(const struct setting_group *groups, size_t count, const char *entry)
{
    size_t size = strcspn(entry, "=");

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < groups[i].count; k++) {
            const char *name = groups[i].settings[k].name;
            if (strlen(name) == size && memcmp(name, entry, size) == 0)
                return true;
        }
    return false;
}

/* The shell's settings are those of workers too: what this command doesn't read is no mistake. */
static char **wanted_environment(const struct setting_group *groups, size_t count)
{
    size_t total = 0;
    size_t used = 0;
    char **wanted;

    while (environ[total] != NULL)
        total++;
    wanted = calloc(total + 1, sizeof *wanted);
    if (wanted == NULL)
        abort();
    for (size_t i = 0; i < total; i++)
        if (is_wanted(groups, count, environ[i]))
            wanted[used++] = environ[i];
    return wanted;
}

static bool configure(struct cli *cli, const struct setting_group *groups, size_t count,
                      unsigned needs)
{
    struct problems *problems = calloc(1, sizeof *problems);
    char **wanted = wanted_environment(groups, count);

    if (problems == NULL)
        abort();
    settings_read(groups, count, wanted, problems);
    if ((needs & NEEDS_KAFKA) != 0)
        kafka_config_check(&cli->kafka_config, problems);
    if ((needs & NEEDS_POSTGRES) != 0)
        postgres_config_check(&cli->postgres_config, problems);
    for (size_t i = 0; i < problems->count && i < PROBLEMS_MAX; i++)
        (void)cli_fail("%s", problems->items[i]);
    bool fine = problems->count == 0;
    if (fine && (needs & NEEDS_KAFKA) != 0)
        cli->kafka = kafka_config_options(&cli->kafka_config, CLI_PROGRAM);
    free(wanted);
    free(problems);
    return fine;
}

static void print_help(const struct command *command)
{
    struct setting_group groups[GROUPS_MAX];
    struct cli cli;
    size_t count = settings_of(&cli, command->needs, groups);

    printf("%s\n\nusage: " CLI_PROGRAM " %s", command->purpose, command->name);
    arguments_print_usage(command->arguments, command->argument_count);
    printf("\n\n");
    arguments_print_meanings(command->arguments, command->argument_count);
    if (command->details != NULL)
        printf("\n%s", command->details);
    printf("\n%s", exit_codes);
    if (count != 0) {
        printf("\nsettings, from the environment:\n");
        settings_print(groups, count);
    }
}

/* Whether the line's first word begins commands of two: "topics", of "topics list". */
static bool begins(const struct command *command, const char *word)
{
    size_t size = strlen(word);

    return strncmp(command->name, word, size) == 0 && command->name[size] == ' ';
}

static bool begins_any(const struct command *const *commands, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (begins(commands[i], word))
            return true;
    return false;
}

/* Those that `word` begins; all where it begins none. */
static void print_commands(FILE *file, const struct command *const *commands, size_t count,
                           const char *word)
{
    bool some = begins_any(commands, count, word);

    fprintf(file, "usage: " CLI_PROGRAM " COMMAND …\n\ncommands:\n");
    for (size_t i = 0; i < count; i++)
        if (!some || begins(commands[i], word))
            fprintf(file, "  %-20s %s\n", commands[i]->name, commands[i]->purpose);
    fprintf(file, "\n" CLI_PROGRAM " COMMAND --help says more.\n\n%s", exit_codes);
}

/* How many words of the line the command's name takes; 0: it is another command. */
static int words_taken(const struct command *command, int argc, char *const *argv)
{
    const char *name = command->name;
    int words = 0;

    while (*name != '\0') {
        size_t size = strcspn(name, " ");
        if (words == argc || strlen(argv[words]) != size || memcmp(argv[words], name, size) != 0)
            return 0;
        words++;
        name += size;
        name += strspn(name, " ");
    }
    return words;
}

static bool asks_for_help(int argc, char *const *argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct setting_group groups[GROUPS_MAX];
    static struct cli cli; /* what texts of settings live as long as */
    struct error error;
    enum cli_exit status = CLI_CONFIG;

    if (asks_for_help(argc, argv)) {
        print_help(command);
        return CLI_DONE;
    }
    if (!arguments_read(command->arguments, command->argument_count, argc, argv, command->values,
                        &error)) {
        (void)cli_fail("%s; see " CLI_PROGRAM " %s --help", error.text, command->name);
        return CLI_USAGE;
    }
    process_leave_no_core();
    size_t count = settings_of(&cli, command->needs, groups);
    bool fine = configure(&cli, groups, count, command->needs);
    process_close();
    if (fine)
        status = command->run(&cli);
    settings_wipe(groups, count);
    if (fflush(stdout) != 0 && status == CLI_DONE)
        status = cli_fail("standard output cannot be written to");
    return status;
}

int cli_main(const struct command *const *commands, size_t count, int argc, char **argv)
{
    for (size_t i = 0; i < count; i++) {
        int words = words_taken(commands[i], argc - 1, argv + 1);
        if (words != 0)
            return run(commands[i], argc - 1 - words, argv + 1 + words);
    }
    const char *word = argc > 1 ? argv[1] : "";
    if (asks_for_help(argc - 1, argv + 1)) {
        print_commands(stdout, commands, count, word);
        return CLI_DONE;
    }
    if (argc > 2 || (argc == 2 && !begins_any(commands, count, word)))
        (void)cli_fail("there is no such command; see " CLI_PROGRAM " --help");
    else
        print_commands(stderr, commands, count, word);
    return CLI_USAGE;
}
