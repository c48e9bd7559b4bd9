"""The tools of the fault tests do what they say: the checker sees, the proxies bend."""

import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.dirname(os.environ.get("ONBOARDING_STACK", ""))


@pytest.mark.parametrize("name", ["test_checker.py", "test_effects_checker.py", "test_otp_checker.py", "test_approval_checker.py", "test_proxies.py"])
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
