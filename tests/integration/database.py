"""Databases for tests, made and dropped in the cluster of the running stack."""

import os
import pathlib
import re
import secrets
import subprocess

import psycopg
from psycopg import sql

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIGRATIONS = ROOT / "migrations"
#: Every service, by its folder: a new one is covered by itself.
SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/service.c"))
SQITCH_TIMEOUT_S = 120  # all migrations take a few seconds; the rest is for a busy machine


class Stack:
    """Where PostgreSQL and Kafka listen, read from the env file of deploy/dev/stack."""

    def __init__(self, env_file):
        lines = pathlib.Path(env_file).read_text(encoding="utf-8").splitlines()
        self.env = dict(line.split("=", 1) for line in lines if "=" in line)

    def password(self, role):
        """A service's or the analyst's password, as deploy/dev/migrate set it."""
        return (pathlib.Path(self.env["STACK_DIR"]) / "secrets" / role).read_text(encoding="utf-8")

    def connect(self, dbname, user=None, **options):
        """A connection as a role that may log in; as the superuser without one."""
        return psycopg.connect(
            host=self.env["PGHOST"],
            port=self.env["PGPORT"],
            dbname=dbname,
            user=user or self.env["PGUSER"],
            password=self.password(user) if user else self.env["PGPASSWORD"],
            **options,
        )


class Database:
    """A database of its own in the stack's cluster; dropped at the end of the with block."""

    def __init__(self, stack, name):
        self.stack = stack
        word = re.sub(r"[^a-z0-9]+", "_", name.lower())[:40]  # names of 63 bytes are cut
        self.name = f"{word}_{secrets.token_hex(4)}"

    def __enter__(self):
        self._on_cluster("create database {}")
        return self

    def __exit__(self, *_):
        self._on_cluster("drop database {} with (force)")

    def _on_cluster(self, statement):
        with self.stack.connect("postgres", autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(self.name)))

    def connect(self, user=None, **options):
        """A connection to this database; as the superuser without a role."""
        return self.stack.connect(self.name, user, **options)

    def rows(self, query, *parameters):
        """What a query gives the superuser."""
        with self.connect(autocommit=True) as connection:
            return connection.execute(query, parameters or None).fetchall()

    def sqitch(self, command, *options, user=None, password=None):
        """Runs sqitch as the superuser, or as somebody else; returns what it printed."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        env |= {name: value for name, value in self.stack.env.items() if name.startswith("PG")}
        env |= {"SQITCH_FULLNAME": "test", "SQITCH_EMAIL": "test@localhost"}
        if user:
            env |= {"PGUSER": user, "PGPASSWORD": password}
        done = subprocess.run(
            ["sqitch", command, *options, f"db:pg:{self.name}"],
            cwd=MIGRATIONS,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SQITCH_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, f"sqitch {command} failed:\n{done.stdout}"
        return done.stdout
