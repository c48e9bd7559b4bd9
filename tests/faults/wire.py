"""Avro bytes, written by hand: every legal way to write a value, and many illegal ones.

The worker's own encoder and fastavro write one form only. Here arrays and maps can be cut into
blocks, map entries turned round, and any field replaced by bytes that break a rule.
"""

import struct


def zigzag(number):
    """An int or long of any size; past 64 bits it is wrong on purpose."""
    number = (number << 1) ^ (number >> 63) if -(1 << 63) <= number < 1 << 63 else number << 1
    number &= (1 << 70) - 1
    out = bytearray()
    while True:
        byte = number & 0x7F
        number >>= 7
        if not number:
            out.append(byte)
            return bytes(out)
        out.append(byte | 0x80)


def text(value):
    raw = value if isinstance(value, bytes) else value.encode()
    return zigzag(len(raw)) + raw


class Style:
    """How to write: `blocks` cuts arrays and maps into sized blocks of one, `turned` writes map
    entries the other way round, `broken` maps a dotted field path to the bytes to put there."""

    def __init__(self, blocks=False, turned=False, broken=None):
        self.blocks, self.turned, self.broken = blocks, turned, broken or {}


PLAIN = Style()


class Encoder:
    """Writes values of schemas as JSON gives them; `names` holds every named schema."""

    def __init__(self, names):
        self.names = names

    def encode(self, schema, value, style=PLAIN, path=""):
        if path in style.broken:
            return style.broken[path]
        if isinstance(schema, str):
            schema = self.names.get(schema, {"type": schema})
        if isinstance(schema, list):
            return self.union(schema, value, style, path)
        kind = schema["type"]
        if isinstance(kind, (dict, list)):
            return self.encode(kind, value, style, path)
        write = getattr(self, "write_" + kind, None)
        if write is None:
            return self.encode(self.names[kind], value, style, path)
        return write(schema, value, style, path)

    def union(self, branches, value, style, path):
        index = branches.index("null") if value is None else int(branches[0] == "null")
        return zigzag(index) + self.encode(branches[index], value, style, path + "?")

    def write_null(self, schema, value, style, path):
        return b""

    def write_boolean(self, schema, value, style, path):
        return b"\1" if value else b"\0"

    def write_int(self, schema, value, style, path):
        return zigzag(value)

    write_long = write_int

    def write_float(self, schema, value, style, path):
        return struct.pack("<f", value)

    def write_double(self, schema, value, style, path):
        return struct.pack("<d", value)

    def write_string(self, schema, value, style, path):
        return text(value)

    write_bytes = write_string

    def write_fixed(self, schema, value, style, path):
        return value

    def write_enum(self, schema, value, style, path):
        return zigzag(schema["symbols"].index(value))

    def write_array(self, schema, value, style, path):
        items = [self.encode(schema["items"], item, style, path + "[]") for item in value]
        return self.in_blocks(items, style)

    def write_map(self, schema, value, style, path):
        entries = list(value.items())
        if style.turned:
            entries.reverse()
        items = [
            text(key) + self.encode(schema["values"], item, style, path + "{}")
            for key, item in entries
        ]
        return self.in_blocks(items, style)

    def in_blocks(self, items, style):
        if not items:
            return b"\0"
        if style.blocks:
            return b"".join(zigzag(-1) + zigzag(len(i)) + i for i in items) + b"\0"
        return zigzag(len(items)) + b"".join(items) + b"\0"

    def write_record(self, schema, value, style, path):
        out = []
        for field in schema["fields"]:
            name = field["name"]
            where = path + "." + name if path else name
            item = value[name] if name in value else field["default"]
            out.append(self.encode(field["type"], item, style, where))
        return b"".join(out)
