"""The command `onboarding` against a real Kafka and PostgreSQL."""

import io
import json
import os
import pathlib
import struct
import time
import uuid

import fastavro
import pytest

from commands import Bench, await_true
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "schemas"
REQUESTED, COMPLETED = "onboarding.lookup.requested.v1", "onboarding.lookup.completed.v1"
DEAD = REQUESTED + ".dlt"
COMMANDS = [
    "topics create", "topics list", "publish", "tail", "ledger show", "deadletters list", "deadletters show",
    "deadletters replay", "audit", "partitions list", "partitions resume", "schemas list", "schemas register",
    "consent import", "consent list", "review list", "review show", "review decide", "erase", "forget", "keys list", "keys rotate",
]  # fmt: skip

# Java's Utils.murmur2 of these keys, by Kafka's own tests.
MURMUR2 = {"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536}


@pytest.fixture(scope="module")
def bench(stack, migrated, tmp_path_factory):
    bench = Bench(stack, migrated, tmp_path_factory.mktemp("cli"))
    bench.does("topics", "create")
    yield bench
    bench.stop_worker()


@pytest.fixture(scope="module")
def lookup(bench):
    """The same with a worker that has all partitions."""
    bench.start_worker()
    return bench


def event(process_id, **identification):
    return {
        "processId": process_id,
        "processType": "onboarding",
        "identification": identification or {"clientNumber": "20417395"},
    }


def line(data, **attributes):
    return json.dumps(attributes | {"data": data}) + "\n"


def publish(bench, *lines, **more):
    return bench.does("publish", "lookup.requested", given="".join(lines), **more)


def fresh(prefix="p"):
    return f"{prefix}-{uuid.uuid4()}"


def by_key(records, *keys):
    return [record for record in records if record["key"] in keys]


# --- what every command has


@pytest.mark.parametrize("name", COMMANDS)
def test_help_tells_usage_and_exit_codes(bench, name):
    text = bench.does(*name.split(), "--help")
    assert f"usage: onboarding {name}" in text
    for code in ["0   ", "1   ", "2   ", "78  "]:
        assert f"\n  {code}" in text


def test_the_commands_are_listed(bench):
    text = bench.does("--help")
    for name in COMMANDS:
        assert f"\n  {name} " in text


def test_the_first_of_two_words_lists_what_it_begins(bench):
    told = [bench.run("topics").stderr, bench.does("topics", "--help")]
    for text in told:
        assert "\n  topics create " in text and "\n  topics list " in text
        assert "\n  audit " not in text


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nothing"],
        ["topics"],
        ["publish"],
        ["publish", "lookup.requested", "more"],
        ["publish", "lookup.requested", "--correlation", "without --reply-topic"],
        ["tail", "lookup.requested", "--nothing"],
        ["tail", "lookup.requested", "-n", "0"],
        ["tail", "lookup.requested", "--from", "yesterday"],
        ["ledger", "show", "x"],
        ["deadletters", "show", "lookup.requested/1"],
        ["deadletters", "list", "--reason", "MALFORMD"],
        ["deadletters", "replay", "--service", "lookup"],
        ["deadletters", "replay", "--service", "lookup", "--reason", "MALFORMD"],
        ["deadletters", "replay", "--service", "lookup", "lookup.requested/0/x"],
        ["audit", "--service", "lookup", "--since", "x"],
        ["review", "list", "--job", "lookup"],
        ["review", "decide", "v", "--job", "evaluation", "--reason", "x", "--by", "r"],
        ["review", "decide", "v", "--job", "evaluation", "--reason", "x", "--by", "r", "--ok", "--nok"],
        ["review", "decide", "v", "--job", "evaluation", "--ok", "--by", "r"],
        ["partitions", "resume", "lookup.requested", "x", "--service", "lookup"],
    ],
)
def test_a_command_line_without_sense_is_exit_code_2(bench, arguments):
    done = bench.run(*arguments)
    assert done.returncode == 2
    assert done.stderr != "" and done.stdout == ""


def test_wrong_settings_are_told_at_once_by_name(bench):
    done = bench.run("topics", "list", ONBOARDING_KAFKA_BROKERS=None, ONBOARDING_FENCE="1h")
    assert done.returncode == 78
    assert "ONBOARDING_KAFKA_BROKERS" in done.stderr and "ONBOARDING_FENCE" in done.stderr
    assert "1h" not in done.stderr


def test_settings_of_workers_are_no_mistake(bench):
    bench.does("topics", "list", ONBOARDING_POLICY_FILE="/nowhere", ONBOARDING_BATCH_RECORDS="x")


def test_absent_brokers_and_databases_are_said(bench):
    away = bench.run("tail", "lookup.requested", ONBOARDING_KAFKA_BROKERS="127.0.0.1:1")
    assert away.returncode == 1 and away.stderr.startswith("onboarding: ")
    away = bench.run(
        "partitions", "list", "--service", "lookup", ONBOARDING_POSTGRES_URL="postgresql://x@127.0.0.1:1/x"
    )
    assert away.returncode == 1 and away.stderr.startswith("onboarding: ")


# --- topics


def test_topics_are_as_listed(bench):
    text = bench.does("topics", "list")
    assert "missing" not in text and "differs" not in text
    for topic, wanted in {
        REQUESTED: {"retention.ms": "604800000", "cleanup.policy": "delete"},
        COMPLETED: {
            "message.timestamp.type": "CreateTime",
            "message.timestamp.before.max.ms": str(fence_ms(bench)),
        },
        DEAD: {
            "retention.ms": "2592000000",
            "max.message.bytes": str(2 << 20),
            "message.timestamp.before.max.ms": str(fence_ms(bench)),
            "min.insync.replicas": "1",  # of one replica
            "unclean.leader.election.enable": "false",
        },
    }.items():
        assert wanted.items() <= bench.properties(topic).items(), topic
        assert len(bench.admin.list_topics(topic, timeout=20).topics[topic].partitions) == 4
    assert int(bench.properties(REQUESTED)["message.timestamp.before.max.ms"]) > 10**9  # not fenced


def fence_ms(bench):
    fence = bench.settings["ONBOARDING_FENCE"]
    return int(fence[:-2]) if fence.endswith("ms") else 1000 * int(fence[:-1])


def set_properties(bench, topic, **changes):
    entries = [
        ConfigEntry(
            name.replace("_", "."),
            value or "",
            incremental_operation=AlterConfigOpType.SET if value else AlterConfigOpType.DELETE,
        )
        for name, value in changes.items()
    ]
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=entries)
    bench.admin.incremental_alter_configs([resource])[resource].result(20)


def test_what_differs_is_listed_and_altered(bench):
    topic = "onboarding.consent.completed.v1"
    set_properties(bench, topic, retention_ms="604800001", file_delete_delay_ms="61000",
                   unclean_leader_election_enable="true")  # fmt: skip
    listed = bench.run("topics", "list")
    assert listed.returncode == 1
    assert "retention.ms is 604800001, wanted 604800000" in listed.stdout
    assert "unclean.leader.election.enable is true, wanted false" in listed.stdout

    assert bench.does("topics", "create") == f"altered {topic}\n"
    assert bench.properties(topic)["retention.ms"] == "604800000"
    assert bench.properties(topic)["file.delete.delay.ms"] == "61000"  # no matter of ours
    bench.does("topics", "list")
    set_properties(bench, topic, file_delete_delay_ms=None)


def test_fewer_replicas_than_wanted_are_said(bench):
    done = bench.run("topics", "create", "--replication", "2")
    assert done.returncode == 1
    assert f"topic {REQUESTED}: 1 replicas, fewer than the 2 wanted" in done.stderr


# --- publish and tail


def test_an_event_is_published_as_upstream_would(bench):
    given, process_id, since = str(uuid.uuid4()), fresh(), bench.now()
    told = publish(
        bench,
        line(
            event(process_id, clientNumber="20417395"),
            id=given,
            source="bank/crm",
            time="2026-01-31T12:00:00Z",
            correlationId="c-1",
            subject="s-1",
        ),
    )
    assert told == f"published 1 to {REQUESTED}\n"
    (seen,) = by_key(bench.tail("lookup.requested", "--headers", since=since), process_id)
    assert seen["headers"] == {
        "ce_specversion": "1.0",
        "ce_id": given,
        "ce_source": "bank/crm",
        "ce_type": REQUESTED,
        "ce_time": "2026-01-31T12:00:00.000Z",
        "ce_subject": "***",
        "ce_correlationid": "c-1",
        "content-type": "application/avro",
        "traceparent": seen["headers"]["traceparent"],
    }
    assert len(seen["headers"]["traceparent"]) == 55

    record = bench.record(REQUESTED, seen["partition"], seen["offset"])
    assert dict(record.headers())["ce_subject"] == b"s-1"
    schema = fastavro.parse_schema(json.loads((SCHEMAS / "lookup_requested.avsc").read_text(encoding="utf-8")))
    mark, fingerprint = struct.unpack("<2sQ", record.value()[:10])
    assert mark == b"\xc3\x01"
    assert f"{fingerprint:016x}  onboarding.lookup.LookupRequested" in bench.does("schemas", "list")
    decoded = fastavro.schemaless_reader(io.BytesIO(record.value()[10:]), schema)
    assert decoded == event(process_id, clientNumber="20417395")


def test_what_a_line_leaves_out_is_made_up(bench):
    process_id, since = fresh(), bench.now()
    publish(bench, line(event(process_id)))
    (seen,) = by_key(bench.tail("lookup.requested", "--headers", since=since), process_id)
    assert uuid.UUID(seen["headers"]["ce_id"]).version == 7
    assert seen["headers"]["ce_source"] == "onboarding/cli"
    assert seen["headers"]["ce_time"] >= since
    assert "ce_correlationid" not in seen["headers"]


def test_a_reply_is_asked_for(bench):
    process_id, since = fresh(), bench.now()
    bench.does(
        "publish", "lookup.requested", "--reply-topic", "onboarding.replies.x", "--reply-partition", "258",
        "--correlation", "corr", given=line(event(process_id)),
    )  # fmt: skip
    (seen,) = by_key(bench.tail("lookup.requested", since=since), process_id)
    headers = dict(bench.record(REQUESTED, seen["partition"], seen["offset"]).headers())
    assert headers["kafka_replyTopic"] == b"onboarding.replies.x"
    assert headers["kafka_replyPartition"] == b"\0\0\1\2"
    assert headers["kafka_correlationId"] == b"corr"


def test_keys_go_where_javas_partitioner_puts_them(bench):
    since = bench.now()
    publish(bench, *(line(event(key)) for key in MURMUR2))
    seen = by_key(bench.tail("lookup.requested", since=since), *MURMUR2)
    assert {s["key"]: s["partition"] for s in seen} == {k: (h & 0x7FFFFFFF) % 4 for k, h in MURMUR2.items()}


BAD_LINES = [
    ("no json\n", "event: "),
    ('{"data": {}, "data": {}}\n', "event: "),
    ("[]\n", "event: "),
    ('{"id": "x"}\n', "data: missing"),
    (line(event("p") | {"processType": 7}), "data.processType: "),
    (line(event("p") | {"identification": {"clientNumber": 1}}), "data.identification[0]: "),
    (line(event("")), "data.processId: "),
    (line(event("p") | {"secretField": "x"}), "data.secretField: no such field"),
    (line(event("p"), id=""), "id: "),
    (line(event("p"), id="a\u0001"), "ce_id"),
    (line(event("p"), time="yesterday"), "time: "),
    (line(event("p"), traceparent="00-0"), "traceparent: "),
    (line(event("p"), specversion="0.3"), "specversion: "),
    (line(event("p"), processId="p"), "event: "),
    ("x" * ((4 << 20) + 1) + "\n", "longer than"),
]


def test_a_file_with_bad_lines_is_not_published_at_all(bench, tmp_path):
    process_id, since = fresh(), bench.now()
    path = tmp_path / "events.json"
    good = line(event(process_id))
    path.write_text(good + "\n" + "".join(text for text, _ in BAD_LINES) + good, encoding="utf-8")
    with path.open(encoding="utf-8") as file:
        done = bench.run("publish", "lookup.requested", stdin=file)
    assert done.returncode == 1 and done.stdout == ""
    assert f"{len(BAD_LINES)} of {len(BAD_LINES) + 2} lines are bad; nothing was published" in done.stderr
    for number, (_, problem) in enumerate(BAD_LINES, 3):
        assert any(problem in told for told in done.stderr.splitlines() if f"line {number}: " in told), problem
    assert "line 1:" not in done.stderr
    assert by_key(bench.tail("lookup.requested", since=since), process_id) == []


def test_no_value_of_a_bad_line_is_said(bench):
    secret = "Rumpelstilzchen"
    lines = [
        f'{{"data": {secret}}}\n',
        line(event("p") | {"processType": [secret]}),
        line(event("p") | {"identification": secret}),
        line(event("p"), time=secret),
        line(event("p"), **{secret: "x"}),
    ]
    done = bench.run("publish", "lookup.requested", "--keep-going", given="".join(lines))
    assert done.returncode == 1 and f"{len(lines)} of {len(lines)} lines are bad" in done.stderr
    assert secret not in done.stderr + done.stdout


def test_a_file_of_good_lines_is_published(bench, tmp_path):
    keys, since = [fresh() for _ in range(3)], bench.now()
    path = tmp_path / "events.json"
    path.write_text("".join(line(event(key)) for key in keys).removesuffix("\n"), encoding="utf-8")
    with path.open(encoding="utf-8") as file:
        assert bench.does("publish", REQUESTED, stdin=file) == f"published 3 to {REQUESTED}\n"
    assert len(by_key(bench.tail("lookup.requested", since=since), *keys)) == 3


def test_a_pipe_ends_at_the_first_bad_line(bench):
    keys, since = [fresh(), fresh()], bench.now()
    lines = [line(event(keys[0])), "bad\n", line(event(keys[1]))]
    done = bench.run("publish", "lookup.requested", given="".join(lines))
    assert done.returncode == 1 and "published 1 to" in done.stdout
    assert [s["key"] for s in by_key(bench.tail("lookup.requested", since=since), *keys)] == keys[:1]

    kept = bench.run("publish", "lookup.requested", "--keep-going", given="".join(lines))
    assert kept.returncode == 1 and "published 2 to" in kept.stdout
    assert len(by_key(bench.tail("lookup.requested", since=since), *keys)) == 3


def test_progress_is_shown_on_a_terminal_only(bench):
    lines = "".join(line(event(fresh())) for _ in range(50))
    master, slave = os.openpty()
    try:
        done = bench.run("publish", "lookup.requested", given=lines, stderr=slave)
        assert done.returncode == 0
        assert "\rpublished 50" in os.read(master, 1 << 16).decode()
    finally:
        os.close(master)
        os.close(slave)
    assert bench.run("publish", "lookup.requested", given=lines).stderr == ""


def test_only_topics_of_the_list_are_published_to(bench):
    for name in ["nothing", DEAD, "lookup", ""]:
        assert bench.run("publish", name, given="").returncode in (1, 2), name


def test_personal_values_are_shown_only_on_request(bench):
    process_id, since = fresh(), bench.now()
    publish(bench, line(event(process_id, clientNumber="20417395")))
    (hidden,) = by_key(bench.tail("lookup.requested", since=since), process_id)
    (shown,) = by_key(bench.tail("lookup.requested", "--show-personal", since=since), process_id)
    assert hidden["data"] == event(process_id, clientNumber="***")
    assert shown["data"] == event(process_id, clientNumber="20417395")


def test_decimals_are_shown_as_they_were_written(bench):
    verification, since = fresh(), bench.now()
    case = {
        "processId": verification, "processType": "t", "userId": "u", "provider": "p", "status": "SUCCESS",
        "identityVerificationId": verification, "score": 9.1,
    }  # fmt: skip
    bench.does("publish", "evaluation.requested", given=line(case))
    (told,) = [t for t in bench.does("tail", "evaluation.requested", "--from", since).splitlines() if verification in t]
    assert '"score":9.1,' in told


def test_tail_follows_and_counts(bench):
    keys, since = [fresh() for _ in range(3)], bench.now()
    publish(bench, *(line(event(key)) for key in keys))
    assert len(bench.tail("lookup.requested", "-n", "2", since=since)) == 2
    assert len(bench.tail("lookup.requested", "--follow", "-n", "3", since=since)) == 3
    assert bench.objects("tail", "lookup.requested", "--from", "end") == []


def test_barriers_are_shown_with_headers_only(bench):
    since = bench.now()
    bench.produce(REQUESTED, 0, None, None, [("ob-barrier", b"")])
    assert not any("barrier" in record for record in bench.tail("lookup.requested", since=since))
    assert any("barrier" in record for record in bench.tail("lookup.requested", "--headers", since=since))


def test_what_cannot_be_decoded_is_told_by_its_size(bench):
    key, since = fresh(), bench.now()
    bench.produce(REQUESTED, 1, key, b"\x07Rumpelstilzchen", [("x-name", b"Rumpelstilzchen")])
    (seen,) = by_key(bench.tail("lookup.requested", "--headers", since=since), key)
    assert seen["data"]["bytes"] == 16 and "undecodable" in seen["data"]
    assert "Rumpelstilzchen" not in json.dumps(seen)


# --- with a worker: the ledger, dead letters, audit, partitions


def ledger_show(bench, event_id, *options, **more):
    return bench.objects("ledger", "show", event_id, "--service", "lookup", "--group", bench.group, *options, **more)


def handle(bench, *lines):
    """Publishes, and waits until a worker has handled it all."""
    (before,) = bench.rows("select count(*) from ledger")[0]
    publish(bench, *lines)
    bench.await_handled(before + len(lines))


def test_the_ledger_shows_what_became_of_an_event(lookup):
    process_id, given = fresh(), str(uuid.uuid4())
    handle(lookup, line(event(process_id), id=given, source="bank/crm"))
    (row,) = ledger_show(lookup, given)
    assert (row["id"], row["source"], row["topic"]) == (given, "bank/crm", REQUESTED)
    assert row["outcome"] == "DONE" and row["published"] is True
    (result,) = row["results"]
    assert result["topic"] == COMPLETED and result["key"] == process_id
    assert result["partition"] == row["partition"]
    assert result["data"]["processId"] == process_id
    assert ledger_show(lookup, given, "--source", "bank/crm") == [row]
    assert lookup.run(
        "ledger", "show", given, "--service", "lookup", "--group", lookup.group, "--source", "other"
    ).returncode == 1


def test_a_running_worker_reads_what_a_newer_version_registered(lookup):
    newer = json.loads((SCHEMAS / "lookup_requested.avsc").read_text(encoding="utf-8"))
    newer["fields"].append({"name": "branch", "type": ["null", "string"], "default": None, "doc": "Added later"})
    canonical = fastavro.schema.to_parsing_canonical_form(newer)
    fingerprint = bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO"))
    process_id, given = fresh(), str(uuid.uuid4())
    value = io.BytesIO()
    fastavro.schemaless_writer(value, fastavro.parse_schema(newer), event(process_id) | {"branch": "north"})
    headers = {"ce_specversion": "1.0", "ce_id": given, "ce_source": "newer", "ce_type": REQUESTED,
               "ce_time": "2026-01-31T12:00:00Z", "content-type": "application/avro"}  # fmt: skip
    number = int.from_bytes(fingerprint, "little", signed=True)
    lookup.rows("insert into schema_version (fingerprint, name, json) values (%s, %s, %s)",
                number, newer["name"], json.dumps(newer))  # fmt: skip
    try:
        (before,) = lookup.rows("select count(*) from ledger")[0]
        lookup.produce(REQUESTED, 0, process_id, b"\xc3\x01" + fingerprint + value.getvalue(),
                       [(name, text.encode()) for name, text in headers.items()])  # fmt: skip
        lookup.await_handled(before + 1)
    finally:
        lookup.rows("delete from schema_version where fingerprint = %s", number)
    (row,) = ledger_show(lookup, given)
    assert row["outcome"] == "DONE"
    assert row["results"][0]["data"]["processId"] == process_id


def test_the_ledger_shows_results_of_this_event_only(lookup):
    several = "select first_offset, partition from batch where results_count > 2 and topic_id = %s order by 1 desc"
    (topic,) = lookup.rows("select topic_id from topic where name = %s", REQUESTED)[0]
    process_id = fresh()
    while not lookup.rows(several, topic):  # a batch is what comes at once
        handle(lookup, *(line(event(process_id)) for _ in range(20)))
    offset, partition = lookup.rows(several, topic)[0]
    (given,) = lookup.rows(
        "select event_id::text from ledger where topic_id = %s and partition = %s and \"offset\" = %s",
        topic, partition, offset,
    )[0]  # fmt: skip
    (row,) = ledger_show(lookup, given, "--headers")
    assert [result["headers"]["ce_causationid"] for result in row["results"]] == [given]


def test_an_id_that_is_no_uuid_is_found_by_the_key_of_digests(lookup):
    given = fresh("case/7")
    handle(lookup, line(event(fresh()), id=given), line(event("other"), id=given))
    (row,) = ledger_show(lookup, given)
    assert row["id"] == given and row["outcome"] == "DONE"
    done = lookup.run("ledger", "show", given, "--service", "lookup", ONBOARDING_DIGEST_KEY_FILE=None)
    assert done.returncode == 78 and "ONBOARDING_DIGEST_KEY_FILE" in done.stderr
    outcomes = [row["outcome"] for row in ledger_show(lookup, given, "--repeats")]
    assert outcomes == ["DONE", "CONFLICT"]


def test_unknown_events_services_and_groups_are_told_apart(lookup):
    def told(*arguments):
        done = lookup.run("ledger", "show", str(uuid.uuid4()), *arguments)
        assert done.returncode == 1 and done.stdout == ""
        return done.stderr

    assert "no such event" in told("--service", "lookup", "--group", lookup.group)
    assert "consumer group" in told("--service", "lookup", "--group", "nobody")
    assert "no such tables" in told("--service", "nobody")
    assert "may see" in told("--service", "evaluation")


def park(bench, partition):
    """Leaves a dead letter; where its event stood, key and headers."""
    (before,) = bench.rows("select count(*) from dead_letter")[0]
    key, headers = fresh(), [("ce_id", fresh().encode()), ("ce_source", b"test"), ("x-name", b"Rumpelstilzchen")]
    offset = bench.produce(REQUESTED, partition, key, b"\x07not avro", headers)
    (rows,) = bench.rows("select count(*) from ledger")[0]
    bench.await_handled(rows)
    await_dead_letters(bench, before + 1)
    return offset, key, headers


def await_dead_letters(bench, count):
    await_true(
        lambda: bench.rows("select count(*) from dead_letter")[0][0] >= count and bench.handled(), 40, bench.log
    )


def dead_letters(bench, *options):
    return bench.objects("deadletters", "list", "--service", "lookup", "--group", bench.group, *options)


def test_dead_letters_are_listed_and_shown(lookup):
    offset, key, headers = park(lookup, 2)
    (listed,) = [l for l in dead_letters(lookup, "--reason", "MALFORMED") if (l["partition"], l["offset"]) == (2, offset)]
    assert listed["service"] == "lookup" and listed["topic"] == REQUESTED
    assert listed["id"] == headers[0][1].decode() and listed["replayedAt"] is None
    assert dead_letters(lookup, "--reason", "TOO_LARGE") == []

    (shown,) = lookup.objects("deadletters", "show", f"lookup.requested/2/{offset}", "--group", lookup.group)
    assert shown["key"] == key and shown["data"]["bytes"] == 9
    assert shown["headers"]["onboarding-dlt-reason"] == "MALFORMED"
    assert shown["headers"]["x-name"] == "***"
    place = f"{DEAD}/2/{shown['offset']}"
    (personal,) = lookup.objects("deadletters", "show", place, "--show-personal")
    assert personal["headers"]["x-name"] == "Rumpelstilzchen"
    assert lookup.run("deadletters", "show", "lookup.requested/2/999999").returncode == 1


def test_a_dead_letter_is_replayed_as_it_came(lookup):
    offset, key, headers = park(lookup, 3)
    place, since = f"lookup.requested/3/{offset}", lookup.now()
    select = ["--service", "lookup", "--group", lookup.group]
    assert "would replay 1 of 1" in lookup.does("deadletters", "replay", *select, "--dry-run", place)
    assert by_key(lookup.tail("lookup.requested", since=since), key) == []

    (before,) = lookup.rows("select count(*) from dead_letter")[0]
    assert "replayed 1 of 1" in lookup.does("deadletters", "replay", *select, place)
    (again,) = by_key(lookup.tail("lookup.requested", since=since), key)
    record = lookup.record(REQUESTED, again["partition"], again["offset"])
    assert again["partition"] == 3
    assert (record.key().decode(), record.value(), record.headers()) == (key, b"\x07not avro", headers)
    (listed,) = [l for l in dead_letters(lookup) if (l["partition"], l["offset"]) == (3, offset)]
    assert listed["replayedAt"] is not None
    await_dead_letters(lookup, before + 1)


def test_dead_letters_are_replayed_by_reason_once(lookup):
    given = fresh("case")
    handle(lookup, line(event(fresh()), id=given), line(event(fresh()), id=given))
    pending = len(dead_letters(lookup, "--reason", "ID_CONFLICT", "--pending"))
    assert pending > 0
    (before,) = lookup.rows("select count(*) from dead_letter")[0]
    replay = ["deadletters", "replay", "--service", "lookup", "--group", lookup.group, "--reason", "ID_CONFLICT"]
    assert f"replayed {pending} of {pending}" in lookup.does(*replay)
    await_dead_letters(lookup, before + pending)  # they conflict as before, and are parked anew
    assert len(dead_letters(lookup, "--reason", "ID_CONFLICT", "--pending")) == pending
    assert lookup.run(*replay[:6], "lookup.requested/0/999999").returncode == 1


def audit(bench, *options):
    done = bench.run("audit", "--service", "lookup", "--group", bench.group, *options)
    assert done.stderr == "", done.stderr
    sums = next(told for told in done.stdout.splitlines() if told.startswith("results "))
    counts = {word: int(n) for word, n in (part.split() for part in sums.split(":")[1].split(","))}
    return done.returncode, counts, done.stdout


def bad(counts):
    return {word: n for word, n in counts.items() if n and word not in ("found", "pending")}


def test_audit_finds_and_repairs_what_is_missing(lookup):
    keys = [fresh() for _ in range(20)]
    handle(lookup, *(line(event(key)) for key in keys))
    status, counts, _ = audit(lookup)
    assert status == 0 and bad(counts) == {} and counts["found"] >= len(keys)

    since = lookup.now()
    lost = by_key(lookup.objects("tail", "lookup.completed"), *keys)
    places = sorted((record["partition"], record["offset"]) for record in lost)
    partition, last = next(a for a, b in zip(places, places[1:]) if a[0] == b[0])  # others stay behind it
    original = lookup.record(COMPLETED, partition, last)
    lookup.delete_before(COMPLETED, partition, last + 1)
    status, counts, text = audit(lookup)
    assert status == 1 and set(bad(counts)) == {"missing"}
    assert text.count("missing    ") == counts["missing"]

    lookup.stop_worker()
    lookup.rows("update partition set last_stamp = clock_timestamp()")
    begin = time.monotonic()
    status, _, text = audit(lookup, "--repair")
    assert time.monotonic() - begin > fence_ms(lookup) / 1000  # a former owner's records may come until then
    assert status == 0 and f"repaired {counts['missing']} of {counts['missing']}" in text
    (again,) = by_key(lookup.tail("lookup.completed", since=since), original.key().decode())
    record = lookup.record(COMPLETED, partition, again["offset"])
    assert (record.value(), record.headers()) == (original.value(), original.headers())
    stamps = lookup.rows("select distinct floor(extract(epoch from last_stamp) * 1000)::bigint from partition")
    assert (record.timestamp()[1],) in stamps
    status, counts, _ = audit(lookup)
    assert status == 0 and bad(counts) == {}


def test_audit_takes_results_that_are_not_due_for_pending(lookup):
    """The worker was stopped above; what it is said to have published ends one event earlier."""
    place = lookup.objects("tail", "lookup.completed")[-1]
    lookup.delete_before(COMPLETED, place["partition"], place["offset"] + 1)
    _, before, _ = audit(lookup)
    lookup.rows("update partition set published_offset = published_offset - 1 where published_offset > 0")
    _, after, _ = audit(lookup)
    lookup.rows("update partition set published_offset = next_offset")
    assert after["pending"] > 0 and after["missing"] + after["pending"] == before["missing"]
    assert audit(lookup, "--repair")[0] == 0


def test_audit_finds_copies_other_bytes_and_wrong_places(lookup):
    status, counts, _ = audit(lookup)
    assert status == 0 and counts["found"] >= 3
    since = lookup.rows("select min(recorded_at) from batch")[0][0].strftime("%Y-%m-%dT%H:%M:%SZ")
    three = [r for r in lookup.tail("lookup.completed", since=since) if r["data"] is not None][-3:]
    records = [lookup.record(COMPLETED, seen["partition"], seen["offset"]) for seen in three]
    for record, partition, value in [
        (records[0], records[0].partition(), records[0].value()),
        (records[1], records[1].partition(), records[1].value() + b"x"),
        (records[2], (records[2].partition() + 1) % 4, records[2].value()),
    ]:
        lookup.produce(COMPLETED, partition, record.key(), value, record.headers())
    status, counts, text = audit(lookup)
    assert status == 1
    assert bad(counts) == {"repeated": 1, "differing": 1, "misplaced": 1}
    assert ", 2 times" in text


def test_partitions_are_listed_and_resumed(lookup):
    select = ["--service", "lookup", "--group", lookup.group]

    def state():
        listed = lookup.objects("partitions", "list", *select)
        return next(p for p in listed if (p["topic"], p["partition"]) == (REQUESTED, 1))

    resume = ["partitions", "resume", "lookup.requested", "1", *select]
    before = state()
    assert before["stopped"] is None
    not_stopped = lookup.run(*resume)
    assert not_stopped.returncode == 1 and "is not stopped" in not_stopped.stderr
    stop = "update partition set stopped = %s where partition = 1 and topic_id = (select topic_id from topic where name = %s)"
    lookup.rows(stop, "the log ends before the next offset", REQUESTED)
    assert state()["stopped"] == "the log ends before the next offset"
    assert lookup.does(*resume) == f"resumed {REQUESTED}/1\n"
    after = state()
    assert after == before | {"ownerEpoch": before["ownerEpoch"] + 1}

    lookup.rows(stop, "another Kafka cluster", REQUESTED)
    lookup.does(*resume, "--new-generation")
    renewed = state()
    assert (renewed["generation"], renewed["nextOffset"], renewed["publishedOffset"]) == (
        before["generation"] + 1, 0, 0,
    )  # fmt: skip
    assert renewed["stopped"] is None and renewed["ownerEpoch"] == before["ownerEpoch"] + 2


def test_schemas_are_registered_once(bench):
    listed = bench.does("schemas", "list").splitlines()
    told = bench.does("schemas", "register", "--service", "lookup").splitlines()
    assert len(told) == len(listed)
    rows = bench.rows("select fingerprint, name, json from schema_version")
    assert {f"{fingerprint % 2**64:016x} {name}" for fingerprint, name, _ in rows} == {
        " ".join(told.split()[:2]) for told in listed
    }
    assert bench.does("schemas", "register", "--service", "lookup") == ""
