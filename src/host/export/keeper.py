"""A warm process that has a copy of itself work, and replaces the copy at once should that be killed.

An interpreter with everything that stages need takes seconds to start; a fork takes milliseconds, and shares
its memory with the process that it was made from.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import NoReturn

from ..processes.lifeline import die_with_the_parent

_SHORT_LIFE_S = 1.0  # guard: who dies within it has hardly begun
_MOST_SHORT_LIVES = 5  # guard: in a row; then something is wrong that another copy would not mend


def keep_at_work(work: Callable[[bool], NoReturn]) -> NoReturn:
    """Have forks of this process do `work`, one after the other, until one ends by itself; end as it did.

    Parameters
    ----------
    work
        Called in the fork with whether it takes the place of one that was killed.
    """
    again, short_lives = False, 0
    while short_lives < _MOST_SHORT_LIVES:
        begun = time.monotonic()
        copy = os.fork()
        if not copy:
            _be_the_copy(work, again)
        code = os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])
        if code >= 0:
            sys.exit(code)
        short_lives = short_lives + 1 if time.monotonic() - begun < _SHORT_LIFE_S else 0
        again = True
    sys.exit(1)


def _be_the_copy(work: Callable[[bool], NoReturn], again: bool) -> NoReturn:
    keeper = os.getppid()
    die_with_the_parent()
    if os.getppid() != keeper:  # it went before that
        os._exit(1)
    work(again)
