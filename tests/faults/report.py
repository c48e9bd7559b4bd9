"""Violations found, and how they are told."""

import sys
from collections import Counter

SHOWN = 6  # violations of one kind that are printed


class Report:
    """Violations by kind, and numbers worth knowing."""

    def __init__(self):
        self.violations = Counter()
        self.lines = []
        self.numbers = {}

    def bad(self, kind, where, what=""):
        self.violations[kind] += 1
        if self.violations[kind] <= SHOWN:
            self.lines.append(f"VIOLATION {kind}: {place(where)} {what}".rstrip())

    def print(self, out=sys.stdout):
        for line in self.lines:
            print(line, file=out)
        for kind, count in sorted(self.violations.items()):
            if count > SHOWN:
                print(f"VIOLATION {kind}: {count} in all", file=out)
        print(" ".join(f"{k}={v}" for k, v in self.numbers.items()), file=out)


def place(where):
    """Coordinates as people write them; topics without the words that all have."""
    if isinstance(where, tuple) and len(where) >= 3:
        return f"{where[0]}[{where[1]}]@{where[2]}"
    return str(where)


def at(thing):
    return thing.topic, thing.partition, thing.offset
