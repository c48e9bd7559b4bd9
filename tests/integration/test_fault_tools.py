"""The tools of the fault tests do what they say: the checker sees, the proxies bend, all of it ends."""

import glob
import os
import subprocess
import sys

import pytest
from confluent_kafka.admin import ConfigResource

import running

FAULTS = os.path.join(running.ROOT, "tests", "faults")
TOOLS = sorted(glob.glob("test_*.py", root_dir=FAULTS))


@pytest.fixture(scope="module")
def world(stack):
    return running.Stack(stack.env["STACK_DIR"], own=False)


def fences(world):
    """How old a record may be, by topic."""
    names = [name for name in world.admin.list_topics(timeout=20).topics if not name.startswith("__")]
    asked = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
    told = world.admin.describe_configs(asked) if asked else {}
    return {r.name: f.result(20)["message.timestamp.before.max.ms"].value for r, f in told.items()}


@pytest.mark.parametrize("name", TOOLS)
def test_tool(world, name):
    before = fences(world)
    done = subprocess.run(
        [sys.executable, os.path.join(FAULTS, name), world.folder],
        timeout=300,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert fences(world).items() <= before.items()
