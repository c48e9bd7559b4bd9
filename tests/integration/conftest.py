"""What the integration tests share: the stack that deploy/dev/stack started, and fresh databases."""

import os

import pytest

import analytics_examples
import running
from database import Database, Stack


def pytest_addoption(parser):
    parser.addoption(
        "--without-stack",
        action="store_true",
        help="skip tests that need PostgreSQL or Kafka, instead of failing, where none was started",
    )


def pytest_configure(config):
    """Of several stacks, each of pytest-xdist's processes takes its own: topics are shared by all
    tests of a stack."""
    names = os.environ.get("ONBOARDING_STACK", "").split(":")
    if hasattr(config, "workerinput"):
        number = int(config.workerinput["workerid"].removeprefix("gw"))
        os.environ["ONBOARDING_STACK"] = names[number]


@pytest.fixture(scope="session")
def stack(request):
    """The stack whose env file ONBOARDING_STACK names; nobody else's for as long as we run."""
    env_file = os.environ.get("ONBOARDING_STACK")
    if env_file is None:
        if request.config.getoption("--without-stack"):
            pytest.skip("no stack, and skipping was asked for")
        pytest.fail("ONBOARDING_STACK names no env file of deploy/dev/stack", pytrace=False)
    stack = Stack(env_file)
    running.claim_stack(stack.env["STACK_DIR"])
    return stack


@pytest.fixture
def empty_database(stack, request):
    """A database of the stack's cluster without anything of ours."""
    with Database(stack, request.node.name) as database:
        yield database


@pytest.fixture(scope="module")
def migrated(stack, request):
    """A database with all migrations deployed, shared by a module's tests."""
    with Database(stack, request.module.__name__) as database:
        database.sqitch("deploy", "--verify")
        yield database


@pytest.fixture
def superuser(migrated):
    """A transaction of the superuser on the migrated database; rolled back at the end."""
    with migrated.connect() as connection:
        yield connection
        connection.rollback()


@pytest.fixture(scope="module")
def topics(stack):
    """The running stack as tests/faults knows it, with all topics anew and empty."""
    world = running.Stack(stack.env["STACK_DIR"], own=False)
    world.new_topics(running.FENCE_MS)
    return world


@pytest.fixture
def service(topics, tmp_path):
    """The evaluation with a database and a group of its own; its workers are the test's."""
    made = running.Running(topics, tmp_path / "evaluation")
    yield made
    made.close()


@pytest.fixture(scope="module")
def filled(migrated):
    """The migrated database with rows in every table that a view of analysts reads."""
    with migrated.connect() as connection:
        analytics_examples.fill(connection)
    return migrated


@pytest.fixture
def analyst(filled):
    """A session of the analyst, logged in as such."""
    with filled.connect("analyst", autocommit=True) as connection:
        yield connection
