"""The statements of services/*/sql, run as the services' roles on what the migrations made."""

import datetime
import uuid

import psycopg
import pytest

from database import ROOT

UTC = datetime.timezone.utc
NOON = datetime.datetime(2026, 3, 15, 12, tzinfo=UTC)


class Statements:
    """A service's login, with its .sql files as methods: rows as tuples, columns go as arrays."""

    def __init__(self, database, service, library=None):
        self.folder = ROOT / "services" / (library or service) / "sql"
        self.connection = database.connect(f"onboarding_{service}", autocommit=True)

    def load(self, name, *keys):
        return self._execute(name, [list(keys)]).fetchall()

    def put(self, name, *rows):
        self._execute(name, [list(column) for column in zip(*rows)])

    def _execute(self, name, parameters):
        text = (self.folder / f"{name}.sql").read_text(encoding="utf-8")
        return psycopg.RawCursor(self.connection).execute(text, parameters)


def statements_of(service, library=None):
    """A fixture: the statements of a service, or those of a library as the service's role."""

    @pytest.fixture
    def statements(migrated):
        made = Statements(migrated, service, library)
        yield made
        made.connection.close()

    return statements


def index():
    """A blind index that no other test has."""
    return uuid.uuid4().bytes * 2


def name():
    return str(uuid.uuid4())
