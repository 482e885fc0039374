"""One process compiles a kernel, the others wait for its code: each kernel once, not once a worker."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows: every process compiles for itself
    fcntl = None  # type: ignore[assignment]

# guard: a process that fails to compile says nothing of it; others do not wait for its end
_LONGEST_WAIT_S = 60.0
_POLL_S = 0.02  # tuned: against seconds that a kernel takes to compile, by hand, no record


class Turn:
    """The turn to compile one kernel.

    Parameters
    ----------
    path
        A file that is there while somebody has the turn.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """Take the turn; return whether another process had it until now.

        Where it lasts too long, or no file can be locked, nobody waits.
        """
        if fcntl is None or self._file is not None:
            return False
        until = time.monotonic() + _LONGEST_WAIT_S
        waited = False
        with contextlib.suppress(OSError):
            file = self._path.open("ab")
            while time.monotonic() < until:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    waited = True
                    time.sleep(_POLL_S)
                    continue
                except OSError:
                    break
                self._file = file
                return waited
            file.close()
        return waited

    def end(self) -> None:
        """Let others go on; nothing for who has no turn."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self._path.unlink()
        self._file.close()
        self._file = None
