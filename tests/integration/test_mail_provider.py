"""Requests over SMTP, to a real mail server of Debian's: what arrives, and what is said of it.

Needs no stack: provider_call performs them, aiosmtpd takes them.
"""

import json
import subprocess
import threading
from email import message_from_string, policy
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from provider_stub import Authority, ProviderStub, answer, deaf
from test_providers import DEVELOPMENT, perform

SERVER = Path(__file__).with_name("mail_server.py")
FROM = "bank@bank.example"
USER, PASSWORD = "onboarding", "s3cret: with spaces"


class MailServer:
    """aiosmtpd is Debian's, so is its Python: not the tests' own."""

    def __init__(self, **options):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", SERVER, json.dumps(options)], stdout=subprocess.PIPE, text=True
        )
        self.port = json.loads(self.process.stdout.readline())["port"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def message(self):
        """The next one that it took."""
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def password_file(tmp_path):
    file = tmp_path / "password"
    file.touch(mode=0o600)
    file.write_text(PASSWORD + "\n")
    return str(file)


@pytest.fixture(scope="module")
def plain():
    """A server without TLS, for what TLS has no part in."""
    with MailServer(tls="none") as server:
        yield server


def secure(authority, tls, *names, **options):
    certificate, key = authority.issue(*(names or ["DNS:localhost"]))
    return MailServer(tls=tls, certificate=certificate, key=key, **options)


def mail(recipient="ann@mail.example", **more):
    return {"recipient": recipient, "subject": "Váš kód", "body": "Kód: 123456\n"} | more


def send_plain(server, *requests, **settings):
    got = perform(requests, **DEVELOPMENT | {
        "ONBOARDING_SMTP_URL": f"smtp://127.0.0.1:{server.port}", "ONBOARDING_SMTP_FROM": FROM,
        "ONBOARDING_SMTP_STARTTLS": "false", "ONBOARDING_SMTP_TIMEOUT": "3s",
    } | settings)  # fmt: skip
    return [got[n] for n in range(len(requests))]


def send_secure(authority, url, **settings):
    return perform([mail()], **DEVELOPMENT, ONBOARDING_SMTP_URL=url, ONBOARDING_SMTP_FROM=FROM,
                   ONBOARDING_SMTP_CA_FILE=authority.ca_file, **settings)[0]  # fmt: skip


# What arrives.


def test_message_arrives_as_it_was_meant(plain):
    text = "Kód: 123456\n.\n..dots\n" + "dlouhý řádek " * 100 + "\n"
    (got,) = send_plain(plain, mail(body=text, subject="Váš kód " * 20, key="m-7"),
                        ONBOARDING_SMTP_FROM_NAME='Naše "banka"')  # fmt: skip
    assert (got["verdict"], got["status"]) == ("ACCEPTED", 250)
    taken = plain.message()
    assert (taken["from"], taken["to"]) == (FROM, ["ann@mail.example"])
    assert taken["content"].isascii()
    assert max(map(len, taken["content"].split("\r\n"))) <= 76
    message = message_from_string(taken["content"], policy=policy.default)
    assert message.get_content().replace("\r\n", "\n") == text
    assert message["subject"] == "Váš kód " * 20
    assert message["to"].addresses[0].addr_spec == "ann@mail.example"
    sender = message["from"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == ('Naše "banka"', FROM)
    assert message["message-id"] == "<m-7@bank.example>"
    assert message.get_content_type() == "text/plain"
    assert parsedate_to_datetime(message["date"]).tzinfo is not None
    assert message.defects == []


def test_ascii_goes_as_it_is(plain):
    send_plain(plain, mail(subject="Code", body="a\n.\nb\n"))
    assert plain.message()["content"].endswith("\r\n\r\na\r\n.\r\nb\r\n")


def test_message_without_a_byte(plain):
    (got,) = send_plain(plain, {"recipient": "ann@mail.example", "body": ""})
    assert got["verdict"] == "ACCEPTED"
    plain.message()


def test_international_recipient(plain):
    (got,) = send_plain(plain, mail("žena@mail.example"))
    assert got["verdict"] == "ACCEPTED"
    taken = plain.message()
    assert taken["to"] == ["žena@mail.example"] and "SMTPUTF8" in taken["options"]


def test_international_recipient_where_the_server_takes_none():
    with MailServer(tls="none", utf8=False) as server:
        got = send_plain(server, mail("žena@mail.example"), mail())
        assert [a["verdict"] for a in got] == ["REFUSED", "ACCEPTED"]
        assert got[0]["why"] == "the mail server takes no international addresses"
        assert server.message()["to"] == ["ann@mail.example"]


@pytest.mark.parametrize("recipient", ["a@mail.example>\r\nRCPT TO:<eve@mail.example", "nobody",
                                       "a b@mail.example", "a@mail.example,b@mail.example"])  # fmt: skip
def test_recipient_that_is_no_address(plain, recipient):
    (got,) = send_plain(plain, {"recipient": recipient, "body": "x"})
    assert (got["verdict"], got["why"]) == ("REFUSED", "the recipient is no address of mail")


# What is said of it.


def test_verdicts(plain):
    wanted = {
        "busy": ("RETRY", 450), "gone": ("REFUSED", 550), "later": ("RETRY", 451),
        "never": ("REFUSED", 554), "lost": ("UNKNOWN", 354), "cut": ("RETRY", 250),
        "hang": ("UNKNOWN", 354), "ann": ("ACCEPTED", 250),
    }  # fmt: skip
    got = send_plain(plain, *[mail(f"{name}@mail.example") for name in wanted])
    assert {n: (a["verdict"], a["status"]) for n, a in zip(wanted, got)} == wanted
    taken = [plain.message()["to"][0].partition("@")[0] for _ in range(5)]
    assert sorted(taken) == ["ann", "hang", "later", "lost", "never"]


def test_server_that_is_silent_at_the_end_holds_nobody_up(plain):
    """libcurl says QUIT and would wait for the answer, with all else that is under way."""
    got = send_plain(plain, *[mail("silent@mail.example")] * 3, mail(), mail("gone@mail.example"))
    assert [a["verdict"] for a in got] == ["ACCEPTED"] * 4 + ["REFUSED"]
    assert max(a["ms"] for a in got) < 2500
    for _ in range(4):
        plain.message()


def test_server_that_is_slow_holds_nobody_up(plain):
    """libcurl waits for the answer to a message, too. The others are answered meanwhile."""
    waiting = threading.Event()
    notice = threading.Thread(target=lambda: (plain.message(), waiting.set()))
    notice.start()
    with ProviderStub(default=lambda request: answer(until=waiting)) as stub:
        got = send_plain(plain, mail("hang@mail.example"), *[{"recipient": ""}] * 3,
                         ONBOARDING_HTTP_URL=stub.url)  # fmt: skip
    notice.join()
    assert [a["verdict"] for a in got] == ["UNKNOWN"] + ["ACCEPTED"] * 3
    assert max(a["ms"] for a in got[1:]) < 2500 <= got[0]["ms"] < 10000


def test_nobody_listens():
    with ProviderStub() as stub:
        stub.stop()
        (got,) = send_plain(stub, mail())
        assert (got["verdict"], got["status"]) == ("RETRY", 0)
        stub.start()


def test_server_that_never_greets():
    with ProviderStub() as stub:
        stub.script(deaf())
        (got,) = send_plain(stub, mail(), ONBOARDING_SMTP_CONNECT_TIMEOUT="500ms")
        assert (got["verdict"], got["status"]) == ("RETRY", 0)


# TLS and log-in.


@pytest.mark.parametrize("tls,scheme", [("starttls", "smtp"), ("implicit", "smtps")])
def test_secured(authority, password_file, tls, scheme):
    with secure(authority, tls, user=USER, password=PASSWORD) as server:
        got = send_secure(authority, f"{scheme}://localhost:{server.port}",
                          ONBOARDING_SMTP_USER=USER, ONBOARDING_SMTP_PASSWORD_FILE=password_file)  # fmt: skip
        assert got["verdict"] == "ACCEPTED"
        taken = server.message()
        assert (taken["tls"], taken["user"]) == (True, USER)


@pytest.mark.parametrize("tls,scheme", [("starttls", "smtp"), ("implicit", "smtps")])
@pytest.mark.parametrize("names,trusted", [(["DNS:other.example"], True), (["DNS:localhost"], False)])
def test_wrong_certificate(authority, tmp_path, tls, scheme, names, trusted):
    other = Authority(tmp_path)
    with secure(authority, tls, *names) as server:
        got = send_secure(authority if trusted else other, f"{scheme}://localhost:{server.port}")
        assert got["verdict"] == "RETRY"


def test_wrong_password_refuses_no_message(authority, password_file):
    with secure(authority, "starttls", user=USER, password="other") as server:
        got = send_secure(authority, f"smtp://localhost:{server.port}", ONBOARDING_SMTP_USER=USER,
                          ONBOARDING_SMTP_PASSWORD_FILE=password_file)  # fmt: skip
        assert got["verdict"] == "RETRY"


def test_log_in_that_is_missing_refuses_no_message(authority):
    with secure(authority, "starttls", user=USER, password=PASSWORD) as server:
        got = send_secure(authority, f"smtp://localhost:{server.port}")
        assert (got["verdict"], got["status"]) == ("RETRY", 530)


def test_server_without_starttls_gets_nothing(authority, plain):
    got = send_secure(authority, f"smtp://localhost:{plain.port}")
    assert got["verdict"] == "RETRY"


def test_production_connects_to_nothing_private(authority):
    with secure(authority, "starttls") as server:
        settings = {"ONBOARDING_SMTP_URL": f"smtp://localhost:{server.port}",
                    "ONBOARDING_SMTP_FROM": FROM, "ONBOARDING_SMTP_CA_FILE": authority.ca_file}  # fmt: skip
        got = perform([mail()], **settings)[0]
        assert (got["verdict"], got["why"]) == ("RETRY", "the address is not allowed")
        got = perform([mail()], **settings, ONBOARDING_SMTP_ALLOWED_NETWORKS="127.0.0.1,::1")[0]
        assert got["verdict"] == "ACCEPTED"
