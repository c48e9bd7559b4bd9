"""The real Kafka and PostgreSQL of deploy/dev/stack, and fresh topics and databases on them."""

import fcntl
import os
import subprocess
import time

import psycopg
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic
from psycopg import sql

from contract import ROOT, Contract
from topics_read import consumer_of, ends_of

COMMAND = os.path.join(ROOT, "deploy", "dev", "stack")
COMMAND_SECONDS = 180
DAY_MS = 24 * 3600 * 1000


#: Open files that hold this process's claims, by path; a claim ends with its process.
claims = {}


def claim_stack(folder):
    """Tests on a stack make its topics anew and read all that is in them, so a stack is one test
    run's at a time; this process's from now on, or its parent's on whose behalf it works."""
    path = os.path.join(os.path.realpath(folder), ".stack", "user")
    if path in claims:
        return
    file = open(path, "a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with file:
            file.seek(0)
            user = file.read().strip()
        if user != str(os.getppid()):
            raise RuntimeError(f"the stack in {folder} is in use by process {user}") from None
        return
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    claims[path] = file


class Stack:
    """One running stack, claimed; with `own` it was started here and close() ends it."""

    def __init__(self, folder, own=True):
        self.folder, self.own = folder, own
        self.contract = Contract()
        if own:
            self.start()
        text = self.call("env")
        claim_stack(folder)
        self.env = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        self.brokers = self.env["KAFKA"]
        self.postgres = f"{self.env['PGHOST']}:{self.env['PGPORT']}"
        self.admin = AdminClient({"bootstrap.servers": self.brokers, "log_level": 0})
        self.databases = 0

    def start(self):
        """Leaves nothing behind where it is broken off."""
        try:
            self.call("start")
        except BaseException:
            self.call("stop")
            raise

    def call(self, word):
        command = subprocess.Popen(
            [COMMAND, word, "--dir", self.folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with command:
            try:
                said, _ = command.communicate(timeout=COMMAND_SECONDS)
            except BaseException:
                command.terminate()  # it tidies up then
                raise
        if command.returncode != 0:
            raise RuntimeError(f"stack {word}: {said}")
        return said

    def close(self):
        if self.own:
            self.call("stop")

    # PostgreSQL.

    def admin_url(self, database):
        return f"postgresql://{self.env['PGUSER']}:{self.env['PGPASSWORD']}@{self.postgres}/{database}"

    def service_url(self, service, database, address=None):
        """As the service's own role; `address` is a proxy's."""
        role = "onboarding_" + service
        return f"postgresql://{role}@{address or self.postgres}/{database}?sslmode=disable&gssencmode=disable"

    def password_file(self, service):
        return os.path.join(self.folder, "secrets", "onboarding_" + service)

    def new_database(self):
        """A copy of the migrated, empty database; gives its name."""
        self.databases += 1
        name = f"faults_{os.getpid()}_{self.databases}"
        template = self.env["PGDATABASE"]
        with psycopg.connect(self.admin_url("postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("create database {} template {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return name

    def drop_database(self, name):
        with psycopg.connect(self.admin_url("postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )

    # Kafka.

    def new_topics(self, fence_ms, partitions=4, fenced=True):
        """Every topic and its dead letters anew and empty, as the list of topics has them."""
        wanted = {}
        for name, topic in self.contract.topics.items():
            wanted[name] = topic["fenced"]
            wanted[name + ".dlt"] = True
        self.delete_topics()
        new = []
        for name, fence in wanted.items():
            config = {"message.timestamp.type": "CreateTime", "max.message.bytes": "2097152"}
            if fence and fenced:
                config["message.timestamp.before.max.ms"] = str(fence_ms)
            new.append(NewTopic(name, partitions, 1, config=config))
        self.create(new)
        self.await_leaders(wanted)

    def delete_topics(self):
        """Every one of ours: a stack that has just started has none."""
        ours = {name + end for name in self.contract.topics for end in ("", ".dlt")}
        old = list(ours & self.admin.list_topics(timeout=20).topics.keys())
        if old:
            for future in self.admin.delete_topics(old, operation_timeout=30).values():
                future.result(30)

    def await_leaders(self, topics):
        """The broker leads them now. A client that saw a topic go may not see it come back, so
        each attempt is a client's of its own."""
        end = time.monotonic() + 60
        while True:
            consumer = consumer_of(self.brokers)
            try:
                if len({topic for topic, _ in ends_of(consumer, topics)}) == len(topics):
                    return
            except KafkaException:
                if time.monotonic() > end:
                    raise
            finally:
                consumer.close()
            time.sleep(0.1)

    def forget_group(self, group):
        """Deletes a consumer group without members, its offsets too."""
        end = time.monotonic() + 20
        while True:
            try:
                self.admin.delete_consumer_groups([group])[group].result(10)
                return
            except KafkaException as error:
                if time.monotonic() > end:
                    raise RuntimeError(f"delete group {group}: {error}") from error
                time.sleep(0.2)  # the last member is still leaving

    def create(self, new):
        """Deletion goes on behind the answer, so creation may have to be asked for again."""
        end = time.monotonic() + 60
        while new:
            futures = self.admin.create_topics(new, operation_timeout=30)
            again = []
            for topic in new:
                try:
                    futures[topic.topic].result(30)
                except KafkaException as error:
                    if time.monotonic() > end:
                        raise RuntimeError(f"create {topic.topic}: {error}") from error
                    again.append(topic)
            new = again
            if new:
                time.sleep(0.2)
