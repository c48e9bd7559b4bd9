#!/usr/bin/env python3
"""Writes the golden files beside it with fastavro, which shares no code with common/avro.

The values are those of tests/support/sample_events.c. Run it, with the Python of the tests, when
a schema changes.
"""
import io
import json
import pathlib

import fastavro
import fastavro.schema

here = pathlib.Path(__file__).resolve().parent
schemas = here.parents[2] / "schemas"

card = {
    "givenNames": "Žofie Anna", "surname": "Vymyšlená", "dateOfBirth": "1990-02-28",
    "placeOfBirth": "Lhota", "sex": "F", "nationality": "CZE", "personalNumber": "905228/0001",
    "documentNumber": "998877665", "dateOfIssue": "[2020,1,31]", "dateOfExpiry": "1896048000000",
    "authority": "Magistrát Lhota",
}
passport = {
    "givenNames": "Zofie Anna", "surname": "Vymyslena", "dateOfBirth": "1990-02-28",
    "nationality": "CZE", "documentNumber": "P1234567", "dateOfExpiry": "2031-05-05",
}
values = {
    "EvaluationRequested": {
        "processId": "4d1b1f0e-68d6-4a5e-9e8e-1c2d3e4f5a6b", "processType": "retail",
        "userId": "user-000042", "identityVerificationId": "9c8b7a6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d",
        "verificationId": "abc123", "provider": "ZenID", "status": "SUCCESS", "score": 9.25,
        "documents": [
            {"type": "ID_CARD", "status": "SUCCESS", "score": 8.5, "country": "CZE", "data": card,
             "images": [{"type": "FACE", "digest": b"\x00\x01\xfe\xff", "size": 52341,
                         "mediaType": "image/jpeg"},
                        {"type": "DOCUMENT_FRONT_SIDE", "data": b"\xff\xd8\x00\xff\xd9"}],
             "rawData": '{"checks":[]}'},
            {"type": "PASSPORT", "country": "CZE", "data": passport},
        ],
        "person": {"surname": "Vymyšlená", "givenNames": "Žofie Anna", "dateOfBirth": "1990-02-28"},
    },
    "LookupRequested": {
        "processId": "4d1b1f0e-68d6-4a5e-9e8e-1c2d3e4f5a6b", "processType": "retail",
        "identification": {"clientNumber": "10000042", "birthDate": "1990-02-28"},
    },
    "StoredResults": {"results": [
        {"offset": 2**63 - 1, "kind": "EVENT", "id": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
         "topic": "onboarding.lookup.completed.v1", "partition": 3, "key": b"key", "value": b"",
         "headers": [{"name": b"ce_id", "value": b"0190a1b2"}, {"name": b"null"}]},
        {"offset": -2**63, "kind": "DEAD_LETTER", "id": "",
         "topic": "onboarding.lookup.requested.v1.dlt", "partition": -2**31},
    ], "sealed": [{"result": 1, "subject": b"subject", "content": b"noise"}]},
}

with open(here / "values", "w") as out_values, open(here / "fingerprints", "w") as out_prints:
    for file in sorted(schemas.glob("*.avsc")):
        schema = json.loads(file.read_text())
        canonical = fastavro.schema.to_parsing_canonical_form(schema)
        name = f'{schema["namespace"]}.{schema["name"]}'
        # fastavro prints the bytes as they stand in memory: little endian
        mark = fastavro.schema.fingerprint(canonical, "CRC-64-AVRO")
        print(name, bytes.fromhex(mark)[::-1].hex(), file=out_prints)
        if schema["name"] in values:
            wire = io.BytesIO()
            fastavro.schemaless_writer(wire, fastavro.parse_schema(schema), values[schema["name"]])
            print(schema["name"], wire.getvalue().hex(), file=out_values)
