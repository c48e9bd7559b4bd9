/* Settings by tables: one table is parser, default, check and reference. */
#include "common/core/setting.h"

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/core/secret.h"
#include "common/core/setting_value.h"

static const char prefix[] = "ONBOARDING_";

static bool has_name(const char *entry, const char *name, size_t size)
{
    return strncmp(entry, name, size) == 0 && (entry[size] == '=' || entry[size] == '\0');
}

/* The entry's value, or NULL: not there, or there without '='. */
static const char *value_in(char *const *environment, const char *name)
{
    size_t size = strlen(name);

    for (; *environment != NULL; environment++)
        if (has_name(*environment, name, size) && (*environment)[size] == '=')
            return *environment + size + 1;
    return NULL;
}

static bool is_known(const struct setting_group *groups, size_t group_count, const char *name,
                     size_t size)
{
    for (size_t i = 0; i < group_count; i++)
        for (size_t j = 0; j < groups[i].count; j++) {
            const char *known = groups[i].settings[j].name;

            if (strlen(known) == size && memcmp(known, name, size) == 0)
                return true;
        }
    return false;
}

/* Each repeated name is told once: at its second place. */
static int places_before(char *const *environment, char *const *entry, size_t size)
{
    int count = 0;

    for (; environment < entry; environment++)
        count += has_name(*environment, *entry, size) ? 1 : 0;
    return count;
}

static void check_names(const struct setting_group *groups, size_t group_count,
                        char *const *environment, struct problems *problems)
{
    for (char *const *entry = environment; *entry != NULL; entry++) {
        size_t size = strcspn(*entry, "=");
        char name[PROBLEM_TEXT_SIZE / 2];

        if (strncmp(*entry, prefix, sizeof prefix - 1) != 0)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(size < sizeof name ? size : sizeof name), *entry);
        if (!is_known(groups, group_count, *entry, size))
            problems_add(problems, name, "is not a setting");
        else if (places_before(environment, entry, size) == 1)
            problems_add(problems, name, "is given twice");
        else if ((*entry)[size] == '\0')
            problems_add(problems, name, "has no value");
    }
}

static const char *file_fault(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0 || access(path, R_OK) != 0)
        return "names a file that cannot be read";
    return S_ISDIR(status.st_mode) ? "names a directory, not a file" : NULL;
}

/* A value that may be empty is: texts are "", a key is not present, all else is 0. */
static void fill_empty(const struct setting *setting, void *member)
{
    switch (setting->kind) {
    case SETTING_TEXT:
    case SETTING_URL:
    case SETTING_SECRET_FILE:
    case SETTING_FILE:
    case SETTING_SAFE_FILE:
    case SETTING_HOSTS: *(const char **)member = ""; break;
    case SETTING_KEY_FILE: *(struct key *)member = (struct key){.present = false}; break;
    case SETTING_KEY_RING: ((struct key_ring *)member)->count = 0; break;
    case SETTING_BOOL: *(bool *)member = false; break;
    case SETTING_CHOICE: *(int *)member = 0; break;
    case SETTING_INT:
    case SETTING_DURATION_MS:
    case SETTING_SIZE: *(int64_t *)member = 0; break;
    }
}

static bool refuse(char fault[static PROBLEM_TEXT_SIZE], const char *format, const char *list)
{
    if (snprintf(fault, PROBLEM_TEXT_SIZE, "%s%s", format, list) < 0)
        fault[0] = '\0';
    return false;
}

static bool fill_text(const char *fault_found, const char *text, const char **member,
                      char fault[static PROBLEM_TEXT_SIZE])
{
    if (fault_found != NULL)
        return refuse(fault, fault_found, "");
    *member = text;
    return true;
}

static bool fill(const struct setting *setting, const char *text, void *member,
                 char fault[static PROBLEM_TEXT_SIZE])
{
    switch (setting->kind) {
    case SETTING_INT:
    case SETTING_DURATION_MS:
    case SETTING_SIZE: return value_number(setting, text, member, fault);
    case SETTING_BOOL:
        return value_bool(text, member) || refuse(fault, "is neither true nor false", "");
    case SETTING_CHOICE:
        return value_choice(setting->choices, text, member) ||
               refuse(fault, "is none of ", setting->choices);
    case SETTING_TEXT: return fill_text(NULL, text, member, fault);
    case SETTING_URL: return fill_text(url_fault(setting->choices, text), text, member, fault);
    case SETTING_FILE: return fill_text(file_fault(text), text, member, fault);
    case SETTING_SAFE_FILE:
        return secret_is_safe(text, fault) && fill_text(NULL, text, member, fault);
    case SETTING_HOSTS: return fill_text(hosts_fault(text), text, member, fault);
    case SETTING_KEY_FILE: return secret_read_key(text, member, fault);
    case SETTING_KEY_RING: return secret_read_ring(text, member, fault);
    case SETTING_SECRET_FILE: return secret_read_text(text, member, fault);
    }
    assert(!"a setting_kind");
    return false;
}

/* So that what is checked after the settings, against each other, meets no hole. */
static void fill_fallback(const struct setting *setting, void *member)
{
    char fault[PROBLEM_TEXT_SIZE];

    if (setting->fallback == NULL)
        return;
    if (*setting->fallback == '\0')
        fill_empty(setting, member);
    else
        (void)fill(setting, setting->fallback, member, fault);
}

static void read_setting(const struct setting *setting, char *const *environment, void *target,
                         struct problems *problems)
{
    const char *text = value_in(environment, setting->name);
    void *member = (char *)target + setting->offset;
    char fault[PROBLEM_TEXT_SIZE];

    if (text == NULL)
        text = setting->fallback;
    if (text == NULL)
        problems_add(problems, setting->name, "is required");
    else if (*text == '\0' && setting->fallback != NULL && *setting->fallback == '\0')
        fill_empty(setting, member);
    else if (*text == '\0' || !fill(setting, text, member, fault)) {
        problems_add(problems, setting->name, "%s", *text == '\0' ? "is empty" : fault);
        fill_fallback(setting, member);
    }
}

void settings_read(const struct setting_group *groups, size_t group_count, char *const *environment,
                   struct problems *problems)
{
    check_names(groups, group_count, environment, problems);
    for (size_t i = 0; i < group_count; i++)
        for (size_t j = 0; j < groups[i].count; j++)
            read_setting(&groups[i].settings[j], environment, groups[i].target, problems);
}

static void print_setting(const struct setting *setting)
{
    const char *fallback = setting->fallback;

    if (fallback == NULL)
        printf("  %s (required)\n", setting->name);
    else
        printf("  %s=%s\n", setting->name, fallback);
    printf("      %s\n", setting->meaning);
    if (setting->kind == SETTING_CHOICE || setting->kind == SETTING_URL)
        printf("      %s: %s\n", setting->kind == SETTING_URL ? "schemes" : "one of",
               setting->choices);
}

void settings_print(const struct setting_group *groups, size_t group_count)
{
    for (size_t i = 0; i < group_count; i++)
        for (size_t j = 0; j < groups[i].count; j++)
            print_setting(&groups[i].settings[j]);
}

static void wipe_setting(const struct setting *setting, void *member)
{
    const char *text;

    switch (setting->kind) {
    case SETTING_KEY_FILE:
        OPENSSL_cleanse(member, sizeof(struct key)); /* not present any more, too */
        break;
    case SETTING_KEY_RING: OPENSSL_cleanse(member, sizeof(struct key_ring)); break;
    case SETTING_SECRET_FILE:
        text = *(const char **)member;
        if (text != NULL && *text != '\0') /* ours, from malloc; "" is not */
            OPENSSL_cleanse((char *)text, strlen(text));
        break;
    default: break;
    }
}

void settings_wipe(const struct setting_group *groups, size_t group_count)
{
    for (size_t i = 0; i < group_count; i++)
        for (size_t j = 0; j < groups[i].count; j++) {
            const struct setting *setting = &groups[i].settings[j];

            wipe_setting(setting, (char *)groups[i].target + setting->offset);
        }
}
