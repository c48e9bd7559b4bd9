"""The command `onboarding` beside a worker: the ledger, dead letters, audit, partitions."""

import io
import json
import time
import uuid

import fastavro
import pytest

from commands import COMPLETED, DEAD, REQUESTED, ROOT, Bench, await_true, by_key, event, fresh, line, publish


@pytest.fixture(scope="module")
def lookup(stack, migrated, tmp_path_factory):
    """A worker that has all partitions, and where commands reach it."""
    bench = Bench(stack, migrated, tmp_path_factory.mktemp("cli"))
    bench.does("topics", "create")
    bench.start_worker()
    yield bench
    bench.stop_worker()


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
    newer = json.loads((ROOT / "schemas/lookup_requested.avsc").read_text(encoding="utf-8"))
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
    assert time.monotonic() - begin > lookup.fence_ms() / 1000  # a former owner's records may come until then
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
