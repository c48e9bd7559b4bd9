"""What avsc2c and topics2c refuse, and that they say where."""
import copy
import json
import os
import pathlib
import subprocess

import pytest

root = pathlib.Path(__file__).resolve().parents[2]
tools = pathlib.Path(os.environ.get("ONBOARDING_BIN", root / "build/asan/bin")).parent / "schemas"


def field(**parts):
    return {"name": "f", "type": "string", "doc": "d", **parts}


def record(*fields, **parts):
    return {"type": "record", "name": "Thing", "doc": "d", "fields": list(fields), **parts}


inner = record(field(), name="Inner")
enum = {"type": "enum", "name": "Kind", "doc": "d", "symbols": ["A", "B"]}

GOOD = [
    record(field()),
    record(field(type={"type": "string", "logicalType": "uuid"})),
    record(field(type=["null", "bytes"], default=None)),
    record(field(type=enum, default="B"), field(name="g", type=["null", "Kind"], default=None)),
    record(field(type={"type": "array", "items": inner}, default=[])),
    record(field(type="double", min=0, max=1, default=0.5)),
    record(field(type="int", default=-2**31), aliases=["Old"]),
]

BAD = {
    "a union": (record(field(type=["string", "null"])), "f: a union other than"),
    "a union of more": (record(field(type=["null", "int", "long"])), "f: a union other than"),
    "float": (record(field(type="float")), "f: a type that the generator does not know"),
    "fixed": (record(field(type={"type": "fixed", "name": "F", "size": 2})), "f: a type that"),
    "date": (record(field(type={"type": "int", "logicalType": "date"})), "f: a logical type"),
    "array of int": (record(field(type={"type": "array", "items": "int"})), "f: an array of other"),
    "map of int": (record(field(type={"type": "map", "values": "int"})), "f: a map of other"),
    "map of records": (record(field(type={"type": "map", "values": inner})), "f: a map of other"),
    "optional array": (record(field(type=["null", {"type": "array", "items": "string"}])),
                       "f: an optional array"),
    "optional without default": (record(field(type=["null", "int"])), "f: an optional field whose"),
    "optional with another default": (record(field(type=["null", "int"], default=1)),
                                      "f: an optional field whose"),
    "no doc": (record({"name": "f", "type": "int"}), "f: no doc"),
    "a doc that ends the comment": (record(field(doc="*/")), "f: a doc that"),
    "no name": (record({"type": "int", "doc": "d"}), "not a name"),
    "a word of C": (record(field(name="register")), "register: a word of C"),
    "a name with a dash": (record(field(name="a-b")), "a-b: not a name"),
    "a field twice": (record(field(), field()), "f: a field twice"),
    "a type twice": (record(field(type=inner), field(name="g", type=inner)), "Inner: defined twice"),
    "recursion": (record(field(type=["null", "Thing"], default=None)), "Thing: a record inside"),
    "unknown attribute": (record(field(pi=True)), "f: an attribute"),
    "unknown json form": (record(field(json="time")), "f: a json form"),
    "json form of a number": (record(field(type="long", json="date")), "f: a json form"),
    "a bound of bytes": (record(field(type="bytes", max=1)), "f: a bound of other"),
    "a bound that is text": (record(field(type="long", max="1")), "f: a bound that is no number"),
    "default of another type": (record(field(default=1)), "f: a default"),
    "default that is no symbol": (record(field(type=enum, default="C")), "f: a default that is no"),
    "default over 32 bits": (record(field(type="int", default=2**31)), "f: a default that is no int"),
    "default items": (record(field(type={"type": "array", "items": "string"}, default=["x"])),
                      "f: a default"),
    "enum default that is no symbol": (record(field(type={**enum, "default": "C"})),
                                       "Kind: a default that is no symbol"),
    "no fields": (record(), "Thing: no fields"),
    "no record": (enum, "top level: not a record"),
}


def run(tool, part, path):
    return subprocess.run([tools / tool, part, path.name], cwd=path.parent, text=True,
                          capture_output=True)


def both(tool, path):
    """The part that fails, or the source."""
    header = run(tool, "header", path)
    return header if header.returncode != 0 else run(tool, "source", path)


@pytest.mark.parametrize("schema", GOOD, ids=range(len(GOOD)))
def test_binds(schema, tmp_path):
    path = tmp_path / "thing.avsc"
    path.write_text(json.dumps(schema))
    for part, end in (("header", "h"), ("source", "c")):
        result = run("avsc2c", part, path)
        assert result.returncode == 0, result.stderr
        (tmp_path / f"thing.{end}").write_text(result.stdout)
    subprocess.run(["cc", "-std=c17", "-Wall", "-Wextra", "-Werror", f"-I{root}", "-c",
                    tmp_path / "thing.c", "-o", tmp_path / "thing.o"], check=True)


@pytest.mark.parametrize("name", BAD)
def test_refuses(name, tmp_path):
    schema, wanted = BAD[name]
    path = tmp_path / "thing.avsc"
    path.write_text(json.dumps(schema))
    result = both("avsc2c", path)
    assert result.returncode == 1
    assert result.stderr.startswith("thing.avsc: ") and wanted in result.stderr, result.stderr


TOPIC = {"name": "onboarding.thing.done.v1", "schema": "Thing", "key": "f", "partitions": 4,
         "retention": "7d", "fenced": False, "doc": "d"}

BAD_TOPICS = {
    "another prefix": ({"name": "bank.thing.done.v1"}, "not onboarding."),
    "no version": ({"name": "onboarding.thing.done"}, "not onboarding."),
    "an underscore": ({"name": "onboarding.thing_done.v1"}, "other than a-z"),
    "no schema": ({"schema": None}, "schema: missing"),
    "no partitions": ({"partitions": 0}, "partitions: out of range"),
    "a duration without unit": ({"retention": "7"}, "retention: not a duration"),
    "a duration of nothing": ({"segment": "0m"}, "segment: not a duration"),
    "no retention": ({"retention": None}, "retention:"),
    "fenced as text": ({"fenced": "no"}, "fenced: neither"),
    "unknown key": ({"replicas": 3}, "replicas: unknown"),
}


def test_lists_topics(tmp_path):
    path = tmp_path / "topics.json"
    path.write_text(json.dumps({"topics": [TOPIC]}))
    result = both("topics2c", path)
    assert result.returncode == 0 and "topic_thing_done = {" in result.stdout
    assert ".retention_ms = 604800000" in result.stdout


@pytest.mark.parametrize("name", BAD_TOPICS)
def test_refuses_topic(name, tmp_path):
    change, wanted = BAD_TOPICS[name]
    topic = {key: value for key, value in {**copy.deepcopy(TOPIC), **change}.items()
             if value is not None}
    path = tmp_path / "topics.json"
    path.write_text(json.dumps({"topics": [topic]}))
    result = both("topics2c", path)
    assert result.returncode == 1 and wanted in result.stderr, result.stderr
