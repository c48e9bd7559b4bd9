#ifndef COMMON_CORE_POLICY_FILE_H
#define COMMON_CORE_POLICY_FILE_H

#include <stddef.h>

#include "common/core/arena.h"
#include "common/core/json_form.h"
#include "common/core/problems.h"

/*
 * The shape that all policy files share; services give the tables:
 *
 *     {"version": "2026-1", "default": {…}, "processTypes": {"loan": {…}}, …shared members}
 *
 * "default" changes what the program has built in; a process type changes what "default" says,
 * member by member. A process type that the file does not name gets "default".
 */

enum {
    POLICY_VERSION_MAX = 64,        /* bytes; it is stored with every decision */
    POLICY_PROCESS_TYPES_MAX = 100, /* a bank has a handful */
};

struct policy_table {
    const struct json_member *members; /* of "default" and of each process type */
    size_t member_count;
    const void *builtin; /* a struct of `size` bytes, without anything that is freed */
    size_t size;
    /* Checks what the members must fulfil together, and may complete the struct; NULL: nothing. */
    void (*finish)(void *rules, const void *shared, const struct json_at *at);

    const struct json_member *shared_members; /* of the file as a whole */
    size_t shared_member_count;
    const void *shared_builtin;
    size_t shared_size;
};

struct policy_entry {
    const char *process_type;
    const void *rules;
};

/* A policy in memory, made by policy_parse(); nothing in it changes once a service uses it. */
struct policy {
    struct arena arena;
    const char *version;
    void *shared;         /* what the shared members fill */
    const void *fallback; /* of "default" */
    struct policy_entry *entries;
    size_t entry_count;
};

/* NULL when there are mistakes, all of which are in `problems`. The text need not end in NUL. */
struct policy *policy_parse(const char *text, size_t size, const struct policy_table *table,
                            struct problems *problems);
/* As a service's policy format wants them, of a struct policy. */
void policy_free(void *policy); /* takes NULL */
const char *policy_version(const void *policy);

/* The rules of a process type: the struct that the table's members fill. */
const void *policy_rules(const struct policy *policy, const char *process_type);

#endif
