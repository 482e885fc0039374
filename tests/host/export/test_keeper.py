"""A process that has copies of itself work ends as they do, and replaces those that are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.whole

PREPARED = "import os, signal, sys, time\nfrom wavemend.host.export.keeper import keep_at_work\n"


def kept(work: str) -> subprocess.Popen[bytes]:
    code = f"{PREPARED}def work(again):\n    {work}\nkeep_at_work(work)"
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)


@pytest.mark.parametrize(
    ("work", "code"),
    [
        ("sys.exit(3)", 3),
        ("sys.exit(7) if again else os.kill(os.getpid(), signal.SIGKILL)", 7),
        ("os.kill(os.getpid(), signal.SIGSEGV)", 1),
    ],
    ids=["ends by itself", "killed once", "crashes always"],
)
def test_it_ends_as_the_last_copy_did(work: str, code: int) -> None:
    with kept(work) as keeper:
        assert keeper.wait(20) == code


def test_no_copy_outlives_it() -> None:
    with kept("print(os.getpid(), flush=True); time.sleep(60)") as keeper:
        assert keeper.stdout is not None
        copy = int(keeper.stdout.readline())
        keeper.send_signal(signal.SIGKILL)
        keeper.wait(5)
        state = Path(f"/proc/{copy}/stat")
        for _ in range(200):
            if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
                return
            time.sleep(0.01)
    raise AssertionError("the copy lives on")
