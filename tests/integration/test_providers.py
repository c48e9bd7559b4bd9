"""Requests to providers over HTTP: what is said of each after all that can become of it.

Needs no stack: provider_call performs them, ProviderStub answers.
"""

import json
import os
import pathlib
import subprocess
import threading
import time
from email.utils import formatdate

import pytest
from provider_stub import (
    Authority, ProviderStub, answer, close, cut_answer, cut_request, deaf, drip, hang,
)  # fmt: skip

BIN = pathlib.Path(os.environ.get("ONBOARDING_BIN", "build/asan/bin")).resolve()
DEVELOPMENT = {"ONBOARDING_PROFILE": "development"}
SHORT = {"ONBOARDING_HTTP_TIMEOUT": "700ms", "ONBOARDING_HTTP_CONNECT_TIMEOUT": "500ms"}
LARGE = 900 * 1024  # more than sockets of the loopback take without a reader


@pytest.fixture
def stub():
    with ProviderStub() as made:
        yield made


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def spawn(**settings):
    return subprocess.Popen(
        [BIN / "provider_call"],
        env={k: v for k, v in os.environ.items() if not k.startswith("ONBOARDING_")} | settings,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def perform(requests, **settings):
    """Answers by tag, in the order in which they came."""
    lines = [json.dumps({"tag": n, "id": f"r-{n}", "key": f"k-{n}", "body": "{}"} | request)
             for n, request in enumerate(requests)]  # fmt: skip
    process = spawn(**settings)
    out, err = process.communicate("\n".join(lines), timeout=60)
    assert (process.returncode, err) == (0, ""), err
    answers = [json.loads(line) for line in out.splitlines()]
    assert sorted(a["tag"] for a in answers) == list(range(len(requests)))
    return {a["tag"]: a for a in answers}


def ask(stub, request=None, **settings):
    """One request to a stub; its answer."""
    return perform([request or {}], **DEVELOPMENT, ONBOARDING_HTTP_URL=stub.url, **settings)[0]


# The request.


def test_request_is_as_configured(stub, tmp_path):
    headers, password = tmp_path / "headers", tmp_path / "password"
    for file, text in ((headers, "Authorization: Bearer s3cret\nX-Tenant: bank\n"),
                       (password, "p:w\n")):  # fmt: skip
        file.touch(mode=0o600)
        file.write_text(text)
    got = ask(stub, {"path": "/v1/send?x=1", "body": '{"text": "héllo"}'},
              ONBOARDING_HTTP_HEADERS_FILE=str(headers), ONBOARDING_HTTP_CONTENT_TYPE="text/x-sms",
              ONBOARDING_HTTP_IDEMPOTENCY_HEADER="X-Once")  # fmt: skip
    assert got["verdict"] == "ACCEPTED" and got["provider_id"] == "stub-1"
    (request,) = stub.requests
    assert (request.method, request.path) == ("POST", "/v1/send?x=1")
    assert request.body == '{"text": "héllo"}'.encode()
    wanted = {"content-type": "text/x-sms", "x-once": "k-0", "x-request-id": "r-0",
              "authorization": "Bearer s3cret", "x-tenant": "bank"}  # fmt: skip
    assert request.headers | wanted == request.headers
    assert "idempotency-key" not in request.headers

    ask(stub, ONBOARDING_HTTP_USER="me", ONBOARDING_HTTP_PASSWORD_FILE=str(password))
    assert stub.requests[1].headers["authorization"] == "Basic bWU6cDp3"  # me:p:w
    assert stub.requests[1].headers["idempotency-key"] == "k-0"


def test_no_header_comes_twice(stub, tmp_path):
    headers = tmp_path / "headers"
    headers.touch(mode=0o600)
    headers.write_text("accept: text/plain\n")
    ask(stub, ONBOARDING_HTTP_HEADERS_FILE=str(headers),
        ONBOARDING_HTTP_IDEMPOTENCY_HEADER="x-request-id")  # fmt: skip
    (request,) = stub.requests
    assert sorted(request.names) == ["accept", "content-length", "content-type", "host",
                                     "x-request-id"]  # fmt: skip
    assert request.headers["accept"] == "text/plain"
    assert request.headers["x-request-id"] == "k-0"


def test_path_is_joined_to_the_url(stub):
    for base, path, wanted in (("", "", "/"), ("/", "/a", "/a"), ("/v1", "/a", "/v1/a"),
                               ("/v1/", "/a", "/v1/a"), ("/v1", "?a=b", "/v1?a=b")):  # fmt: skip
        perform([{"path": path}], **DEVELOPMENT, ONBOARDING_HTTP_URL=stub.url + base)
        assert stub.requests[-1].path == wanted


@pytest.mark.parametrize("path", ["x", "@other.example/", "/a b", "/a\r\nX-A: b", "/é", "/a#b",
                                  "/\\a", "/" + "x" * 500])  # fmt: skip
def test_path_that_could_be_something_else_is_refused(stub, path):
    assert ask(stub, {"path": path})["verdict"] == "REFUSED"
    assert stub.connections == 0


@pytest.mark.parametrize("request_of", [{"id": "a\r\nX-A: b"}, {"key": "a\nb"}, {"key": ""}])
def test_header_that_would_end_its_line_is_refused(stub, request_of):
    assert ask(stub, request_of)["verdict"] == "REFUSED"
    assert stub.connections == 0


# The answer.


@pytest.mark.parametrize("status,verdict", [
    (200, "ACCEPTED"), (202, "ACCEPTED"), (204, "ACCEPTED"), (302, "REFUSED"), (400, "REFUSED"),
    (401, "REFUSED"), (404, "REFUSED"), (408, "RETRY"), (429, "RETRY"), (500, "RETRY"),
    (503, "RETRY"),
])  # fmt: skip
def test_status_is_the_verdict(stub, status, verdict):
    stub.script(answer(status, b""))
    got = ask(stub)
    assert (got["verdict"], got["status"], got["retry_after_ms"]) == (verdict, status, -1)
    assert len(stub.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_not_followed(stub, status):
    with ProviderStub() as other:
        stub.script(answer(status, b"", {"Location": other.url}))
        assert ask(stub)["verdict"] == "REFUSED"
        assert other.connections == 0


@pytest.mark.parametrize("value,least,most", [
    ("7", 7000, 7000), ("0", -1, -1), ("-5", -1, -1), ("soon", -1, -1), ("", -1, -1),
    ("3599", 3599000, 3599000), ("3600", 3600000, 3600000), ("999999999", 3600000, 3600000),
    ("99999999999999999999", -1, 3600000),
    (lambda: formatdate(time.time() + 100, usegmt=True), 90000, 100000),
    (lambda: formatdate(time.time() - 100, usegmt=True), -1, -1),
    (lambda: formatdate(time.time() + 1e7, usegmt=True), 3600000, 3600000),
])  # fmt: skip
def test_retry_after_is_kept_within_an_hour(stub, value, least, most):
    value = value() if callable(value) else value
    stub.script(answer(429, b"", {"Retry-After": value}))
    assert least <= ask(stub)["retry_after_ms"] <= most


@pytest.mark.parametrize("body,member,wanted", [
    (b'{"id": "m-1"}', "id", "m-1"),
    (b'{"id": 12345678901234}', "id", "12345678901234"),
    (b'{"message": {"id": "m-2"}}', "message.id", "m-2"),
    (b'{"message": "x"}', "message.id", None),
    (b'{"id": null}', "id", None),
    (b'{"id": ["m-1"]}', "id", None),
    (b'{"id": ""}', "id", None),
    (b'{"id": "a\\nb"}', "id", None),
    (b'{"id": "%s"}' % (b"x" * 201), "id", None),
    (b'{"other": "m-1"}', "id", None),
    (b'["m-1"]', "id", None),
    (b"id=m-1", "id", None),
    (b'{"id": "m-1"', "id", None),
    (b"[" * 60000, "id", None),
    (b"", "id", None),
])  # fmt: skip
def test_id_of_the_answer(stub, body, member, wanted):
    stub.script(answer(200, body))
    got = ask(stub, ONBOARDING_HTTP_ID_MEMBER=member)
    assert (got["verdict"], got["provider_id"]) == ("ACCEPTED", wanted)


def test_id_of_a_header(stub):
    stub.script(answer(200, b'{"id": "b"}', {"X-Message": "h"}), answer(200, b'{"id": "b"}'))
    ids = [ask(stub, ONBOARDING_HTTP_ID_HEADER="x-message")["provider_id"] for _ in range(2)]
    assert ids == ["h", "b"]


def test_answer_is_bounded(stub):
    stub.script(answer(200, b"x" * 3000000), answer(500, b"x" * 3000000),
                answer(200, b"lost", {f"X-{n}": "x" * 8000 for n in range(12)}))  # fmt: skip
    got = [ask(stub) for _ in range(3)]
    assert [(a["verdict"], a["response_size"]) for a in got] == [
        ("ACCEPTED", 65536), ("RETRY", 65536), ("ACCEPTED", 0)]  # fmt: skip


# Trouble on the way.


def test_nobody_listens(stub):
    stub.stop()
    got = ask(stub)
    assert (got["verdict"], got["status"]) == ("RETRY", 0)
    stub.start()


def test_name_that_does_not_resolve():
    got = perform([{}], ONBOARDING_HTTP_URL="https://nobody.invalid/")[0]
    assert (got["verdict"], got["status"]) == ("RETRY", 0)


def test_resolver_that_never_answers(tmp_path):
    """Neither the request nor the end of the performer waits for libcurl's thread that asks it."""
    source, library = tmp_path / "resolver.c", tmp_path / "resolver.so"
    source.write_text("int pause(void); int getaddrinfo(void) { for (;;) pause(); }\n")
    subprocess.run(["cc", "-w", "-shared", "-fPIC", "-o", library, source], check=True)
    got = perform([{}], ONBOARDING_HTTP_URL="https://provider.example/", LD_PRELOAD=str(library),
                  ASAN_OPTIONS="verify_asan_link_order=0", ONBOARDING_HTTP_TIMEOUT="30s",
                  ONBOARDING_HTTP_CONNECT_TIMEOUT="500ms")[0]  # fmt: skip
    assert (got["verdict"], got["status"]) == ("RETRY", 0)
    assert got["ms"] < 10000


@pytest.mark.parametrize("act,verdict,status", [
    (hang(), "UNKNOWN", 0),
    (close(), "UNKNOWN", 0),
    (drip(), "UNKNOWN", 0),
    (drip(200), "ACCEPTED", 200),
    (drip(500), "RETRY", 500),
    (cut_answer(200), "ACCEPTED", 200),
    (cut_answer(503), "RETRY", 503),
    (answer(100, b""), "UNKNOWN", 100),
])  # fmt: skip
def test_lost_answers(stub, act, verdict, status):
    stub.script(act)
    got = ask(stub, **SHORT)
    assert (got["verdict"], got["status"]) == (verdict, status)
    assert got["ms"] < 5000
    assert len(stub.requests) == 1, "asked again by itself"


def test_connection_that_was_kept_open_hides_no_repeat(stub):
    """libcurl would send a request again that a kept connection left unanswered."""
    stub.script(answer(200, keep=True), close())
    got = perform([{}, {"alone": True}], **DEVELOPMENT, ONBOARDING_HTTP_URL=stub.url)
    assert [got[0]["verdict"], got[1]["verdict"]] == ["ACCEPTED", "UNKNOWN"]
    assert len(stub.requests) == 2


def test_cut_in_the_request(stub):
    stub.script(cut_request())
    got = ask(stub, {"fill": LARGE})
    assert (got["verdict"], got["status"]) == ("UNKNOWN", 0)
    assert not stub.requests[0].whole


def test_slow_answer_within_the_time(stub):
    until = threading.Event()
    stub.script(answer(200, until=until))
    process = spawn(**DEVELOPMENT, ONBOARDING_HTTP_URL=stub.url)
    process.stdin.write(json.dumps({"tag": 0, "id": "r", "key": "k", "body": "{}"}))
    process.stdin.close()
    stub.await_requests(1)
    until.set()
    assert json.loads(process.stdout.read())["verdict"] == "ACCEPTED"
    assert process.wait(20) == 0
    process.stdout.close()
    process.stderr.close()


def test_many_at_a_time_and_one_that_hangs(stub):
    """All of them wait for the last one to arrive: so they were under way together."""
    together = threading.Barrier(20)
    hanging = answer(200, until=threading.Event())

    def default(request):
        if request.headers["idempotency-key"] == "k-0":
            return hanging
        together.wait(20)
        return answer()

    stub.default = default
    got = perform([{}] * 21, **DEVELOPMENT, ONBOARDING_HTTP_URL=stub.url,
                  ONBOARDING_HTTP_TIMEOUT="8s")  # fmt: skip
    assert list(got)[-1] == 0, "the one that hangs ends last"
    assert got[0]["verdict"] == "UNKNOWN"
    assert all(got[n]["verdict"] == "ACCEPTED" for n in range(1, 21))
    hanging.until.set()


# TLS.


def tls(authority, *names, **options):
    host = options.pop("host", "localhost")
    return ProviderStub(tls=authority.context(*names, **options), host=host)


def test_tls(authority):
    with tls(authority, "DNS:localhost") as stub:
        got = ask(stub, ONBOARDING_HTTP_CA_FILE=authority.ca_file)
        assert got["verdict"] == "ACCEPTED"


@pytest.mark.parametrize("names,trusted,days", [
    (["DNS:other.example"], True, 2),
    (["DNS:localhost"], False, 2),
    (["DNS:localhost"], True, -1),  # expired
])  # fmt: skip
def test_tls_wrong_certificate(authority, names, trusted, days):
    """Nothing was sent: not UNKNOWN."""
    with tls(authority, *names, days=days) as stub:
        ca = {"ONBOARDING_HTTP_CA_FILE": authority.ca_file} if trusted else {}
        got = ask(stub, **ca)
        assert (got["verdict"], got["status"]) == ("RETRY", 0)
        assert stub.requests == []


def test_tls_that_never_begins(authority):
    with tls(authority, "DNS:localhost") as stub:
        stub.script(deaf())
        got = ask(stub, ONBOARDING_HTTP_CA_FILE=authority.ca_file,
                  ONBOARDING_HTTP_CONNECT_TIMEOUT="500ms", ONBOARDING_HTTP_TIMEOUT="30s")  # fmt: skip
        assert got["verdict"] == "RETRY" and got["ms"] < 10000


def test_plain_server_where_tls_is_expected(stub):
    url = stub.url.replace("http:", "https:")
    got = perform([{}], **DEVELOPMENT, ONBOARDING_HTTP_URL=url)[0]
    assert got["verdict"] == "RETRY" and stub.requests == []


# Addresses.


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]",
                                  "2130706433", "0x7f.1", "169.254.169.254", "10.255.255.1"])  # fmt: skip
def test_production_connects_to_nothing_private(authority, host):
    with tls(authority, "DNS:localhost", "IP:127.0.0.1") as stub:
        got = perform([{}], ONBOARDING_HTTP_URL=f"https://{host}:{stub.port}/",
                      ONBOARDING_HTTP_CA_FILE=authority.ca_file)[0]  # fmt: skip
        assert (got["verdict"], got["why"]) == ("RETRY", "the address is not allowed")
        assert stub.connections == 0


def test_production_connects_to_what_is_listed(authority):
    with tls(authority, "DNS:localhost") as stub:
        got = perform([{}], ONBOARDING_HTTP_URL=stub.url, ONBOARDING_HTTP_CA_FILE=authority.ca_file,
                      ONBOARDING_HTTP_ALLOWED_NETWORKS="127.0.0.0/8,::1")[0]  # fmt: skip
        assert got["verdict"] == "ACCEPTED"


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1"])
def test_development_without_tls_stays_on_this_machine(host):
    got = perform([{}], **DEVELOPMENT, ONBOARDING_HTTP_URL=f"http://{host}/",
                  ONBOARDING_HTTP_ALLOWED_NETWORKS="0.0.0.0/0")[0]  # fmt: skip
    assert (got["verdict"], got["why"]) == ("RETRY", "the address is not allowed")


def test_proxies_of_the_environment_are_not_asked(stub):
    with ProviderStub() as proxy:
        got = ask(stub, http_proxy=proxy.url, https_proxy=proxy.url, all_proxy=proxy.url)
        assert got["verdict"] == "ACCEPTED"
        assert proxy.connections == 0


# Settings.


def test_all_mistakes_at_once():
    process = spawn(ONBOARDING_HTTP_URL="http://127.0.0.1/", ONBOARDING_HTTP_TIMEOUT="1s",
                    ONBOARDING_SMTP_URL="smtp://mail.example")  # fmt: skip
    _, err = process.communicate("", timeout=20)
    assert process.returncode == 78
    assert [line.split(":")[0] for line in err.splitlines()] == [
        "ONBOARDING_HTTP_URL", "ONBOARDING_HTTP_CONNECT_TIMEOUT", "ONBOARDING_SMTP_FROM"]  # fmt: skip
