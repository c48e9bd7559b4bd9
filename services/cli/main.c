/* The command `onboarding`: what people and scripts do beside the workers. */
#include "command.h"

static const struct command *const commands[] = {
    &command_topics_create,     &command_topics_list,
    &command_publish,           &command_tail,
    &command_ledger_show,       &command_dead_letters_list,
    &command_dead_letters_show, &command_dead_letters_replay,
};

int main(int argc, char **argv)
{
    return cli_main(commands, COUNT(commands), argc, argv);
}
