"""A process that has copies of itself work ends as they do, and replaces those that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

pytestmark = pytest.mark.whole

PREPARED = "import os, signal, sys, time\nfrom wavemend.host.export.keeper import keep_at_work\n"
SLEEP = "begun(); print(os.getpid(), os.getppid(), int(again), flush=True); time.sleep(60)"


@contextmanager
def kept(work: str) -> Iterator[subprocess.Popen[bytes]]:
    code = f"{PREPARED}def work(again, begun):\n    {work}\nkeep_at_work(work)"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as keeper:
        try:
            yield keeper
        finally:
            if not empty(keeper.pid):
                os.killpg(keeper.pid, signal.SIGKILL)


def said(keeper: subprocess.Popen[bytes]) -> tuple[int, int, bool]:
    """Wait for a worker: its number, its keeper's, and whether it takes the place of another."""
    assert keeper.stdout is not None
    worker, parent, again = map(int, keeper.stdout.readline().split())
    return worker, parent, bool(again)


def empty(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def until_empty(group: int) -> None:
    ends = time.monotonic() + 5
    while not empty(group):
        assert time.monotonic() < ends, "a process lives on"
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("work", "code"),
    [
        ("begun(); sys.exit(3)", 3),
        ("sys.exit(0)", 0),
        ("sys.exit(7) if again else os.kill(os.getpid(), signal.SIGKILL)", 7),
        ("os.kill(os.getpid(), signal.SIGSEGV)", 1),
    ],
    ids=["ends by itself", "ends well", "killed once", "crashes before it begins"],
)
def test_it_ends_as_the_last_copy_did_and_nothing_lives_on(work: str, code: int) -> None:
    with kept(work) as keeper:
        assert keeper.wait(20) == code
        until_empty(keeper.pid)


def test_whichever_is_killed_the_work_goes_on_at_once() -> None:
    with kept(SLEEP) as keeper:
        worker, parent, again = said(keeper)
        assert parent == keeper.pid
        assert not again
        for turn in range(12):
            before = worker, parent
            begin = time.monotonic()
            os.kill(before[turn % 2], signal.SIGKILL)
            worker, parent, again = said(keeper)
            assert again
            assert time.monotonic() - begin < 1
            assert (parent == before[1]) == (turn % 2 == 0)
            time.sleep(0.05)  # until it has a standby


def test_one_that_crashes_wherever_it_is_takes_little_of_the_machine() -> None:
    with kept("begun(); print(os.getpid(), os.getppid(), 1, flush=True); os.abort()") as keeper:
        begin = time.monotonic()
        for _ in range(6):
            said(keeper)
        assert time.monotonic() - begin > 0.9
