"""Word of kernels being compiled, which only the first start waits for.

It goes the way that all progress goes, so that it also comes from processes that render for this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from ...kernels.compilation.compilation import watched
from .progress import Progress

_COMPILING = "compiling kernels, once"


@contextmanager
def compilation_told(progress: Progress | None) -> Iterator[Progress | None]:
    """Lend a callback like `progress`, which also hears of every kernel that has to be compiled meanwhile."""
    if progress is None:
        yield None
        return
    done, count = 0.0, 0

    def show(share: float, doing: str) -> None:
        nonlocal done
        done = share
        progress(share, doing)

    def compiling(name: str) -> None:
        nonlocal count
        count += 1
        progress(done, f"{_COMPILING} ({count}: {name.strip('_')})")

    with watched(compiling):
        yield show


class CompilationNotice:
    """One line on a console, at the first word of kernels being compiled."""

    def __init__(self, console: Console) -> None:
        self._console: Console | None = console

    def hear(self, doing: str) -> None:
        """Take what a progress callback is told."""
        if self._console and doing.startswith(_COMPILING):
            self._console.print(
                "preparing: compiling kernels for this machine, once; it takes a minute or more "
                "(wavemend warm-up does it ahead)",
                markup=False,
                highlight=False,
            )
            self._console = None
