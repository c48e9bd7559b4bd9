/* The decision on a person's documents: a table of rules, the first that fires decides. */
#include "services/evaluation/evaluation.h"

#include <string.h>

#include "common/core/base.h"
#include "common/core/date.h"

/* What a rule may look at. */
struct matter {
    const struct evidence *evidence;
    const struct evaluation_facts *facts;
    const struct evaluation_policy *policy;
};

typedef bool rule_fires(const struct matter *matter);

static rule_fires provider_failure, no_documents, document_missing, document_expired,
    document_not_yet_valid, under_age, score_too_low, country_not_accepted,
    nationality_not_accepted, identity_in_use, customer_mismatch, data_missing, documents_disagree,
    name_mismatch, score_uncertain, image_missing;

/* clang-format off */
static const struct rule {
    const char *code;
    enum evaluation_result result;
    rule_fires *fires;
    const char *reason;
} rules[] = {
    {"PROVIDER_FAILURE",         EVALUATION_RESULT_NOK,  provider_failure,
     "The check of the documents failed."},
    {"NO_DOCUMENTS",             EVALUATION_RESULT_NOK,  no_documents,
     "There is no document."},
    {"DOCUMENT_MISSING",         EVALUATION_RESULT_NOK,  document_missing,
     "A required document is missing."},
    {"DOCUMENT_EXPIRED",         EVALUATION_RESULT_NOK,  document_expired,
     "A document has expired or expires too soon."},
    {"DOCUMENT_NOT_YET_VALID",   EVALUATION_RESULT_NOK,  document_not_yet_valid,
     "A document is not valid yet, or its dates contradict each other."},
    {"UNDER_AGE",                EVALUATION_RESULT_NOK,  under_age,
     "The person is too young."},
    {"SCORE_TOO_LOW",            EVALUATION_RESULT_NOK,  score_too_low,
     "The check of the documents is not trustworthy enough."},
    {"COUNTRY_NOT_ACCEPTED",     EVALUATION_RESULT_NOK,  country_not_accepted,
     "Documents of this country are not accepted."},
    {"NATIONALITY_NOT_ACCEPTED", EVALUATION_RESULT_NOK,  nationality_not_accepted,
     "This nationality is not accepted."},
    {"IDENTITY_IN_USE",          EVALUATION_RESULT_NOK,  identity_in_use,
     "The document or the personal number belongs to another user."},
    {"CUSTOMER_MISMATCH",        EVALUATION_RESULT_NOK,  customer_mismatch,
     "The documents are not those of the known customer."},
    {"DATA_MISSING",             EVALUATION_RESULT_WAIT, data_missing,
     "Data is missing on the documents; a person will look at them."},
    {"DOCUMENTS_DISAGREE",       EVALUATION_RESULT_WAIT, documents_disagree,
     "The documents disagree; a person will look at them."},
    {"NAME_MISMATCH",            EVALUATION_RESULT_WAIT, name_mismatch,
     "The name is not the known customer's; a person will look at it."},
    {"SCORE_UNCERTAIN",          EVALUATION_RESULT_WAIT, score_uncertain,
     "The check of the documents is uncertain; a person will look at them."},
    {"IMAGE_MISSING",            EVALUATION_RESULT_WAIT, image_missing,
     "A required picture is missing; a person will look at the documents."},
};
/* clang-format on */

struct evaluation evaluate(const struct evidence *evidence, const struct evaluation_facts *facts,
                           const struct evaluation_policy *policy)
{
    const struct matter matter = {evidence, facts, policy};

    for (size_t i = 0; i < COUNT(rules); i++)
        if (rules[i].fires(&matter))
            return (struct evaluation){rules[i].result, rules[i].code, rules[i].reason, (int)i + 1};
    return (struct evaluation){EVALUATION_RESULT_OK, "ACCEPTED", "Accepted.", 0};
}

/* Whether a predicate holds for any document; for most rules one bad document is enough. */
static bool any_document(const struct matter *matter,
                         bool (*holds)(const struct evidence_document *document,
                                       const struct matter *matter))
{
    for (size_t i = 0; i < matter->evidence->document_count; i++)
        if (holds(&matter->evidence->documents[i], matter))
            return true;
    return false;
}

static bool failed(const struct evidence_document *document, const struct matter *matter)
{
    (void)matter;
    return document->failed;
}

static bool provider_failure(const struct matter *matter)
{
    return matter->evidence->failed || any_document(matter, failed);
}

static bool no_documents(const struct matter *matter)
{
    return matter->evidence->document_count == 0;
}

static bool document_missing(const struct matter *matter)
{
    const struct document_groups *groups = &matter->policy->documents;
    uint32_t there = 0;

    for (size_t i = 0; i < matter->evidence->document_count; i++)
        there |= KIND_BIT(matter->evidence->documents[i].kind);
    for (size_t i = 0; i < groups->count; i++)
        if ((groups->kinds[i] & there) == 0)
            return true;
    return false;
}

static bool expired(const struct evidence_document *document, const struct matter *matter)
{
    return document->expires.known &&
           document->expires.days < matter->facts->today + matter->policy->valid_days;
}

static bool document_expired(const struct matter *matter)
{
    return any_document(matter, expired);
}

static bool not_yet_valid(const struct evidence_document *document, const struct matter *matter)
{
    const struct day *issued = &document->issued, *expires = &document->expires;

    return issued->known && (issued->days > matter->facts->today ||
                             (expires->known && issued->days > expires->days));
}

static bool document_not_yet_valid(const struct matter *matter)
{
    return any_document(matter, not_yet_valid);
}

static bool too_young(const struct holder *holder, const struct matter *matter)
{
    return holder->born.known &&
           date_age(holder->born.days, matter->facts->today) < matter->policy->minimum_age;
}

static bool holder_too_young(const struct evidence_document *document, const struct matter *matter)
{
    return too_young(&document->holder, matter);
}

static bool under_age(const struct matter *matter)
{
    return any_document(matter, holder_too_young) || too_young(&matter->evidence->person, matter);
}

static bool score_too_low(const struct matter *matter)
{
    const double *score = matter->evidence->score;

    return score != NULL && *score < matter->policy->score_nok_below;
}

/*
 * Of the places named, none may be refused and each must be accepted. ours: where only some are
 * accepted, one must be named; a licence need not name a nationality when the passport does.
 */
static bool place_not_accepted(const struct matter *matter, const struct place_lists *places,
                               const char *(*place_of)(const struct evidence_document *document))
{
    bool named = false;

    for (size_t i = 0; i < matter->evidence->document_count; i++) {
        const char *place = place_of(&matter->evidence->documents[i]);

        if (place == NULL)
            continue;
        named = true;
        if (json_texts_have(&places->refused, place) ||
            !(places->all || json_texts_have(&places->accepted, place)))
            return true;
    }
    return !places->all && !named;
}

static const char *country_of(const struct evidence_document *document)
{
    return document->country;
}

static bool country_not_accepted(const struct matter *matter)
{
    return place_not_accepted(matter, &matter->policy->countries, country_of);
}

static const char *nationality_of(const struct evidence_document *document)
{
    return document->nationality;
}

static bool nationality_not_accepted(const struct matter *matter)
{
    return place_not_accepted(matter, &matter->policy->nationalities, nationality_of);
}

static bool identity_in_use(const struct matter *matter)
{
    return matter->facts->identity_in_use;
}

static bool customer_mismatch(const struct matter *matter)
{
    return matter->facts->birth_date_differs || matter->facts->personal_number_differs;
}

static bool shows_surname(const struct evidence_document *document, const struct matter *matter)
{
    (void)matter;
    return document->holder.surname != NULL;
}

static bool shows_given_names(const struct evidence_document *document, const struct matter *matter)
{
    (void)matter;
    return document->holder.given_names != NULL;
}

static bool shows_birth(const struct evidence_document *document, const struct matter *matter)
{
    (void)matter;
    return document->holder.born.known;
}

static bool shows_number(const struct evidence_document *document, const struct matter *matter)
{
    (void)matter;
    return document->number != NULL;
}

static bool data_missing(const struct matter *matter)
{
    return !any_document(matter, shows_surname) || !any_document(matter, shows_given_names) ||
           !any_document(matter, shows_birth) || !any_document(matter, shows_number);
}

static bool texts_differ(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) != 0;
}

static bool holders_differ(const struct holder *a, const struct holder *b)
{
    return texts_differ(a->surname, b->surname) || texts_differ(a->given_names, b->given_names) ||
           texts_differ(a->personal_number, b->personal_number) ||
           (a->born.known && b->born.known && a->born.days != b->born.days);
}

/* Every pair: the first document may lack what the second and the third disagree about. */
static bool documents_disagree(const struct matter *matter)
{
    const struct evidence *evidence = matter->evidence;

    for (size_t i = 0; i < evidence->document_count; i++) {
        const struct holder *holder = &evidence->documents[i].holder;

        if (holders_differ(holder, &evidence->person))
            return true;
        for (size_t k = i + 1; k < evidence->document_count; k++)
            if (holders_differ(holder, &evidence->documents[k].holder))
                return true;
    }
    return false;
}

static bool name_mismatch(const struct matter *matter)
{
    return matter->facts->surname_differs;
}

static bool score_uncertain(const struct matter *matter)
{
    const double *score = matter->evidence->score;

    return score == NULL || *score < matter->policy->score_wait_below;
}

static bool image_missing(const struct matter *matter)
{
    uint32_t there = 0;

    for (size_t i = 0; i < matter->evidence->document_count; i++)
        there |= matter->evidence->documents[i].images;
    return (matter->policy->images & ~there) != 0;
}
