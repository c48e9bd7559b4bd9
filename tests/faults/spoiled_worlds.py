"""The test of a service's checker: nothing is said of a faultless world, and each way of spoiling one is seen.

A way's name begins with the kind of what is to be said of it; files are read for those of a "secret" only.
"""

import unittest
from contextlib import nullcontext
from unittest import mock

import books
from stack import Stack


def spoilers_of(names):
    """The ways of spoiling a world among the functions of a module: name → function."""
    return {name[6:]: spoil for name, spoil in names.items() if name.startswith("spoil_")}


class SpoiledWorlds(unittest.TestCase):
    """Of a service: its tables filled, the world made on them, the module that checks it, and the ways."""

    folder = service = write_rows = make_world = checks = spoilers = None

    @classmethod
    def setUpClass(cls):
        stack = Stack(cls.folder, own=False)
        database = stack.new_database()
        cls.addClassCleanup(stack.drop_database, database)
        cls.connection = books.connect(stack.admin_url(database), cls.service)
        cls.addClassCleanup(cls.connection.close)
        cls.write_rows(cls.connection)

    def report(self, spoil=None, secrets=False):
        """What is said of a world; nothing of it stays but in the files, which are slow to read."""
        self.connection.execute("begin")
        try:
            world = self.make_world(self.connection)
            if spoil:
                spoil(world)
            with mock.patch.object(self.checks, "canary") if not secrets else nullcontext():
                self.checks.check(world)
        finally:
            self.connection.execute("rollback")
        return world.report

    def test_1_faultless_world(self):
        self.assertEqual(self.report(secrets=True).lines, [])

    def test_2_spoiled_worlds(self):
        for name, spoil in self.spoilers.items():
            with self.subTest(name):
                violations = self.report(spoil, "secret" in name).violations
                kinds = [k.replace(" ", "_").replace("-", "_").replace(",", "") for k in violations]
                self.assertTrue(any(name.startswith(kind) for kind in kinds), kinds)
