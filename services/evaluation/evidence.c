/* Reads an evaluation event into one shape for the rules. */
#include "services/evaluation/evidence.h"

#include <string.h>

#include "common/core/date.h"
#include "common/core/text.h"

/* Other spellings of types, as callers send them. */
static const struct spelling {
    const char *from, *to;
} spellings[] = {
    {"DRIVING_LICENCE", "DRIVING_LICENSE"},
    {"DRIVERS_LICENSE", "DRIVING_LICENSE"},
    {"DRIVERS_LICENCE", "DRIVING_LICENSE"},
};

static const char *unless_blank(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : text;
}

/* ASCII upper case without blanks around: for codes of the contract, not for names. */
static const char *upper(const char *text, struct arena *arena)
{
    size_t size;
    char *copy;

    if (text == NULL)
        return NULL;
    text += strspn(text, " \t\r\n");
    size = strlen(text);
    while (size > 0 && strchr(" \t\r\n", text[size - 1]) != NULL)
        size--;
    copy = arena_copy(arena, text, size);
    for (size_t i = 0; i < size; i++)
        if (copy[i] >= 'a' && copy[i] <= 'z')
            copy[i] = (char)(copy[i] - 'a' + 'A');
    return copy;
}

const char *evidence_name(const char *text, struct arena *arena)
{
    return text == NULL ? NULL : unless_blank(text_normalize(text, arena));
}

const char *evidence_code(const char *text, struct arena *arena)
{
    return text == NULL ? NULL : unless_blank(text_normalize_code(text, arena));
}

const char *evidence_type(const char *type, struct arena *arena)
{
    const char *text = upper(type, arena);

    for (size_t i = 0; i < COUNT(spellings); i++)
        if (strcmp(text, spellings[i].from) == 0)
            return spellings[i].to;
    return text;
}

const char *evidence_country(const char *country, struct arena *arena)
{
    return unless_blank(upper(country, arena));
}

struct day evidence_day(const char *text)
{
    struct day day = {0};

    day.known = text != NULL && date_parse(text, &day.days);
    return day;
}

/* The text's index in a list that NULL ends, else the index of that NULL: OTHER. */
static unsigned kind_of(const char *text, const char *const *texts)
{
    unsigned kind = 0;

    while (texts[kind] != NULL && strcmp(texts[kind], text) != 0)
        kind++;
    return kind;
}

static uint32_t images_of(const struct document_image_array *images, struct arena *arena)
{
    uint32_t kinds = 0;

    for (size_t i = 0; i < images->count; i++)
        kinds |= KIND_BIT(kind_of(upper(images->items[i].type, arena), image_kind_text));
    return kinds;
}

static struct evidence_document read_document(const struct document *from, struct arena *arena)
{
    static const struct document_data nothing;
    const struct document_data *data = from->data != NULL ? from->data : &nothing;
    const char *type = evidence_type(from->type, arena);

    return (struct evidence_document){
        .kind = (enum document_kind)kind_of(type, document_kind_text),
        .type = type,
        .failed = from->status != NULL && *from->status == PROVIDER_STATUS_FAILURE,
        .holder =
            {
                .surname = evidence_name(data->surname, arena),
                .given_names = evidence_name(data->givenNames, arena),
                .born = evidence_day(data->dateOfBirth),
                .personal_number = evidence_code(data->personalNumber, arena),
            },
        .country = evidence_country(from->country, arena),
        .nationality = evidence_country(data->nationality, arena),
        .number = evidence_code(data->documentNumber, arena),
        .issued = evidence_day(data->dateOfIssue),
        .expires = evidence_day(data->dateOfExpiry),
        .images = images_of(&from->images, arena),
    };
}

static const double *lowest_score(const struct document_array *documents)
{
    const double *lowest = NULL;

    for (size_t i = 0; i < documents->count; i++) {
        const double *score = documents->items[i].score;

        if (score != NULL && (lowest == NULL || *score < *lowest))
            lowest = score;
    }
    return lowest;
}

struct evidence evidence_read(const struct evaluation_requested *event, struct arena *arena)
{
    static const struct person nobody;
    const struct person *person = event->person != NULL ? event->person : &nobody;
    size_t count = event->documents.count;
    struct evidence_document *documents =
        arena_alloc(arena, count * sizeof *documents, _Alignof(struct evidence_document));

    for (size_t i = 0; i < count; i++)
        documents[i] = read_document(&event->documents.items[i], arena);
    return (struct evidence){
        .failed = event->status == PROVIDER_STATUS_FAILURE,
        .score = event->score != NULL ? event->score : lowest_score(&event->documents),
        .documents = documents,
        .document_count = count,
        .person =
            {
                .surname = evidence_name(person->surname, arena),
                .given_names = evidence_name(person->givenNames, arena),
                .born = evidence_day(person->dateOfBirth),
            },
    };
}
