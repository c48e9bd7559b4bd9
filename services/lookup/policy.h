#ifndef LOOKUP_POLICY_H
#define LOOKUP_POLICY_H

#include <stddef.h>

#include "common/core/json_form.h"
#include "common/core/policy_file.h"
#include "common/worker/service.h"

enum {
    IDENTIFIERS_MAX = 32, /* names that a policy may know; customers are known by a handful */
    SET_PARTS_MAX = 8,    /* identifiers of a set */
    SETS_MAX = 16,        /* sets of a process type */
};

/* How an identifier is normalised. */
enum identifier_kind {
    IDENTIFIER_TEXT, /* spaces, marks and case do not count */
    IDENTIFIER_CODE, /* nor do spaces, dots, dashes, slashes inside */
    IDENTIFIER_DATE, /* any of the three forms of dates */
};

struct identifier {
    const char *name; /* clientNumber */
    enum identifier_kind kind;
};

struct identifier_list {
    struct identifier items[IDENTIFIERS_MAX];
    size_t count;
};

/* Identifiers that together lead to a person. */
struct identifier_set {
    const char *name;            /* the parts' names by the alphabet: "birthDate+clientNumber" */
    size_t parts[SET_PARTS_MAX]; /* indexes into the identifier_list, in the order of the name */
    size_t count;
};

/* As the file says it; turned into identifier_sets once the identifiers are known. */
struct set_texts {
    const struct json_texts *items;
    size_t count;
};

struct identifier_sets {
    const struct identifier_set *items;
    size_t count;
};

/* What holds for all process types: a value must be normalised the same way everywhere. */
struct lookup_common {
    struct identifier_list identifiers;
    struct identifier_sets all_sets; /* of all process types: what people are stored under */
};

enum prospect_rule { PROSPECTS_REFUSE, PROSPECTS_CREATE };
enum consent_rule { CONSENT_RULE_REQUIRED, CONSENT_RULE_NOT_REQUIRED, CONSENT_RULE_NOT_EVALUATED };

/* The bank's rules for one process type; README tells what a file may say. */
struct lookup_policy {
    struct set_texts set_texts;
    struct identifier_sets sets;     /* in their order; the first that is complete decides */
    int prospects;                   /* enum prospect_rule */
    int consent;                     /* enum consent_rule */
    struct json_texts consent_types; /* all must be approved; not empty where consent is required */
};

const struct lookup_common *lookup_policy_common(const struct policy *policy);

extern const struct policy_format lookup_policy_format; /* of struct policy */

#endif
