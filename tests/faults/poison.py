"""Bad records: each takes a good record and breaks it in one way, known with its answer.

`POISON` is a list of (name, reason, break_record). The reason is what the dead letter must say;
`|` parts reasons of which either will do. A break_record gets the record (changed in place), the
event as a dict, the encoder, and a source of chance.
"""

import struct

from wire import Style, text, zigzag

FRAME = 10  # bytes of single-object encoding before the content


def rewrite(record, make, event, **style):
    """The value written again with fields broken."""
    record.value = record.value[:FRAME] + make(event, Style(**style))


def value(change):
    """A poison that changes the bytes of the value."""

    def broken(record, event, make, rng):
        record.value = change(record.value, rng)

    return broken


def at_key(raw):
    """A poison that puts bytes in place of the field that is the key (a string)."""

    def broken(record, event, make, rng):
        rewrite(record, make, event, broken={record.key_field: raw})

    return broken


def at(path, raw):
    """A poison that puts bytes at the first of the record's fields; `path` may name several."""

    def broken(record, event, make, rng):
        rewrite(record, make, event, broken={path: raw})

    return broken


def header(name, *values):
    """A poison that replaces a header; no values: removes it; several: repeats it."""

    def broken(record, event, make, rng):
        record.headers = [h for h in record.headers if h[0] != name]
        record.headers += [(name, v) for v in values]

    return broken


def more_headers(count, size):
    def broken(record, event, make, rng):
        record.headers += [("x-filler", b"x" * size)] * count

    return broken


def other_key(key):
    def broken(record, event, make, rng):
        record.key = key

    return broken


def other_schema(record, event, make, rng):
    """The value of another topic, well formed, with that one's fingerprint."""
    record.value = record.stranger


def cut(data, rng):
    return data[: rng.randrange(1, len(data))]


def unknown_fingerprint(data, rng):
    return data[:2] + bytes(b ^ 0x5A for b in data[2:FRAME]) + data[FRAME:]


def deep(data, rng):
    return data[:FRAME] + b"\x02" * 10000


BAD_UTF8 = [b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"abc\xff"]

#: For every topic: the numbers are those of the list of bad inputs.
ANY = [
    ("1 empty value", "MALFORMED", value(lambda data, rng: b"")),
    ("2 null value", "MALFORMED", value(lambda data, rng: None)),
    ("3 one byte", "MALFORMED", value(lambda data, rng: b"\0")),
    ("4 four bytes", "MALFORMED", value(lambda data, rng: b"\0\0\0\1")),
    ("5 unknown magic", "MALFORMED", value(lambda data, rng: b"\x7f" + data[1:])),
    ("6 unknown id", "SCHEMA_UNKNOWN", value(lambda data, rng: b"\0\x7f\xff\xff\xf0" + data[FRAME:])),
    ("7 unknown fingerprint", "SCHEMA_UNKNOWN", value(unknown_fingerprint)),
    ("8 another subject", "SCHEMA_INCOMPATIBLE", other_schema),
    ("9 truncated", "MALFORMED", value(cut)),
    ("10 left over", "MALFORMED", value(lambda data, rng: data + b"\0")),
    ("11 long varint", "MALFORMED", at_key(b"\x80" * 10 + b"\1")),
    ("11 past 64 bits", "MALFORMED", at_key(b"\xff" * 9 + b"\x7f")),
    ("12 length -1", "MALFORMED", at_key(zigzag(-1))),
    ("12 length 2^62", "MALFORMED", at_key(zigzag(1 << 62))),
    ("13 UTF-8", "MALFORMED", lambda r, e, m, rng: at_key(text(rng.choice(BAD_UTF8)))(r, e, m, rng)),
    ("14 NUL in text", "MALFORMED", at_key(text(b"a\0b"))),
    ("25 deep", "MALFORMED", value(deep)),
    ("29 no id", "HEADERS_INVALID", header("ce_id")),
    ("29 empty id", "HEADERS_INVALID", header("ce_id", b"")),
    ("29 long id", "HEADERS_INVALID", header("ce_id", b"i" * 300)),
    ("29 newline in id", "HEADERS_INVALID", header("ce_id", b"one\ntwo")),
    ("29 NUL in id", "HEADERS_INVALID", header("ce_id", b"one\0two")),
    ("29 two ids", "HEADERS_INVALID", header("ce_id", b"one", b"two")),
    ("29 no source", "HEADERS_INVALID", header("ce_source")),
    ("30 large header", "HEADERS_INVALID", more_headers(1, 200000)),
    ("30 many headers", "HEADERS_INVALID", more_headers(2000, 1)),
    ("31 null key", "KEY_INVALID", other_key(None)),
    ("31 other key", "KEY_INVALID", other_key(b"somebody-else")),
    ("32 no zone", "HEADERS_INVALID", header("ce_time", b"2026-01-31T23:59:59")),
    ("32 year 0", "HEADERS_INVALID", header("ce_time", b"0000-01-31T23:59:59Z")),
    ("empty key field", "CONTRACT|MALFORMED|KEY_INVALID", at_key(text(b""))),
    ("barrier with a key", "MALFORMED|HEADERS_INVALID", None),
]

#: For a topic's own fields.
OF_TOPIC = {
    "onboarding.evaluation.requested.v1": [
        ("15 array count", "MALFORMED", at("documents", b"\xff" * 9 + b"\1")),
        ("16 2^40 items", "MALFORMED", at("documents", zigzag(1 << 40))),
        ("17 block size", "MALFORMED", at("documents", zigzag(-1) + zigzag(-5))),
        ("17 block size", "MALFORMED", at("documents", zigzag(-1) + zigzag(1 << 40))),
        ("20 union index", "MALFORMED", at("score", zigzag(2))),
        ("20 union index", "MALFORMED", at("score", zigzag(-1))),
        ("21 enum index", "MALFORMED", at("status", zigzag(2))),
        ("21 enum index", "MALFORMED", at("status", zigzag(-1))),
        ("23 NaN", "CONTRACT|MALFORMED", at("score?", struct.pack("<d", float("nan")))),
        ("23 infinite", "CONTRACT|MALFORMED", at("score?", struct.pack("<d", float("inf")))),
        ("score 11", "CONTRACT|MALFORMED", at("score?", struct.pack("<d", 11.0))),
    ],
    "onboarding.lookup.requested.v1": [
        ("16 2^40 entries", "MALFORMED", at("identification", zigzag(1 << 40))),
        ("19 key twice", "MALFORMED", at("identification", zigzag(2) + (text("a") + text("b")) * 2 + b"\0")),
    ],
    "onboarding.approval.requested.v1": [
        ("20 union index", "MALFORMED", at("frame", zigzag(2))),
        ("21 enum index", "MALFORMED", at("status", zigzag(2))),
        ("score 11", "CONTRACT|MALFORMED", at("score?", struct.pack("<d", 11.0))),
    ],
    "onboarding.review.decided.v1": [
        ("21 enum index", "MALFORMED", at("decision", zigzag(2))),
    ],
    "onboarding.otp.requested.v1": [
        ("21 enum index", "MALFORMED", at("otpType", zigzag(2))),
        ("22 boolean", "MALFORMED", at("resend", b"\2")),
        ("code of letters", "CONTRACT", at("otpCode", text("97531234567O"))),
        ("long code", "CONTRACT", at("otpCode", text("9753123456789"))),
        ("phone number", "CONTRACT|MALFORMED", at("phoneNumber?", text("600123456"))),
    ],
    "onboarding.consent.submitted.v1": [
        ("22 boolean", "MALFORMED", at("approved", b"\2")),
        ("unknown type", "CONTRACT", at("consentType", text("UNKNOWN"))),
        ("long channel", "CONTRACT|MALFORMED", at("channel?", text("x" * 256))),
    ],
    "onboarding.consent-text.requested.v1": [
        ("16 2^40 entries", "MALFORMED", at("variables", zigzag(1 << 40))),
        ("19 key twice", "MALFORMED", at("variables", zigzag(2) + (text("a") + text("b")) * 2 + b"\0")),
    ],
    "onboarding.consent.completed.v1": [
        ("22 boolean", "MALFORMED", at("approved", b"\2")),
        ("24 time", "CONTRACT|MALFORMED", at("recordedAt", zigzag(-(1 << 63)))),
    ],
}


def break_record(record, event, make, rng):
    """Breaks a record in one way; sets record.expect and record.kind."""
    name, reason, change = rng.choice(ANY + OF_TOPIC.get(record.topic, []))
    if name == "barrier with a key":
        record.value, record.headers = None, [("ob-barrier", b"")] + record.headers
    else:
        change(record, event, make, rng)
    record.expect, record.kind = reason, "poison: " + name
