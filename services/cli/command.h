#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>

#include "arguments.h"
#include "common/core/arena.h"
#include "common/core/error.h"
#include "common/core/setting.h"
#include "common/kafka/config.h"
#include "common/postgres/config.h"

/* How every command ends; `onboarding --help` prints the list. */
enum cli_exit {
    CLI_DONE = 0,    /* all went well, nothing differs */
    CLI_FAILED = 1,  /* something went wrong, or differs: it was said on standard error */
    CLI_USAGE = 2,   /* the command line makes no sense */
    CLI_CONFIG = 78, /* the settings are wrong; as sysexits.h's EX_CONFIG */
};

/* Which settings a command reads. */
enum cli_needs {
    NEEDS_KAFKA = 1,
    NEEDS_POSTGRES = 2,
    NEEDS_DIGEST_KEY = 4,
    NEEDS_DATA_KEYS = 8,
};

/* What every command is given. */
struct cli {
    struct kafka_config kafka_config;
    struct postgres_config postgres_config;
    struct key digest_key;     /* may be absent */
    struct key_ring data_keys; /* may be empty */
    struct kafka_options kafka;
};

struct command {
    const char *name;    /* one word or two: "publish", "topics list" */
    const char *purpose; /* one line */
    const char *details; /* more lines for --help; NULL: none */
    unsigned needs;      /* enum cli_needs */
    const struct argument *arguments;
    size_t argument_count;
    void *values; /* what `arguments` fills */
    enum cli_exit (*run)(const struct cli *cli);
};

/* Each in a file of its own name; main.c lists them. */
extern const struct command command_topics_create;
extern const struct command command_topics_list;
extern const struct command command_publish;
extern const struct command command_tail;
extern const struct command command_ledger_show;
extern const struct command command_dead_letters_list;
extern const struct command command_dead_letters_show;
extern const struct command command_dead_letters_replay;
extern const struct command command_audit;
extern const struct command command_partitions_list;
extern const struct command command_partitions_resume;
extern const struct command command_schemas_list;
extern const struct command command_schemas_register;
extern const struct command command_consent_import;
extern const struct command command_consent_list;
extern const struct command command_erase;
extern const struct command command_forget;
extern const struct command command_keys_list;
extern const struct command command_keys_rotate;
extern const struct command command_review_list;
extern const struct command command_review_show;
extern const struct command command_review_decide;

/* "onboarding: …" on standard error; gives CLI_FAILED, for `return cli_fail(…)`. */
enum cli_exit cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Finds a command by the first words of the line, then runs it. main()'s exit status. */
int cli_main(const struct command *const *commands, size_t count, int argc, char **argv);

#define CLI_PROGRAM "onboarding"

#endif
