/* The settings of every program that talks to PostgreSQL, in one table. */
#include "common/postgres/config.h"

#define FIELD(name) offsetof(struct postgres_config, name)

/* clang-format off */
const struct setting postgres_settings[] = {
    {"ONBOARDING_POSTGRES_URL", SETTING_URL, FIELD(url), NULL,
     "postgresql://user@host:port/database?sslmode=verify-full", 0, 0, "postgresql|postgres"},
    {"ONBOARDING_POSTGRES_PASSWORD_FILE", SETTING_SECRET_FILE, FIELD(password), "",
     "file with the password of that user", 0, 0, NULL},
};
/* clang-format on */

const size_t postgres_setting_count = COUNT(postgres_settings);

struct db_options postgres_config_options(const struct postgres_config *config, const char *schema,
                                          const char *program)
{
    return (struct db_options){
        .url = config->url,
        .password = config->password[0] == '\0' ? NULL : config->password,
        .schema = schema,
        .application_name = program,
    };
}
