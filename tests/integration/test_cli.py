"""The command `onboarding` against a real Kafka and PostgreSQL."""

import io
import json
import os
import struct
import uuid

import fastavro
import pytest

from commands import COMPLETED, DEAD, REQUESTED, ROOT, Bench, by_key, event, fresh, line, publish
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

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
    return bench


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
            "message.timestamp.before.max.ms": str(bench.fence_ms()),
        },
        DEAD: {
            "retention.ms": "2592000000",
            "max.message.bytes": str(2 << 20),
            "message.timestamp.before.max.ms": str(bench.fence_ms()),
            "min.insync.replicas": "1",  # of one replica
            "unclean.leader.election.enable": "false",
        },
    }.items():
        assert wanted.items() <= bench.properties(topic).items(), topic
        assert len(bench.admin.list_topics(topic, timeout=20).topics[topic].partitions) == 4
    assert int(bench.properties(REQUESTED)["message.timestamp.before.max.ms"]) > 10**9  # not fenced


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
    schema = fastavro.parse_schema(json.loads((ROOT / "schemas/lookup_requested.avsc").read_text(encoding="utf-8")))
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


# --- schemas


def test_schemas_are_registered_once(bench):
    listed = bench.does("schemas", "list").splitlines()
    told = bench.does("schemas", "register", "--service", "lookup").splitlines()
    assert len(told) == len(listed)
    rows = bench.rows("select fingerprint, name, json from schema_version")
    assert {f"{fingerprint % 2**64:016x} {name}" for fingerprint, name, _ in rows} == {
        " ".join(told.split()[:2]) for told in listed
    }
    assert bench.does("schemas", "register", "--service", "lookup") == ""
