"""The command line, counting its steps on the disk, and killing its process group at one of them.

``python -m tests.fuzz.killed ...`` is ``wavemend ...``. Worker processes import this module too, and count
their own steps.
"""

from __future__ import annotations

import atexit
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

KILL_AT, COUNT_INTO = "WAVEMEND_FUZZ_KILL_AT", "WAVEMEND_FUZZ_COUNT_INTO"
"""Environment: the step to be killed at, and the file that takes the number of all steps."""

_STEPS = ("link", "rename", "replace", "unlink", "fsync")
_kill_at = int(os.environ.get(KILL_AT, "0"))
_done = 0


def _count() -> None:
    global _done  # noqa: PLW0603 - of this process
    _done += 1
    if _done == _kill_at:
        os.killpg(os.getpgrp(), signal.SIGKILL)


def _counted(step: Callable[..., Any]) -> Callable[..., Any]:
    """Count a step twice: before it, and when it is done."""

    def call(*arguments: Any, **options: Any) -> Any:
        _count()
        result = step(*arguments, **options)
        _count()
        return result

    return call


for _name in _STEPS:
    setattr(os, _name, _counted(getattr(os, _name)))

if __name__ == "__main__":
    if COUNT_INTO in os.environ:
        atexit.register(lambda: Path(os.environ[COUNT_INTO]).write_text(str(_done), encoding="ascii"))

    from wavemend.host.cli.main import main

    main()
