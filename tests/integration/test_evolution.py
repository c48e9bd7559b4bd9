"""Schemas against those released before (schemas/released/NAME.VERSION.avsc), both ways.

Old and new programs run side by side in a rollout, and topics hold old events for weeks: whatever
one of them writes, the other must read (FULL_TRANSITIVE). Releasing a change adds a file there.
"""
import json
import pathlib

import pytest
from fastavro.schema import to_parsing_canonical_form

schemas = pathlib.Path(__file__).resolve().parents[2] / "schemas"
WIDER = {"int": {"long", "float", "double"}, "long": {"float", "double"}, "float": {"double"},
         "string": {"bytes"}, "bytes": {"string"}}
PRIMITIVES = {"null", "boolean", "int", "long", "float", "double", "string", "bytes"}


class Resolution:
    """What of a writer's schema a reader could not read; the rules of Avro's specification."""

    def __init__(self, writer, reader):
        self.problems, self.seen = [], set()
        self.names = ({}, {})
        self.resolve(writer, reader, "")

    def define(self, side, kind):
        if isinstance(kind, str) and kind not in PRIMITIVES:
            return self.names[side][kind.rpartition(".")[2]]
        if isinstance(kind, dict) and "name" in kind:
            self.names[side][kind["name"].rpartition(".")[2]] = kind
        return kind

    def resolve(self, writer, reader, path):
        writer, reader = self.define(0, writer), self.define(1, reader)
        if isinstance(writer, list):
            for branch in writer:
                self.resolve(branch, reader, path)
        elif isinstance(reader, list):
            if not any(self.reads(writer, branch) for branch in reader):
                self.problems.append(f"{path}: no branch for it")
            for branch in reader:
                if self.plain(branch) == self.plain(writer):
                    self.resolve(writer, branch, path)
        elif not self.reads(writer, reader):
            self.problems.append(f"{path}: {self.plain(writer)} as {self.plain(reader)}")
        else:
            self.resolve_same(writer, reader, path)

    def plain(self, kind):
        return kind if isinstance(kind, str) else kind["type"]

    def reads(self, writer, reader):
        writer, reader = self.define(0, writer), self.define(1, reader)
        old, new = self.plain(writer), self.plain(reader)
        if old in ("record", "enum", "fixed") and old == new:
            names = [reader["name"], *reader.get("aliases", [])]
            return writer["name"].rpartition(".")[2] in (n.rpartition(".")[2] for n in names)
        return old == new or new in WIDER.get(old, ())

    def resolve_same(self, writer, reader, path):
        kind = self.plain(reader)
        if kind == "record":
            self.resolve_record(writer, reader, path)
        elif kind == "array":
            self.resolve(writer["items"], reader["items"], path + "[]")
        elif kind == "map":
            self.resolve(writer["values"], reader["values"], path + "[]")
        elif kind == "enum" and "default" not in reader:
            for symbol in set(writer["symbols"]) - set(reader["symbols"]):
                self.problems.append(f"{path}: symbol {symbol}")

    def resolve_record(self, writer, reader, path):
        if (writer["name"], reader["name"]) in self.seen:
            return
        self.seen.add((writer["name"], reader["name"]))
        theirs = {field["name"]: field["type"] for field in writer["fields"]}
        for field in reader["fields"]:
            name = next((n for n in [field["name"], *field.get("aliases", [])] if n in theirs), None)
            where = f"{path}.{field['name']}"
            if name is not None:
                self.resolve(theirs.pop(name), field["type"], where)
            elif "default" not in field:
                self.problems.append(f"{where}: missing, and has no default")
        for name, kind in theirs.items():
            self.learn(kind)

    def learn(self, kind):
        """Types defined in a field that is read over may be used in one that is not."""
        if isinstance(kind, list):
            for branch in kind:
                self.learn(branch)
        elif isinstance(kind, dict):
            self.define(0, kind)
            for field in kind.get("fields", []):
                self.learn(field["type"])
            self.learn(kind.get("items", kind.get("values")))


def load(path):
    return json.loads(path.read_text())


RELEASED = sorted(schemas.glob("released/*.avsc"))


@pytest.mark.parametrize("path", RELEASED, ids=[path.name for path in RELEASED])
def test_reads_and_is_read_by(path):
    released, current = load(path), load(schemas / f"{path.name.split('.')[0]}.avsc")
    assert Resolution(released, current).problems == [], "ours cannot read what it wrote"
    assert Resolution(current, released).problems == [], "it cannot read what ours writes"


def test_every_topic_has_a_released_schema():
    named = {load(path)["name"] for path in RELEASED}
    assert {topic["schema"] for topic in load(schemas / "topics.json")["topics"]} <= named


def test_stored_results_stay_as_they_are():
    """Rows hold them without a fingerprint: another schema would misread them. The first rows end
    where `sealed` begins, and are read with none."""
    first = load(schemas / "released/stored_results.1.avsc")
    current = load(schemas / "stored_results.avsc")
    assert [field["name"] for field in current["fields"]] == ["results", "sealed"]
    before = dict(current, fields=current["fields"][:1])
    assert to_parsing_canonical_form(first) == to_parsing_canonical_form(before)
    second = load(schemas / "released/stored_results.2.avsc")
    assert to_parsing_canonical_form(second) == to_parsing_canonical_form(current)


ENUM = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
INNER = {"type": "record", "name": "I", "fields": [{"name": "i", "type": "int"}]}


def record(*fields, name="R"):
    return {"type": "record", "name": name,
            "fields": [dict(zip(("name", "type", "default"), field)) for field in fields]}


CHANGES = {  # old, new, whether each can read the other
    "nothing": (record(("a", "int")), record(("a", "int")), True),
    "a field with a default more": (record(("a", "int")), record(("a", "int"), ("b", "int", 0)), True),
    "a field without one more": (record(("a", "int")), record(("a", "int"), ("b", "int")), False),
    "a field with a default less": (record(("a", "int", 0), ("b", "int")), record(("b", "int")), True),
    "a field without one less": (record(("a", "int"), ("b", "int")), record(("b", "int")), False),
    "a wider type": (record(("a", "int")), record(("a", "long")), False),
    "another type": (record(("a", "int")), record(("a", "string")), False),
    "text for bytes": (record(("a", "bytes")), record(("a", "string")), True),
    "optional": (record(("a", "int")), record(("a", ["null", "int"])), False),
    "a symbol more": (record(("a", ENUM)), record(("a", {**ENUM, "symbols": list("ABC")})), False),
    "a symbol more, with a default": (
        record(("a", {**ENUM, "default": "A"})),
        record(("a", {**ENUM, "symbols": list("ABC"), "default": "A"})), True),
    "another name": (record(("a", INNER)), record(("a", {**INNER, "name": "J"})), False),
    "a change inside": (record(("a", {"type": "array", "items": INNER})),
                        record(("a", {"type": "array", "items": record(name="I")})), False),
    "inside a union": (record(("a", ["null", INNER])),
                       record(("a", ["null", record(("j", "int"), name="I")])), False),
}


@pytest.mark.parametrize("name", CHANGES)
def test_tells_changes_apart(name):
    old, new, compatible = CHANGES[name]
    problems = Resolution(old, new).problems + Resolution(new, old).problems
    assert (problems == []) == compatible, problems
