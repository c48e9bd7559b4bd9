"""The tools of the fault tests do what they say: the checker sees, the proxies bend."""

import glob
import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.dirname(os.environ.get("ONBOARDING_STACK", ""))
TOOLS = sorted(glob.glob("test_*.py", root_dir=os.path.join(ROOT, "tests", "faults")))


@pytest.mark.parametrize("name", TOOLS)
def test_tool(name):
    script = os.path.join(ROOT, "tests", "faults", name)
    done = subprocess.run(
        [sys.executable, script, FOLDER],
        timeout=180,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
