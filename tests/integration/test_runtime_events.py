"""What becomes of each kind of event: good, bad, repeated; and that nobody's data is shown."""

import struct
import uuid

import pytest

import running
from running import CONSENT, DEAD_LETTER, EVALUATION, LOOKUP, OUTPUT, REVIEW, header, id_of

import poison  # tests/faults
from books import CONFLICT, DEAD_LETTER as PARKED, DONE, DUPLICATE, IGNORED
from wire import Style, text, zigzag

PREFIX = "onboarding-dlt-"
HEADERS = {
    PREFIX + word
    for word in "reason detail topic partition offset timestamp group service version attempts digest".split()
}
REPLIES, OTHER_TOPIC = "onboarding.replies.test.v1", "somebody.elses.v1"

#: Beside the campaign's: what needs care, or is too large to be sent often.
MORE = {
    EVALUATION: [
        ("9 no content", "MALFORMED", poison.value(lambda data, rng: data[: poison.FRAME])),
        ("9 one byte short", "MALFORMED", poison.value(lambda data, rng: data[:-1])),
        ("12 one more than remains", "MALFORMED", poison.value(lambda data, rng: data[: poison.FRAME] + b"\x06ab")),
        ("17 block too small", "MALFORMED", poison.at("documents", zigzag(-1) + zigzag(1) + b"\x06ab" * 40)),
        ("18 100,000 blocks", "MALFORMED", poison.at("documents", (zigzag(-1) + zigzag(1) + b"\0") * 100000)),
        ("20 union of text", "MALFORMED", poison.at("verificationId", zigzag(1 << 40))),
        ("30 a header of 1 MiB", "HEADERS_INVALID", poison.more_headers(1, (1 << 20) - 2000)),
        ("30 10,000 headers", "HEADERS_INVALID", poison.more_headers(10000, 1)),
        ("36 a bomb", "MALFORMED|CONTRACT", poison.value(lambda data, rng: data[: poison.FRAME] + bytes(1900000))),
        ("score -1", "CONTRACT|MALFORMED", poison.at("score?", struct.pack("<d", -1.0))),
        ("long id", "CONTRACT|MALFORMED", poison.at("identityVerificationId", text("i" * 300))),
        ("empty id", "CONTRACT|MALFORMED", poison.at("userId", text(""))),
    ],
    LOOKUP: [
        ("16 null items", "MALFORMED", poison.at("identification", zigzag(-(1 << 40)) + zigzag(0))),
        ("13 in a value", "MALFORMED", poison.at("identification{}", text(b"\xed\xa0\x80"))),
    ],
}


@pytest.fixture(scope="module")
def evaluation(topics, tmp_path_factory):
    service = running.Running(topics, tmp_path_factory.mktemp("evaluation"), "evaluation")
    service.worker = service.start(ONBOARDING_HEALTH_PORT="0")
    yield service
    service.close()


@pytest.fixture(scope="module")
def lookup(topics, tmp_path_factory):
    service = running.Running(topics, tmp_path_factory.mktemp("lookup"), "lookup")
    service.worker = service.start()
    yield service
    service.close()


def broken(service, topic):
    """One record for each way to break one, and the reasons that will do."""
    records = []
    for name, reason, change in poison.ANY + poison.OF_TOPIC.get(topic, []) + MORE.get(topic, []):
        record = service.fresh(topic)
        record.stranger = service.generator.stranger(topic)
        if change is None:
            record.value, record.headers = None, [("ob-barrier", b"")] + record.headers
        else:
            change(record, record.event, service.generator.writer(topic), service.generator.rng)
        record.kind, record.expect = name, reason
        record.partition = 0
        records.append(record)
    return records


def own_partition(record):
    return running.partition_of(record.key, running.PARTITIONS)


def check_dead_letter(service, record, spot, letter):
    said = {key: value.decode() for key, value in letter.headers[len(record.headers) :]}
    assert (letter.key, letter.value) == (record.key, record.value), record.kind
    assert letter.headers[: len(record.headers)] == record.headers, record.kind
    assert set(said) == HEADERS, record.kind
    assert said[PREFIX + "reason"] in record.expect.split("|"), (record.kind, said)
    assert said[PREFIX + "topic"] == spot.topic
    assert said[PREFIX + "partition"] == str(spot.partition) == str(letter.partition)
    assert said[PREFIX + "offset"] == str(spot.offset)
    assert said[PREFIX + "group"] == service.group
    assert said[PREFIX + "service"] == service.service
    assert said[PREFIX + "attempts"] == "1"
    assert len(said[PREFIX + "digest"]) == 64
    assert said[PREFIX + "detail"]
    return said


def check_broken(service, topic):
    """Sends bad records between good ones; each goes its way. Gives the dead letters' words."""
    bad = broken(service, topic)
    good = [service.fresh(topic) for _ in bad]
    for record in good:
        record.partition = 0
    mixed = [record for pair in zip(bad, good) for record in pair]
    letters_before = len(service.heard(topic + DEAD_LETTER))
    results_before = len(service.heard(OUTPUT[service.service]))
    spots = service.send(mixed)
    rows = service.outcomes(spots)

    for record, row in zip(mixed, rows):
        assert row.outcome == (DONE if record.expect == "ok" else PARKED), record.kind
    letters = service.dead_letters(letters_before + len(bad), topic)[letters_before:]
    places = [spot for record, spot in zip(mixed, spots) if record.expect != "ok"]
    said = [check_dead_letter(service, *three) for three in zip(bad, places, letters)]
    results = service.results(results_before + len(good))[results_before:]
    for number in range(running.PARTITIONS):  # one partition in, its order kept in each one out
        assert [header(r, "ce_causationid") for r in results if r.partition == number] == [
            id_of(record) for record in good if own_partition(record) == number
        ]
    return said


def test_bad_events_of_evaluation(evaluation):
    said = check_broken(evaluation, EVALUATION)
    parked = dict(
        evaluation.rows('select "offset"::text, detail from dead_letter where reason <> %s', "ID_CONFLICT")
    )
    for words in said:
        assert parked[words[PREFIX + "offset"]] == words[PREFIX + "detail"]


def test_bad_events_of_lookup(lookup):
    check_broken(lookup, LOOKUP)


def test_bad_consents(lookup):
    bad = [record for record in broken(lookup, CONSENT) if record.kind[:2] in ("22", "24")]
    assert len(bad) == 2
    spots = lookup.send(bad)
    assert [row.outcome for row in lookup.outcomes(spots)] == [PARKED, PARKED]


def test_truncated_at_every_byte(evaluation):
    whole = evaluation.fresh()
    records = []
    for size in range(1, len(whole.value)):
        record = evaluation.fresh()
        record.key, record.value, record.partition = whole.key, whole.value[:size], 1
        records.append(record)
    records.append(whole)
    whole.partition = 1
    before = len(evaluation.heard(EVALUATION + DEAD_LETTER))
    rows = evaluation.outcomes(evaluation.send(records))
    assert [row.outcome for row in rows] == [PARKED] * (len(records) - 1) + [DONE]
    letters = evaluation.dead_letters(before + len(records) - 1)[before:]
    assert {header(letter, PREFIX + "reason") for letter in letters} == {"MALFORMED"}


@pytest.mark.parametrize(
    "value", [b"00-" + b"0" * 32 + b"-" + b"1" * 16 + b"-01",
              b"00-" + b"A" * 32 + b"-" + b"1" * 16 + b"-01",
              b"ff-" + b"a" * 32 + b"-" + b"1" * 16 + b"-01", b""],
    ids=["zeros", "upper case", "version ff", "empty"],
)
def test_broken_trace_starts_a_new_one(evaluation, value):
    record = evaluation.fresh()
    record.headers = [h for h in record.headers if h[0] != "traceparent"] + [("traceparent", value)]
    before = len(evaluation.heard(OUTPUT["evaluation"]))
    (row,) = evaluation.outcomes(evaluation.send([record]))
    assert row.outcome == DONE
    trace = header(evaluation.results(before + 1)[-1], "traceparent")
    assert trace != value.decode() and len(trace) == 55 and trace[3:35] != "0" * 32


def test_trace_goes_on(evaluation):
    record = evaluation.fresh()
    trace = b"00-" + b"a1" * 16 + b"-" + b"b2" * 8 + b"-01"
    record.headers = [h for h in record.headers if h[0] != "traceparent"] + [("traceparent", trace)]
    before = len(evaluation.heard(OUTPUT["evaluation"]))
    evaluation.send([record])
    result = header(evaluation.results(before + 1)[-1], "traceparent")
    assert result[:36] == trace.decode()[:36] and result[36:52] != trace.decode()[36:52]


def test_personal_data_shows_nowhere(evaluation):
    """A record with a name that nobody else has, whole and broken in many ways."""
    secret = "Xaverius-" + uuid.uuid4().hex
    records = []
    for name, _, change in poison.ANY + poison.OF_TOPIC[EVALUATION]:
        record = evaluation.fresh()
        data = record.event["documents"][0]["data"]
        for field in ("surname", "givenNames", "personalNumber", "documentNumber", "dateOfBirth"):
            data[field] = secret
        record.event["documents"][0]["rawData"] = secret
        record.value = evaluation.generator.value(EVALUATION, record.event)
        if change is not None:
            record.stranger = evaluation.generator.stranger(EVALUATION)
            change(record, record.event, evaluation.generator.writer(EVALUATION), evaluation.generator.rng)
        records.append(record)
    rows = evaluation.outcomes(evaluation.send(records))
    assert {row.outcome for row in rows} == {DONE, PARKED}

    with open(evaluation.worker.log_path, encoding="utf-8") as log:
        assert secret not in log.read()
    assert secret not in running.ask(evaluation.worker, "/metrics")[1]
    assert evaluation.rows("select 1 from dead_letter where detail like %s", f"%{secret}%") == []
    for letter in evaluation.heard(EVALUATION + DEAD_LETTER):
        for name, value in letter.headers:
            assert not (name.startswith(PREFIX) and secret.encode() in value)


# Repeats.


def repeat_of(service, first, partition=None, style=Style(blocks=True, turned=True)):
    """The same id and content in other bytes."""
    again = service.fresh(first.topic)
    again.key, again.event = first.key, first.event
    again.value = service.generator.value(first.topic, first.event, style)
    again.headers = service.generator.same_id(first)
    again.partition = partition
    return again


def conflict_with(service, first):
    other = service.fresh(first.topic)
    other.headers = service.generator.same_id(first)
    other.partition = first.partition
    return other


@pytest.mark.parametrize("together", [False, True], ids=["later", "in one batch"])
@pytest.mark.parametrize("elsewhere", [False, True], ids=["same partition", "other partition"])
def test_duplicate_is_decided_once(evaluation, together, elsewhere):
    first = evaluation.fresh()
    place = (own_partition(first) + elsewhere) % running.PARTITIONS
    again = repeat_of(evaluation, first, place)
    assert again.value != first.value
    before = len(evaluation.heard(OUTPUT["evaluation"]))
    if together:
        rows = evaluation.outcomes(evaluation.send([first, again]))
    else:
        rows = evaluation.outcomes(evaluation.send([first]))
        rows += evaluation.outcomes(evaluation.send([again]))
    assert sorted(row.outcome for row in rows) == [DONE, DUPLICATE]
    evaluation.await_idle()
    assert len(evaluation.results(before + 1)) == before + 1
    assert evaluation.rows(
        "select count(*) from decision where identity_verification_id = %s",
        first.event["identityVerificationId"],
    ) == [(1,)]


@pytest.mark.parametrize("together", [False, True], ids=["later", "in one batch"])
def test_conflict_is_parked(evaluation, together):
    first = evaluation.fresh()
    first.partition = 2
    other = conflict_with(evaluation, first)
    letters = len(evaluation.heard(EVALUATION + DEAD_LETTER))
    if together:
        spots = evaluation.send([first, other])
    else:
        spots = evaluation.send([first])
        evaluation.outcomes(spots)
        spots += evaluation.send([other])
    assert [row.outcome for row in evaluation.outcomes(spots)] == [DONE, CONFLICT]
    letter = evaluation.dead_letters(letters + 1)[-1]
    other.expect = "ID_CONFLICT"
    check_dead_letter(evaluation, other, spots[1], letter)


def test_same_id_of_another_sender_is_another_event(evaluation):
    first = evaluation.fresh()
    other = evaluation.fresh()
    other.headers = [
        (n, b"urn:example:other" if n == "ce_source" else v) for n, v in evaluation.generator.same_id(first)
    ]
    rows = evaluation.outcomes(evaluation.send([first, other]))
    assert [row.outcome for row in rows] == [DONE, DONE]


def test_same_content_under_another_id_has_one_decision(evaluation):
    """The domain's own uniqueness answers: the second event gets the first one's decision."""
    first = evaluation.fresh()
    second = repeat_of(evaluation, first)
    second.headers = evaluation.generator.headers(EVALUATION)
    before = len(evaluation.heard(OUTPUT["evaluation"]))
    rows = evaluation.outcomes(evaluation.send([first, second]))
    assert [row.outcome for row in rows] == [DONE, DONE]
    one, two = (evaluation.decoded(m) for m in evaluation.results(before + 2)[-2:])
    assert (one["result"], one.get("decidedAt")) == (two["result"], two.get("decidedAt"))
    assert evaluation.rows(
        "select count(*) from decision where identity_verification_id = %s",
        first.event["identityVerificationId"],
    ) == [(1,)]


def test_another_workers_case_is_ignored(evaluation):
    record = evaluation.fresh(REVIEW)
    (row,) = evaluation.outcomes(evaluation.send([record]))
    assert row.outcome == IGNORED


def test_a_barrier_leaves_no_row(evaluation):
    barrier = evaluation.fresh()
    barrier.key = barrier.value = None
    barrier.headers, barrier.partition = [("ob-barrier", b"")], 3
    after = evaluation.fresh()
    after.partition = 3
    spots = evaluation.send([barrier, after])
    evaluation.outcomes(spots[1:])
    assert evaluation.outcome(spots[0]) is None


# Replies.


def asking(record, topic=REPLIES, partition=b"\0\0\0\1", correlation=b"who-asked-\0\1"):
    record.headers += [
        ("kafka_replyTopic", topic.encode()),
        ("kafka_replyPartition", partition),
        ("kafka_correlationId", correlation),
    ]
    return record


@pytest.fixture(scope="module")
def replies(evaluation, lookup):
    for topic in (REPLIES, OTHER_TOPIC):
        evaluation.stack.create([running.NewTopic(topic, 2, 1)])
        evaluation.listen(topic)
    yield evaluation
    evaluation.stack.admin.delete_topics([REPLIES, OTHER_TOPIC])


def test_reply_goes_to_who_asked(replies):
    record = asking(replies.fresh())
    before = len(replies.heard(OUTPUT["evaluation"]))
    replies.send([record])
    result = replies.results(before + 1)[-1]
    (reply,) = replies.await_heard(REPLIES, 1)
    assert reply.partition == 1
    assert dict(reply.headers)["kafka_correlationId"] == b"who-asked-\0\1"
    assert (reply.key, reply.value) == (result.key, result.value)
    assert header(reply, "ce_id") == header(result, "ce_id")
    assert header(reply, "ce_causationid") == id_of(record)


@pytest.mark.parametrize("together", [False, True], ids=["later", "in one batch"])
def test_a_repeat_gets_the_stored_answer(replies, together):
    first = replies.fresh()
    again = asking(repeat_of(replies, first), correlation=b"again")
    heard = len(replies.heard(REPLIES))
    before = len(replies.heard(OUTPUT["evaluation"]))
    if together:
        replies.send([first, again])
    else:
        replies.outcomes(replies.send([first]))
        replies.send([again])
    reply = replies.await_heard(REPLIES, heard + 1)[-1]
    result = replies.results(before + 1)[-1]
    assert dict(reply.headers)["kafka_correlationId"] == b"again"
    assert (reply.value, header(reply, "ce_id")) == (result.value, header(result, "ce_id"))


def test_no_reply_outside_the_allowed_prefix(replies):
    heard = len(replies.heard(REPLIES))
    spots = replies.send([asking(replies.fresh(), OTHER_TOPIC), asking(replies.fresh(), correlation=b"last")])
    assert [row.outcome for row in replies.outcomes(spots)] == [DONE, DONE]
    reply = replies.await_heard(REPLIES, heard + 1)[-1]
    assert dict(reply.headers)["kafka_correlationId"] == b"last"
    assert replies.heard(OTHER_TOPIC) == []


def test_a_reply_to_nowhere_harms_nobody(replies):
    spots = replies.send(
        [
            asking(replies.fresh(), "onboarding.replies.nowhere.v1"),
            asking(replies.fresh(), partition=b"\0\0\0\x63"),
            asking(replies.fresh(), partition=b"not a number"),
        ]
    )
    assert [row.outcome for row in replies.outcomes(spots)] == [DONE] * 3
    replies.await_idle()
