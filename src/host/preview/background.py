"""What takes long and nobody waits for: one thread, one task at a time, in the order that they came."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ...errors import Cancelled, WavemendError

Work = Callable[[threading.Event], None]
"""A task, which ends soon once its event is set."""


class Background:
    """Does tasks on a thread of its own; a newer one of the same name ends the one before.

    Parameters
    ----------
    failed
        Told what went wrong, in a sentence.
    """

    def __init__(self, failed: Callable[[str], None]) -> None:
        self._failed = failed
        self._changed = threading.Condition()
        self._waiting: dict[str, Work] = {}
        self._running = ""
        self._cancel = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="wavemend background", daemon=True)
        self._thread.start()

    def do(self, name: str, work: Work) -> None:
        """Have a task done, in the place of one of the same name."""
        with self._changed:
            if self._running == name:
                self._cancel.set()
            self._waiting[name] = work
            self._changed.notify()

    def cancel(self, name: str) -> None:
        """End a task."""
        with self._changed:
            self._waiting.pop(name, None)
            if self._running == name:
                self._cancel.set()

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._ended = True
            self._cancel.set()
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._ended:
                    self._changed.wait()
                if self._ended:
                    return
                self._running = next(iter(self._waiting))
                work = self._waiting.pop(self._running)
                self._cancel = cancel = threading.Event()
            try:
                work(cancel)
            except Cancelled:
                pass
            except (WavemendError, ValueError, ArithmeticError, MemoryError, OSError) as error:
                self._failed(str(error))
            finally:
                with self._changed:
                    self._running = ""
