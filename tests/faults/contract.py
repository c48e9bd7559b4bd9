"""The contract that worker and checker share: the files in schemas/, read by an own hand.

Nothing here comes from the generated C; fastavro parses, names fingerprints and decodes.
"""

import glob
import io
import json
import os
import uuid

import fastavro
from fastavro.schema import fingerprint, parse_schema, to_parsing_canonical_form

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SINGLE_OBJECT = b"\xc3\x01"


END, UUID, DIGITS, AGAIN = range(4)


def unpack_ids(raw):
    """Bytes whose ids are packed, as common/ledger/pack.h has it; others as they are."""
    if raw[:1] != b"\1":
        return raw
    stream, out, ids, step = io.BytesIO(raw[1:]), [], [], None
    while step != END:
        size = shift = 0
        while (byte := stream.read(1)[0]) > 0x7F:
            size, shift = size | (byte & 0x7F) << shift, shift + 7
        out.append(stream.read(size | byte << shift))
        step = stream.read(1)[0]
        if step == UUID:
            ids.append(str(uuid.UUID(bytes=stream.read(16))).encode())
            out.append(ids[-1])
        elif step == DIGITS:
            out.append(stream.read(stream.read(1)[0]).hex().encode())
        elif step >= AGAIN:
            out.append(ids[-1 - (step - AGAIN)])
    if stream.read(1):
        raise ValueError("bytes behind packed ones")
    return b"".join(out)


class Contract:
    """Every schema by record name, every topic by its name."""

    def __init__(self, folder=os.environ.get("SCHEMAS", os.path.join(ROOT, "schemas"))):
        self.raw = {}  # JSON as it stands, by simple and by full name
        for path in sorted(glob.glob(os.path.join(folder, "*.avsc"))):
            with open(path, encoding="utf-8") as file:
                self.learn(json.load(file), "")
        self.parsed = {}
        with open(os.path.join(folder, "topics.json"), encoding="utf-8") as file:
            topics = json.load(file)
        topics = topics["topics"] if isinstance(topics, dict) else topics
        self.topics = {topic["name"]: topic for topic in topics}

    def learn(self, schema, space):
        """Gathers named schemas, nested ones too."""
        if isinstance(schema, list):
            for branch in schema:
                self.learn(branch, space)
        if not isinstance(schema, dict):
            return
        space = schema.get("namespace", space)
        if "name" in schema and schema.get("type") in ("record", "enum", "fixed"):
            self.raw[schema["name"]] = schema
            self.raw[space + "." + schema["name"] if space else schema["name"]] = schema
        for part in (schema.get("items"), schema.get("values"), schema.get("type")):
            self.learn(part, space)
        for field in schema.get("fields", []):
            self.learn(field["type"], space)

    def schema(self, name):
        """The parsed schema of a record with all that it names."""
        if name not in self.parsed:
            self.parsed[name] = parse_schema(self.whole(self.raw[name], set()), named_schemas={})
        return self.parsed[name]

    def whole(self, schema, seen):
        """The schema with the definition in place of each first mention of a name."""
        if isinstance(schema, str):
            if schema not in self.raw:
                return schema
            return schema if schema in seen else self.whole(self.raw[schema], seen)
        if isinstance(schema, list):
            return [self.whole(branch, seen) for branch in schema]
        if schema.get("name") and schema.get("type") in ("record", "enum", "fixed"):
            seen.add(schema["name"])
            seen.add(schema.get("namespace", "") + "." + schema["name"])
        out = dict(schema)
        if "type" in out and not isinstance(out["type"], str):
            out["type"] = self.whole(out["type"], seen)
        for part in ("items", "values"):
            if part in out:
                out[part] = self.whole(out[part], seen)
        if "fields" in out:
            out["fields"] = [
                dict(field, type=self.whole(field["type"], seen)) for field in out["fields"]
            ]
        return out

    def schema_of_topic(self, topic):
        return os.path.splitext(self.topics[topic]["schema"])[0]

    def frame(self, name):
        """The ten bytes in front of a single-object encoded value."""
        form = to_parsing_canonical_form(self.schema(name))
        return SINGLE_OBJECT + bytes.fromhex(fingerprint(form, "CRC-64-AVRO"))

    def decode(self, name, value):
        """A single-object value as a dict."""
        if value[:10] != self.frame(name):
            raise ValueError("value is not framed as " + name)
        return self.decode_bare(name, value[10:])

    def decode_stored(self, raw):
        """StoredResults as PostgreSQL has them."""
        return self.decode_bare("StoredResults", unpack_ids(raw))

    def decode_bare(self, name, raw):
        """Avro binary without a frame."""
        stream = io.BytesIO(raw)
        out = fastavro.schemaless_reader(stream, self.schema(name), None)
        if stream.read(1):
            raise ValueError("bytes left over")
        return out
