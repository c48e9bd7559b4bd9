/* The known customer as digests, and documents against them. */
#include "services/evaluation/customer.h"

#include "common/core/blind_index.h"
#include "common/core/bytes.h"
#include "common/core/date.h"

static struct bytes mark(const char *domain, const char *text, const struct key *key,
                         struct arena *arena)
{
    struct digest *digest;

    if (text == NULL)
        return (struct bytes){0};
    digest = arena_new(arena, struct digest);
    *digest = blind_index(key, domain, &text, 1, arena);
    return digest_bytes(digest);
}

static struct bytes mark_surname(const char *surname, const struct key *key, struct arena *arena)
{
    return mark("evaluation.customer.surname", surname, key, arena);
}

static struct bytes mark_number(const char *number, const struct key *key, struct arena *arena)
{
    return mark("evaluation.customer.personalNumber", number, key, arena);
}

static struct bytes mark_birth(struct day born, const struct key *key, struct arena *arena)
{
    char text[DATE_TEXT_SIZE];

    if (!born.known)
        return (struct bytes){0};
    date_format(born.days, text);
    return mark("evaluation.customer.birthDate", text, key, arena);
}

struct customer_marks customer_marks_of(const struct customer_registered *event,
                                        const struct key *key, struct arena *arena)
{
    return (struct customer_marks){
        .surname = mark_surname(evidence_name(event->surname, arena), key, arena),
        .birth_date = mark_birth(evidence_day(event->birthDate), key, arena),
        .personal_number = mark_number(evidence_code(event->personalNumber, arena), key, arena),
    };
}

static bool differ(struct bytes known, struct bytes shown)
{
    return known.size != 0 && shown.size != 0 && !bytes_equal(known, shown);
}

void customer_compare(const struct customer_marks *known, const struct evidence *evidence,
                      const struct key *key, struct arena *arena, struct evaluation_facts *facts)
{
    for (size_t i = 0; i < evidence->document_count; i++) {
        const struct holder *holder = &evidence->documents[i].holder;

        facts->surname_differs |= differ(known->surname, mark_surname(holder->surname, key, arena));
        facts->birth_date_differs |=
            differ(known->birth_date, mark_birth(holder->born, key, arena));
        facts->personal_number_differs |=
            differ(known->personal_number, mark_number(holder->personal_number, key, arena));
    }
}
