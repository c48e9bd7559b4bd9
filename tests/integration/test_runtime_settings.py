"""Settings: all that is wrong with them is told at once, and nothing runs."""

import base64
import os
import subprocess

import pytest

import running
from running import SECONDS

from worker import BIN, clean_environment

EXIT_CONFIG = 78


@pytest.fixture(scope="module")
def configured(topics, tmp_path_factory):
    """Good settings, for tests to spoil."""
    made = running.Running(topics, tmp_path_factory.mktemp("configured"))
    yield made
    made.close()


def complaints(service, settings):
    """Exit status, and what a worker says of its settings; None takes one away."""
    env = clean_environment() | service.settings() | settings
    done = subprocess.run(
        [os.path.join(BIN, "onboarding-evaluation")],
        env={name: value for name, value in env.items() if value is not None},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def file_of(tmp_path, name, content, mode=0o600):
    path = tmp_path / name
    path.write_bytes(content)
    path.chmod(mode)
    return str(path)


def mistakes(tmp_path):
    """Settings with one mistake each."""
    key = base64.b64encode(b"k" * 32)
    return {
        "ONBOARDING_KAFKA_BROKERS": "one.example:9092,two.example:hunter2",
        "ONBOARDING_POSTGRES_URL": "postgresql://user:hunter2@127.0.0.1/db",
        "ONBOARDING_POSTGRES_PASSWORD_FILE": file_of(tmp_path, "open", b"hunter2", 0o644),
        "ONBOARDING_DIGEST_KEY_FILE": file_of(tmp_path, "short", base64.b64encode(b"k" * 31)),
        "ONBOARDING_INDEX_KEY_FILE": file_of(tmp_path, "broken", key[:-1] + b"!"),
        "ONBOARDING_DATA_KEYS_FILE": file_of(tmp_path, "nameless", key),
        "ONBOARDING_FENCE": "5000",
        "ONBOARDING_SESSION_TIMEOUT": "-1s",
        "ONBOARDING_MAX_POLL_INTERVAL": "99999999999999999999h",
        "ONBOARDING_LOOPS": "0",
        "ONBOARDING_BATCH_RECORDS": "5e2",
        "ONBOARDING_HEALTH_PORT": "65536",
        "ONBOARDING_LOG_LEVEL": "loud",
        "ONBOARDING_SCHEMA_IDS": "EvaluationRequested=1,Nobody=2",
        "ONBOARDING_BATCHRECORDS": "500",
        "ONBOARDING_KAFKA_CERTIFICATE_FILE": file_of(tmp_path, "certificate", b"x"),
        "ONBOARDING_KAFKA_SECURITY_PROTOCOL": "sasl_ssl",
        "ONBOARDING_KAFKA_CA_FILE": file_of(tmp_path, "authority", b"hunter2"),
        "ONBOARDING_CONSUMER_GROUP": "everybody",
        "ONBOARDING_HEALTH_ADDRESS": "everywhere",
    }


#: Contradictions are complained about under one name of the two.
NAMED = {"ONBOARDING_KAFKA_SECURITY_PROTOCOL": "ONBOARDING_KAFKA_SASL_MECHANISM"}


def test_all_mistakes_at_once(configured, tmp_path):
    wrong = mistakes(tmp_path)
    policy = file_of(tmp_path, "policy", b'{"version": 1, "default": {"minimumAge": "old", "colour": 1}}')
    code, text = complaints(configured, wrong | {"ONBOARDING_POLICY_FILE": policy})
    assert code == EXIT_CONFIG
    for name in wrong:
        assert NAMED.get(name, name) in text, name
    for word in ("minimumAge", "colour"):
        assert word in text
    for value in ("hunter2", "everybody", "everywhere", "5e2", "loud", "99999", "65536", key_text()):
        assert value not in text
    assert "Sanitizer" not in text


def key_text():
    return base64.b64encode(b"k" * 31).decode()[:-1]


@pytest.mark.parametrize(
    "settings, named",
    [
        ({"ONBOARDING_DIGEST_KEY_FILE": None}, "ONBOARDING_DIGEST_KEY_FILE"),
        ({"ONBOARDING_DIGEST_KEY_FILE": "/nowhere"}, "ONBOARDING_DIGEST_KEY_FILE"),
        ({"ONBOARDING_POSTGRES_URL": "file:///etc/passwd"}, "ONBOARDING_POSTGRES_URL"),
        ({"ONBOARDING_POSTGRES_URL": "gopher://host/db"}, "ONBOARDING_POSTGRES_URL"),
        ({"ONBOARDING_POSTGRES_URL": "postgresql://host/db?sslmode=verify-ful"}, "ONBOARDING_POSTGRES_URL"),
        ({"ONBOARDING_KAFKA_BROKERS": ""}, "ONBOARDING_KAFKA_BROKERS"),
        ({"ONBOARDING_KAFKA_BROKERS": "kafka:port"}, "ONBOARDING_KAFKA_BROKERS"),
        ({"ONBOARDING_FENCE": "3s"}, "ONBOARDING_FENCE"),
        ({"ONBOARDING_FETCH_SIZE": "1MiB", "ONBOARDING_BATCH_SIZE": "2MiB"}, "ONBOARDING_BATCH_SIZE"),
        ({"ONBOARDING_POLICY_FILE": ""}, "ONBOARDING_POLICY_FILE"),
        ({"ONBOARDING_POLICY_FILE": "/nowhere"}, "ONBOARDING_POLICY_FILE"),
        ({"ONBOARDING_POLICY_FILE": "/dev/null"}, "policy"),
        (
            {"ONBOARDING_FRAMING": "confluent", "ONBOARDING_SCHEMA_IDS": "onboarding.review.ReviewCompleted=7"},
            "ONBOARDING_SCHEMA_IDS",
        ),
        (
            {"ONBOARDING_SCHEMA_IDS": "onboarding.review.ReviewCompleted=7,onboarding.review.ReviewDecided=7"},
            "ONBOARDING_SCHEMA_IDS",
        ),
        ({"ONBOARDING_SCHEMA_IDS": "onboarding.review.ReviewCompleted= +7"}, "ONBOARDING_SCHEMA_IDS"),
        ({"ONBOARDING_GROUP": "x"}, "ONBOARDING_GROUP"),
    ],
    ids=lambda value: " ".join(f"{k[11:]}={v}" for k, v in value.items()) if isinstance(value, dict) else "",
)
def test_one_mistake(configured, settings, named):
    code, text = complaints(configured, settings)
    assert code == EXIT_CONFIG
    assert named in text
    assert len(text.splitlines()) == 1, text


@pytest.mark.parametrize(
    "content", [b"", b"k" * 32, base64.b64encode(b"k" * 33), base64.b64encode(b"k" * 32) + b"\n\n", bytes(1 << 20)],
    ids=["empty", "no base64", "33 bytes", "two newlines", "1 MiB"],
)  # fmt: skip
def test_bad_key_file(configured, tmp_path, content):
    code, text = complaints(configured, {"ONBOARDING_DIGEST_KEY_FILE": file_of(tmp_path, "key", content)})
    assert code == EXIT_CONFIG
    assert "ONBOARDING_DIGEST_KEY_FILE" in text
