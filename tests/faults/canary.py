"""Marked values that must turn up in clear nowhere but where they belong."""

import re

#: Twelve digits that are told from all others.
SECRET = re.compile(rb"9753\d{8}")


def new_secret(rng):
    return f"9753{rng.randrange(10**8):08}"


def check_tables(checker):
    """None in a file of a table or an index, rows of the past included."""
    checker.connection.execute("checkpoint")
    query = """
        with own as (select * from pg_class where relnamespace = current_schema()::regnamespace)
        select relname, pg_read_binary_file(pg_relation_filepath(oid)) from own where relkind in ('r', 'i')
        union all
        select own.relname, pg_read_binary_file(pg_relation_filepath(reltoastrelid))
          from own where reltoastrelid <> 0"""
    for name, content in checker.connection.execute(query):
        if SECRET.search(content):
            checker.report.bad("secret in a table", name)


def check_published(checker):
    for message in checker.results:
        words = [message.value, message.key, *(value for _, value in message.headers)]
        if any(SECRET.search(word) for word in words if word):
            checker.report.bad("secret published", place_of(message))


def check_reasons(checker):
    """None in what is said of a record that is parked, which itself is as it came."""
    for message in checker.dead:
        own = (value for name, value in message.headers if name.startswith("onboarding-dlt-"))
        if any(SECRET.search(word) for word in own if word):
            checker.report.bad("secret in a reason", place_of(message))


def place_of(message):
    return message.topic, message.partition, message.offset
