/* Events of invented people, with every kind of member filled. */
#include "sample_events.h"

#define LITERAL(text)                                                                              \
    {                                                                                              \
        .data = (const uint8_t *)(text), .size = sizeof(text) - 1                                  \
    }

static const struct document_data card = {
    .givenNames = "Žofie Anna",
    .surname = "Vymyšlená",
    .dateOfBirth = "1990-02-28",
    .placeOfBirth = "Lhota",
    .sex = "F",
    .nationality = "CZE",
    .personalNumber = "905228/0001",
    .documentNumber = "998877665",
    .dateOfIssue = "[2020,1,31]",
    .dateOfExpiry = "1896048000000",
    .authority = "Magistrát Lhota",
};

static const struct document_data passport = {
    .givenNames = "Zofie Anna",
    .surname = "Vymyslena",
    .dateOfBirth = "1990-02-28",
    .nationality = "CZE",
    .documentNumber = "P1234567",
    .dateOfExpiry = "2031-05-05",
};

static const struct person checked = {
    .surname = "Vymyšlená",
    .givenNames = "Žofie Anna",
    .dateOfBirth = "1990-02-28",
};

const struct evaluation_requested sample_evaluation_requested = {
    .processId = "4d1b1f0e-68d6-4a5e-9e8e-1c2d3e4f5a6b",
    .processType = "retail",
    .userId = "user-000042",
    .identityVerificationId = "9c8b7a6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d",
    .verificationId = "abc123",
    .provider = "ZenID",
    .status = PROVIDER_STATUS_SUCCESS,
    .score = &(const double){9.25},
    .documents =
        {
            .items =
                (struct document[]){
                    {
                        .type = "ID_CARD",
                        .status = &(const enum provider_status){PROVIDER_STATUS_SUCCESS},
                        .score = &(const double){8.5},
                        .country = "CZE",
                        .data = &card,
                        .images = {.items =
                                       (struct document_image[]){
                                           {.type = "FACE",
                                            .digest = LITERAL("\x00\x01\xfe\xff"),
                                            .size = &(const int64_t){52341},
                                            .mediaType = "image/jpeg"},
                                           {.type = "DOCUMENT_FRONT_SIDE",
                                            .data = LITERAL("\xff\xd8\x00\xff\xd9")},
                                       },
                                   .count = 2},
                        .rawData = "{\"checks\":[]}",
                    },
                    {.type = "PASSPORT", .country = "CZE", .data = &passport},
                },
            .count = 2,
        },
    .person = &checked,
};

const struct lookup_requested sample_lookup_requested = {
    .processId = "4d1b1f0e-68d6-4a5e-9e8e-1c2d3e4f5a6b",
    .processType = "retail",
    .identification = {.items =
                           (struct text_entry[]){
                               {"clientNumber", "10000042"},
                               {"birthDate", "1990-02-28"},
                           },
                       .count = 2},
};

const struct stored_results sample_stored_results = {
    .results =
        {
            .items =
                (struct stored_result[]){
                    {.offset = INT64_MAX,
                     .kind = STORED_KIND_EVENT,
                     .id = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
                     .topic = "onboarding.lookup.completed.v1",
                     .partition = 3,
                     .key = LITERAL("key"),
                     .value = LITERAL(""),
                     .headers = {.items =
                                     (struct stored_header[]){
                                         {.name = LITERAL("ce_id"), .value = LITERAL("0190a1b2")},
                                         {.name = LITERAL("null")},
                                     },
                                 .count = 2}},
                    {.offset = INT64_MIN,
                     .kind = STORED_KIND_DEAD_LETTER,
                     .id = "",
                     .topic = "onboarding.lookup.requested.v1.dlt",
                     .partition = INT32_MIN},
                },
            .count = 2,
        },
    .sealed = {.items =
                   (struct stored_sealed[]){
                       {.result = 1, .subject = LITERAL("subject"), .content = LITERAL("noise")}},
               .count = 1}};
