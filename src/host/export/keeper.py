"""A warm process that has a copy of itself work, and replaces the copy at once should that be killed.

::

    keeper -----> worker     does the work; dies with its keeper
           -----> standby    waits for the keeper's end, and is the keeper then

An interpreter with everything that stages need takes seconds to start; a fork takes milliseconds, and shares
its memory with the process that it was made from. Who may do what goes by locks that the kernel gives back
when a process ends, however that goes: no two are keepers, or workers, at a time.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import signal
import sys
import time
from typing import NoReturn

from ..processes.lifeline import die_with_the_parent
from .transport import Work

_KEEPER, _WORKER = range(2)  # source: this file; bytes of the file that is locked
_SHORTEST_LIFE_S = 0.2  # guard: for a worker that crashes wherever it is, five a second
_MOST_UNBEGUN = 5  # guard: in a row; then something is wrong that another copy would not mend


def keep_at_work(work: Work) -> NoReturn:
    """Have forks of this process do `work`, one after the other, until one ends by itself; end as it did.

    Should this process be killed, a fork of it does the same from there on: whoever is to end them all ends
    the process group.
    """
    locks = os.memfd_create("keeper")
    begun = mmap.mmap(-1, mmap.PAGESIZE)  # all copies see it
    again = False
    while True:
        _wait_for_turn(locks, _KEEPER)
        _keep(work, locks, begun, again)
        again = True  # the process that comes here is a standby


def _keep(work: Work, locks: int, begun: mmap.mmap, again: bool) -> None:
    """Be the keeper; comes back in each standby."""
    unbegun, since = 0, time.monotonic()
    worker, standby = _worker(work, locks, begun, again), os.fork()
    while standby:
        ended, status = os.wait()
        if ended == standby:
            standby = os.fork()
        if ended != worker:
            continue
        code = os.waitstatus_to_exitcode(status)
        unbegun = 0 if begun[0] else unbegun + 1
        if code >= 0 or unbegun == _MOST_UNBEGUN:
            os.kill(standby, signal.SIGKILL)
            sys.exit(code if code >= 0 else 1)
        time.sleep(max(since + _SHORTEST_LIFE_S - time.monotonic(), 0))
        since = time.monotonic()
        worker = _worker(work, locks, begun, again=True)


def _worker(work: Work, locks: int, begun: mmap.mmap, again: bool) -> int:
    """Fork a worker; return its number."""
    keeper, begun[0] = os.getpid(), 0
    copy = os.fork()
    if copy:
        return copy
    die_with_the_parent()
    if os.getppid() != keeper:  # it went before that
        os._exit(1)
    _wait_for_turn(locks, _WORKER)
    work(again, lambda: begun.__setitem__(0, 1))


def _wait_for_turn(locks: int, role: int) -> None:
    fcntl.lockf(locks, fcntl.LOCK_EX, 1, role)
