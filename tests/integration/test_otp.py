"""One-time codes from the request to the answer: a real worker, an SMS provider that answers as it is
told, a real mail server; and a code that is found nowhere afterwards.
"""

import datetime
import json
import random
import threading
import uuid

import pytest
from commands import WORKER_TIMEOUT_S, await_true
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from confluent_kafka.admin import NewTopic
from otp_world import REPLIES, Otp, phone, request, text_of
from provider_stub import Authority, ProviderStub, answer, close, hang
from psycopg import sql
from test_mail_provider import MailServer


@pytest.fixture(scope="module")
def made(stack, migrated, tmp_path_factory):
    with ProviderStub() as sms, MailServer(tls="none") as mail:
        otp = Otp(stack, migrated, tmp_path_factory.mktemp("otp"), sms, mail)
        otp.does("topics", "create")
        otp.start()
        yield otp
        otp.stop()


@pytest.fixture
def otp(made):
    """Nothing is under way before and after, and the provider does as told by the test alone."""
    default = made.sms.default
    yield made
    await_true(made.settled, WORKER_TIMEOUT_S, made.log)
    made.sms.default = default


# What is sent


def test_a_code_goes_to_the_phone_of_the_request(otp):
    event = request(phoneNumber=phone(), userId="u-1")
    told = otp.ask(event)
    decided = told.pop("decidedAt")
    assert told == {
        "processId": event["processId"], "userId": "u-1", "otpType": "ACTIVATION", "otpSent": True, "code": "SENT",
        "resultReason": "The code was sent", "channel": "SMS", "policyVersion": "1",
    }  # fmt: skip
    (message,) = otp.messages_to(event["phoneNumber"])
    ((identifier, asked, reference, state, content),) = otp.database.rows(
        """select m.message_id, m.asked_at, e.reference, e.state, e.content
             from otp.message m join otp.effect e on e.reference = m.message_id::text where process_id = %s""",
        event["processId"],
    )
    assert message == {
        "to": event["phoneNumber"], "text": text_of("en", "sms"), "reference": str(identifier),
    }  # fmt: skip
    assert (reference, state, content) == (str(identifier), "SENT", None)
    assert datetime.datetime.fromisoformat(decided.replace("Z", "+00:00")) >= asked - datetime.timedelta(seconds=1)


def test_a_code_goes_to_the_known_customer(otp):
    user, number = f"u-{uuid.uuid4()}", phone()
    otp.known(user, phoneNumber=number, email="eva@mail.example")
    told = otp.ask(request(userId=user, language="cs"))
    assert (told["code"], told["channel"]) == ("SENT", "SMS")
    assert [m["text"] for m in otp.messages_to(number)] == [text_of("cs", "sms")]


def test_a_code_goes_by_e_mail(otp):
    address = f"z-{uuid.uuid4()}@mail.example"
    told = otp.ask(request(email=address, language="cs", otpType="USER_VERIFICATION"))
    assert (told["code"], told["channel"]) == ("SENT", "EMAIL")
    (mail,) = otp.mails_to(address)
    assert mail["subject"] == text_of("cs", "emailSubject", "USER_VERIFICATION")
    assert mail["from"] == "Banka Žlutá <bank@bank.example>"
    assert mail.get_content().replace("\r\n", "\n") == text_of("cs", "emailText", "USER_VERIFICATION")


@pytest.mark.parametrize("language, found", [("cs", "cs"), ("cs-CZ", "cs"), ("", "en"), ("de", "en"), ("xx'--", "en")])
def test_a_text_is_in_the_language_or_the_default(otp, language, found):
    number = phone()
    otp.ask(request(phoneNumber=number, language=language))
    assert [m["text"] for m in otp.messages_to(number)] == [text_of(found, "sms")]


def test_a_repeated_event_sends_nothing(otp):
    number, since = phone(), otp.now()
    event = {"id": str(uuid.uuid4()), "data": request(phoneNumber=number)}
    otp.publish("otp.requested", event, event)
    otp.publish("otp.requested", event)
    otp.publish("otp.requested", event | {"id": str(uuid.uuid4()), "data": event["data"] | {"otpCode": "1357"}})
    otp.answers(event["data"]["processId"], since, 2)
    assert [m["text"] for m in otp.messages_to(number)] == [
        text_of("en", "sms"), text_of("en", "sms", code="1357")]


def test_who_asked_gets_the_reply(otp):
    otp.admin.create_topics([NewTopic(REPLIES, 2, 1)])[REPLIES].result(20)
    reader = Consumer({"bootstrap.servers": otp.brokers, "group.id": "test", "enable.auto.commit": False})
    try:
        reader.assign([TopicPartition(REPLIES, 1, 0)])
        event, since = request(phoneNumber=phone()), otp.now()
        otp.publish("otp.requested", event, options=["--reply-topic", REPLIES, "--reply-partition", "1",
                                                     "--correlation", "who asked"])
        otp.answers(event["processId"], since)
        reply = await_true(lambda: reader.poll(1.0), WORKER_TIMEOUT_S, otp.log)
        assert dict(reply.headers())["kafka_correlationId"] == b"who asked"
        assert reply.key().decode() == event["processId"]
    finally:
        reader.close()
        otp.admin.delete_topics([REPLIES])[REPLIES].result(20)


# What is refused


def test_nobody_to_send_to(otp):
    told = otp.ask(request(userId=f"u-{uuid.uuid4()}"))
    assert (told["otpSent"], told["code"], told["channel"]) == (False, "NO_DESTINATION", None)


def test_a_resend_comes_too_soon(otp):
    event = request(phoneNumber=phone())
    assert otp.ask(event)["code"] == "SENT"
    told = otp.ask(event | {"resend": True})
    assert (told["otpSent"], told["code"]) == (False, "TOO_SOON")
    assert len(otp.messages_to(event["phoneNumber"])) == 1


def test_resends_end(otp):
    event = request(phoneNumber=phone(), processType="fast")
    codes = [otp.ask(event)["code"]] + [otp.ask(event | {"resend": True})["code"] for _ in range(4)]
    assert codes == ["SENT"] * 4 + ["TOO_MANY"]
    assert len(otp.messages_to(event["phoneNumber"])) == 4
    rows = otp.database.rows(
        "select version, state, resends from otp.challenge where process_id = %s order by version", event["processId"]
    )
    assert rows == [(version, "OPEN", version - 1) for version in range(1, 5)]


def test_challenges_of_a_process_end(otp):
    event = request(phoneNumber=phone(), processType="tight")
    assert otp.ask(event)["code"] == "SENT"
    assert otp.ask(event | {"otpCode": "2468"})["code"] == "TOO_MANY"


def test_messages_to_a_destination_end(otp):
    number, since = phone(), otp.now()
    events = [request(phoneNumber=number) for _ in range(25)]
    otp.publish("otp.requested", *events)
    codes = [otp.answers(event["processId"], since)[0]["code"] for event in events]
    assert (codes.count("SENT"), codes.count("TOO_MANY")) == (20, 5)
    assert len(otp.messages_to(number)) == 20


def test_an_expired_code_is_not_sent(otp):
    number = phone()
    old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=301)
    told = otp.ask(request(phoneNumber=number), time=old.isoformat().replace("+00:00", "Z"))
    assert (told["otpSent"], told["code"]) == (False, "EXPIRED")
    assert otp.messages_to(number) == []


# What providers do


def test_a_slow_provider_holds_up_nobody(otp):
    go = threading.Event()
    slow, quick, since = request(phoneNumber=phone()), phone(), otp.now()
    otp.sms.script(answer(until=go))
    seen = len(otp.sms.requests)
    otp.publish("otp.requested", slow)
    otp.sms.await_requests(seen + 1)
    assert otp.ask(request(phoneNumber=quick))["code"] == "SENT"
    go.set()
    (told,) = otp.answers(slow["processId"], since)
    assert told["code"] in ("SENT", "UNKNOWN")  # it may have been too slow for its time-out


@pytest.mark.parametrize("acts", [
    [answer(500), answer(200)],
    [answer(503), answer(408), answer(202)],
    [answer(429, headers={"Retry-After": "1"}), answer(200)],
])  # fmt: skip
def test_what_may_be_better_later_is_tried_again(otp, acts):
    otp.sms.script(*acts)
    event = request(phoneNumber=phone())
    told = otp.ask(event)
    assert (told["code"], told["otpSent"]) == ("SENT", True)
    requests = [r for r in otp.sms.requests if json.loads(r.body)["to"] == event["phoneNumber"]]
    assert len(requests) == len(acts)
    assert len({r.headers["idempotency-key"] for r in requests}) == 1
    if acts[0].status == 429:
        assert requests[1].at - requests[0].at >= 1
    assert otp.database.rows("select attempts from otp.answer where process_id = %s", event["processId"]) == [
        (len(acts),)]


@pytest.mark.parametrize("act", [hang, close])
def test_an_answer_that_is_lost_twice_is_unknown(otp, act):
    otp.sms.script(act(), act())
    event = request(phoneNumber=phone())
    before = otp.metric("onboarding_effects_repeated_after_unknown_total")
    told = otp.ask(event)
    assert (told["code"], told["otpSent"]) == ("UNKNOWN", True)
    requests = [r for r in otp.sms.requests if json.loads(r.body)["to"] == event["phoneNumber"]]
    assert len(requests) == 2 and len({r.headers["idempotency-key"] for r in requests}) == 1
    assert otp.metric("onboarding_effects_repeated_after_unknown_total") == before + 1


@pytest.mark.parametrize("status", [400, 403, 422])
def test_a_refusal_is_final(otp, status):
    otp.sms.script(answer(status))
    event = request(phoneNumber=phone())
    told = otp.ask(event)
    assert (told["code"], told["otpSent"]) == ("PROVIDER_REFUSED", False)
    assert len(otp.messages_to(event["phoneNumber"])) == 1


def test_tries_end_with_the_codes_validity(otp):
    otp.sms.default = lambda request: answer(500)
    asked = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=296)
    told = otp.ask(request(phoneNumber=phone()), time=asked.isoformat().replace("+00:00", "Z"))
    assert (told["code"], told["otpSent"]) == ("PROVIDER_EXHAUSTED", False)


@pytest.mark.parametrize("name", ["gone", "never"])  # at once, and after the message
def test_a_mail_server_refuses(otp, name):
    told = otp.ask(request(email=f"{name}@mail.example"))
    assert (told["code"], told["otpSent"], told["channel"]) == ("PROVIDER_REFUSED", False, "EMAIL")


def test_a_provider_of_another_name_gets_nothing(otp, tmp_path):
    authority = Authority(tmp_path)
    with ProviderStub(tls=authority.context("DNS:other.example"), host="localhost") as wrong:
        otp.stop()
        otp.start(ONBOARDING_SMS_URL=wrong.url, ONBOARDING_SMS_CA_FILE=authority.ca_file)
        asked = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=296)
        told = otp.ask(request(phoneNumber=phone()), time=asked.isoformat().replace("+00:00", "Z"))
        assert (told["code"], told["otpSent"]) == ("PROVIDER_EXHAUSTED", False)
        assert wrong.connections > 0 and wrong.requests == []
    otp.stop()
    otp.start()


# Time


def test_the_schedule_closes_what_has_expired(otp):
    event = request(phoneNumber=phone())
    otp.ask(event)
    process = event["processId"]
    ((challenge,),) = otp.database.rows("select challenge_id from otp.challenge where process_id = %s", process)
    latest = "select version, state, code_hmac is null from otp.challenge where process_id = %s order by 1 desc limit 1"
    assert otp.database.rows("select 1 from otp.due where name = %s", str(challenge)) == []
    with otp.database.connect(autocommit=True) as connection:
        connection.execute("update otp.challenge set expires_at = now() - interval '1 second' where process_id = %s",
                           (process,))
    ((data,),) = otp.database.rows("select data from otp.due where name = %s", str(challenge))
    otp.publish("otp.expired", data)
    await_true(lambda: otp.database.rows(latest, process) == [(2, "EXPIRED", True)], WORKER_TIMEOUT_S, otp.log)
    assert otp.database.rows("select 1 from otp.due where name = %s", str(challenge)) == []


# Secrets


def test_a_prospect_who_became_a_customer_is_reached(otp):
    """Processes know the first id, the bank registers the customer under a later one."""
    first, later, number = f"U-{uuid.uuid4()}", f"U-{uuid.uuid4()}", phone()
    otp.known(later, phoneNumber=number)
    assert otp.ask(request(userId=first))["code"] == "NO_DESTINATION"
    linked = {"userId": later, "firstId": first, "linkedAt": 1000}
    otp.publish("customer.linked", linked)
    await_true(lambda: otp.database.rows("select from otp.customer_link where user_id = %s", later),
               WORKER_TIMEOUT_S, otp.log)  # fmt: skip
    assert otp.ask(request(userId=first))["code"] == "SENT"
    assert len(otp.messages_to(number)) == 1


def test_who_was_erased_is_reached_when_registered_again(otp):
    user, number = f"u-{uuid.uuid4()}", phone()
    otp.known(user, phoneNumber=number)
    with otp.database.connect(autocommit=True) as connection:
        connection.execute("delete from otp.subject_key where day is null")
    assert otp.ask(request(userId=user))["code"] == "NO_DESTINATION"
    otp.known(user, phoneNumber=number)
    assert otp.ask(request(userId=user))["code"] == "SENT"


def test_content_that_was_erased_is_not_sent(otp):
    go, event, since = threading.Event(), request(phoneNumber=phone(), userId=f"u-{uuid.uuid4()}"), otp.now()
    otp.sms.script(answer(500, until=go))
    seen = len(otp.sms.requests)
    otp.publish("otp.requested", event)
    otp.sms.await_requests(seen + 1)
    with otp.database.connect(autocommit=True) as connection:
        connection.execute("delete from otp.subject_key where day is null")
    go.set()
    (told,) = otp.answers(event["processId"], since)
    assert (told["otpSent"], told["code"]) == (False, "NO_DESTINATION")
    assert len(otp.messages_to(event["phoneNumber"])) == 1


def everything_in(database):
    """All tables of all schemas, a line a row; bytes as they are, too."""
    with database.connect(autocommit=True) as connection:
        connection.execute("set bytea_output = escape")
        tables = connection.execute(
            """select schemaname, tablename from pg_tables
                where schemaname not in ('pg_catalog', 'information_schema')"""
        ).fetchall()
        assert ("otp", "effect") in tables
        for schema, table in tables:
            yield from (row for (row,) in connection.execute(
                sql.SQL("select t::text from {} t").format(sql.Identifier(schema, table))))


def everything_on(otp, topics):
    """Every record of the topics: key, value and headers."""
    reader = Consumer({"bootstrap.servers": otp.brokers, "group.id": "test", "enable.auto.commit": False,
                       "enable.partition.eof": True})
    try:
        places = [TopicPartition(topic, number, OFFSET_BEGINNING)
                  for topic in topics for number in reader.list_topics(topic, timeout=20).topics[topic].partitions]
        reader.assign(places)
        ends = 0
        while ends < len(places):
            got = reader.poll(5.0)
            if got is not None and got.error():
                ends += 1
            elif got is not None:
                yield got
    finally:
        reader.close()


def test_a_code_is_found_nowhere_but_in_its_request(otp):
    canary, numbers = f"{random.randrange(10**12):012}", [phone(), phone()]
    address, user = f"canary-{uuid.uuid4()}@mail.example", f"u-{uuid.uuid4()}"
    secrets = [canary, *(n[4:] for n in numbers), address.partition("@")[0]]
    go, since = threading.Event(), otp.now()

    def assert_not_in(what, text):
        for secret in secrets:
            assert secret not in text, f"{secret} in {what}"

    otp.known(user, phoneNumber=numbers[0], email=address)
    otp.sms.script(answer(until=go), answer(500), answer(200))
    seen = len(otp.sms.requests)
    known = request(userId=user, otpCode=canary)
    otp.publish("otp.requested", known)
    otp.sms.await_requests(seen + 1)
    for row in everything_in(otp.database):  # while it is under way
        assert_not_in("a table", row)
    go.set()
    otp.answers(known["processId"], since)
    for event in [request(otpCode=canary, phoneNumber=numbers[1]),
                  request(otpCode=canary, userId=user, processType="mail"),
                  request(otpCode=canary, userId="nobody"),
                  known | {"resend": True}]:
        otp.ask(event)
    bad = request(otpCode=canary + "x", phoneNumber=numbers[1])
    otp.publish("otp.requested", bad)
    parked = await_true(
        lambda: otp.objects("deadletters", "list", "--service", "otp", "--group", otp.group), WORKER_TIMEOUT_S, otp.log)
    await_true(otp.settled, WORKER_TIMEOUT_S, otp.log)

    assert [letter["detail"] for letter in parked] == ["otpCode is not 4 to 12 digits"]
    assert canary in otp.messages_to(numbers[1])[0]["text"] and otp.mails_to(address)
    for row in everything_in(otp.database):
        assert_not_in("a table", row)
    assert_not_in("the log", otp.log())
    assert_not_in("a metric", otp.metrics())
    inputs = {"onboarding.otp.requested.v1", "onboarding.customer.registered.v1"}
    topics = [t for t in otp.admin.list_topics(timeout=20).topics if t.startswith("onboarding.")]
    asked = 0
    for record in everything_on(otp, topics):
        about = [record.key() or b"", *(value or b"" for _, value in record.headers() or [])]
        assert_not_in(record.topic(), b"\n".join(about).decode("latin-1"))
        if record.topic().removesuffix(".dlt") in inputs:
            asked += canary.encode() in (record.value() or b"")
        else:
            assert_not_in(record.topic(), (record.value() or b"").decode("latin-1"))
    assert asked == 7  # six requests, and the one that was parked


@pytest.mark.parametrize("topic", ["otp.requested", "otp.requested.dlt", "otp.completed", "otp.completed.dlt"])
def test_topics_of_codes_forget_in_a_quarter_of_an_hour(otp, topic):
    name, dot, end = topic.partition(".dlt")
    properties = otp.properties(f"onboarding.{name}.v1{dot}{end}")
    assert (properties["retention.ms"], properties["segment.ms"]) == ("900000", "300000")
