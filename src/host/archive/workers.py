"""Work spread over processes: one that dies costs the item it had, and all of them end with this one.

Workers are spawned, never forked: a fork would copy locks of numba, ONNX and JUCE in whatever state they are.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeAlias, TypeVar

from ...errors import Cancelled

Show = Callable[[float, str], None]
Item = TypeVar("Item")
Result = TypeVar("Result")
Work: TypeAlias = Callable[[Item, Show | None, threading.Event], Result]

_THREADS = ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMBA")
# guard: how late Ctrl-C, progress and a worker that will not end are seen to
CANCEL_SECONDS, SHOW_SECONDS, STOP_SECONDS = 0.1, 0.1, 10.0


def use_one_thread() -> None:
    """Have linear algebra run on one thread: here, where NumPy is not loaded yet, and in processes to come.

    Several processes would else run as many threads each as there are cores, and sums in another order.
    """
    for library in _THREADS:
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    os.environ.setdefault("VECLIB_MAXIMUM_THREADS", "1")


def in_workers(
    work: Work[Item, Result],
    items: Sequence[Item],
    count: int,
    *,
    lost: Callable[[Item, str], Result],
    on_start: Callable[[Item], Show | None] = lambda item: None,
    cancel: threading.Event | None = None,
) -> Iterator[Result]:
    """Do `work` on every item in `count` processes; yield results as they come.

    Parameters
    ----------
    work
        Picklable. Takes an item, a callback for progress, and an event to stop at, where it raises
        `Cancelled`.
    items
        Picklable too, as results must be.
    lost
        Makes the result of an item whose process died; it is told how.
    on_start
        Called here when an item is handed out; returns what to call with its progress.
    cancel
        Set it to stop; `Cancelled` is raised when every process has ended.
    """
    use_one_thread()
    pool = _Pool(work, items, lost, on_start)
    try:
        pool.start(count)
        while pool.busy:
            yield from pool.results(CANCEL_SECONDS if cancel else None)
            if cancel and cancel.is_set():
                raise Cancelled("cancelled")
    finally:
        pool.stop()


@dataclass
class _Worker(Generic[Item]):
    process: BaseProcess
    item: Item
    show: Show | None


class _Pool(Generic[Item, Result]):
    """The processes of one `in_workers` call, each with the item that it works on."""

    def __init__(
        self,
        work: Work[Item, Result],
        items: Sequence[Item],
        lost: Callable[[Item, str], Result],
        on_start: Callable[[Item], Show | None],
    ) -> None:
        self._work = work
        self._waiting = deque(items)
        self._lost = lost
        self._on_start = on_start
        self.busy: dict[Connection, _Worker[Item]] = {}
        self._leaving: list[BaseProcess] = []

    def start(self, count: int) -> None:
        """Start so many processes, fewer where fewer items wait, and hand an item to each."""
        context = multiprocessing.get_context("spawn")
        for _ in range(min(count, len(self._waiting))):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, self._work))
            with ignoring_interrupts():
                process.start()
            theirs.close()  # so that ours ends when the process does
            self._hand_out(ours, process)

    def _hand_out(self, connection: Connection, process: BaseProcess) -> None:
        item = self._waiting.popleft()
        self.busy[connection] = _Worker(process, item, self._on_start(item))
        with contextlib.suppress(OSError):  # dead already: found out when it is listened to
            connection.send(item)

    def results(self, seconds: float | None) -> Iterator[Result]:
        """Wait for messages, at most so long; yield results among them."""
        for connection in wait([*self.busy], seconds):
            assert isinstance(connection, Connection)  # noqa: S101 - `wait` takes sockets and numbers too
            worker = self.busy[connection]
            try:
                kind, *content = connection.recv()
            except (EOFError, OSError):
                yield self._replace(connection)
                continue
            if kind == "progress":
                if worker.show:
                    worker.show(*content)
                continue
            if self._waiting:
                self._hand_out(connection, worker.process)
            else:
                self._leaving.append(self._dismiss(connection).process)
            yield content[0]

    def _dismiss(self, connection: Connection) -> _Worker[Item]:
        connection.close()
        return self.busy.pop(connection)

    def _replace(self, connection: Connection) -> Result:
        """Start another process for one that died; return what became of its item."""
        worker = self._dismiss(connection)
        worker.process.join()
        self.start(1)
        return self._lost(worker.item, _how_it_ended(worker.process.exitcode))

    def stop(self) -> None:
        """End every process: first by closing its pipe, then, where it does not come to an end, at once."""
        workers = [self._dismiss(connection) for connection in list(self.busy)]
        deadline = time.monotonic() + STOP_SECONDS
        for process in (*self._leaving, *(worker.process for worker in workers)):
            process.join(max(deadline - time.monotonic(), 0.0))
            if process.exitcode is None:
                process.kill()
                process.join()
        for worker in workers:
            if worker.process.exitcode:
                self._lost(worker.item, "was stopped")


def _serve(connection: Connection, work: Work[Any, Any]) -> None:
    """Run a worker: take items and give results until the pipe is closed."""
    cancel = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells every process; the first one decides
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: cancel.set())
    inbox: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, inbox, cancel), daemon=True).start()
    shown = 0.0

    def show(share: float, doing: str) -> None:
        nonlocal shown
        if time.monotonic() - shown >= SHOW_SECONDS:
            shown = time.monotonic()
            connection.send(("progress", share, doing))

    with contextlib.suppress(Cancelled, BrokenPipeError, ConnectionResetError):
        while (message := inbox.get()) is not None:
            (item,) = message
            connection.send(("result", work(item, show, cancel)))


def _listen(connection: Connection, inbox: queue.SimpleQueue[Any], cancel: threading.Event) -> None:
    """Pass items on; stop the work where the pipe is closed, which it also is when the first process dies."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            inbox.put((connection.recv(),))
    cancel.set()
    inbox.put(None)


@contextlib.contextmanager
def ignoring_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C for as long as a process starts, which then ignores it from its first instant on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _how_it_ended(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in {*signal.Signals} else f"signal {-code}"
        memory = "; is there memory enough for so many --jobs?" if name == "SIGKILL" else ""
        return f"the process that worked on it was ended by {name}{memory}"
    return f"the process that worked on it ended with exit code {code}"
