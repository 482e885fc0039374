"""How much work a task is, on whatever machine: the same every time, unlike seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def lines_run(task: Callable[[], object]) -> int:
    """Count the lines of Python that a task takes: what grows with its input, on every machine."""
    count = 0

    def local(frame: Any, event: str, argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return local

    before = sys.gettrace()
    sys.settrace(local)
    try:
        task()
    finally:
        sys.settrace(before)
    return count
