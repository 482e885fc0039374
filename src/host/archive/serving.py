"""What a worker of a Dask cluster runs: one recording, as a process of the pool does."""

from __future__ import annotations

import pickle
import threading
import time
from typing import Any

from distributed import get_worker
from distributed.core import Status

from .workers import SHOW_SECONDS, use_one_thread

_WATCH_SECONDS = 0.5  # guard: how late it is seen that nobody waits for the work any more

_running: dict[str, threading.Event] = {}


def serve(content: bytes, topic: str, number: int) -> bytes:
    """Do a pickled piece of work on a pickled item; return the result pickled.

    Progress is told as events of `topic`, with `number`. Raises `Cancelled` where it was stopped.
    """
    use_one_thread()
    worker = get_worker()
    key = str(worker.get_current_task())
    cancel, ended = _running.setdefault(key, threading.Event()), threading.Event()
    threading.Thread(target=_watch, args=(worker, key, cancel, ended), daemon=True).start()
    shown = 0.0

    def show(share: float, doing: str) -> None:
        nonlocal shown
        if time.monotonic() - shown >= SHOW_SECONDS:
            shown = time.monotonic()
            worker.log_event(topic, [number, share, doing])

    try:
        work, item = pickle.loads(content)  # noqa: S301 - from our own
        return pickle.dumps(work(item, show, cancel))
    finally:
        ended.set()
        del _running[key]


def stop(keys: list[str]) -> None:
    """Have work end after its current block, or where it has not begun yet as it does."""
    for key in keys:
        _running.setdefault(key, threading.Event()).set()


def _watch(worker: Any, key: str, cancel: threading.Event, ended: threading.Event) -> None:
    """Stop the work where whoever asked for it is gone, or the worker is about to leave."""
    while not ended.wait(_WATCH_SECONDS):
        task = worker.state.tasks.get(key)
        if task is None or task.state == "cancelled" or worker.status not in (Status.running, Status.paused):
            cancel.set()
            return
