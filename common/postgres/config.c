/* The settings of every program that talks to PostgreSQL, in one table. */
#include "common/postgres/config.h"

#include <libpq-fe.h>
#include <string.h>

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

/* The one parameter with a list of values that libpq looks at only when it connects. */
static bool has_ssl_mode(const PQconninfoOption *options)
{
    static const char *const modes[] = {"disable", "allow",     "prefer",
                                        "require", "verify-ca", "verify-full"};

    for (; options->keyword != NULL; options++) {
        if (strcmp(options->keyword, "sslmode") != 0 || options->val == NULL)
            continue;
        for (size_t i = 0; i < COUNT(modes); i++)
            if (strcmp(options->val, modes[i]) == 0)
                return true;
        return false;
    }
    return true;
}

void postgres_config_check(const struct postgres_config *config, struct problems *problems)
{
    char *reason = NULL; /* holds values: not for people */
    PQconninfoOption *options;

    if (config->url == NULL)
        return;
    options = PQconninfoParse(config->url, &reason);
    if (options == NULL)
        problems_add(problems, "ONBOARDING_POSTGRES_URL",
                     "has a parameter that libpq does not know, or a broken escape");
    else if (!has_ssl_mode(options))
        problems_add(problems, "ONBOARDING_POSTGRES_URL", "has an sslmode that there is not");
    PQconninfoFree(options);
    PQfreemem(reason);
}

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
