/* The command `onboarding`: what people and scripts do beside the workers. */
#include "command.h"

/* clang-format off */
static const struct command *const commands[] = {
    &command_topics_create,
    &command_topics_list,
    &command_publish,
    &command_tail,
    &command_ledger_show,
    &command_dead_letters_list,
    &command_dead_letters_show,
    &command_dead_letters_replay,
    &command_audit,
    &command_partitions_list,
    &command_partitions_resume,
    &command_schemas_list,
    &command_schemas_register,
    &command_consent_import,
    &command_consent_list,
    &command_review_list,
    &command_review_show,
    &command_review_decide,
    &command_erase,
    &command_forget,
    &command_keys_list,
    &command_keys_rotate,
};
/* clang-format on */

int main(int argc, char **argv)
{
    return cli_main(commands, COUNT(commands), argc, argv);
}
