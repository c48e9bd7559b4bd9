#ifndef COMMON_POSTGRES_CONFIG_H
#define COMMON_POSTGRES_CONFIG_H

#include <stddef.h>

#include "common/core/problems.h"
#include "common/core/setting.h"
#include "common/postgres/db.h"

/* How to reach PostgreSQL, as settings; the table in config.c is their reference. */
struct postgres_config {
    const char *url;
    const char *password; /* "" without */
};

extern const struct setting postgres_settings[];
extern const size_t postgres_setting_count;

/* Parameters in the URL that libpq would refuse with each connection. */
void postgres_config_check(const struct postgres_config *config, struct problems *problems);

/* `schema` and `program` live as long as the options. */
struct db_options postgres_config_options(const struct postgres_config *config, const char *schema,
                                          const char *program);

#endif
