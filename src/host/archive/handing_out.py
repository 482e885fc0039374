"""Items handed out to the workers of a Dask cluster, one each; what a lost worker had is tried elsewhere."""

from __future__ import annotations

import pickle
import queue
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol

from distributed import Client, KilledWorker

from ...errors import Cancelled, ClusterError
from .serving import serve, stop
from .workers import CANCEL_SECONDS, STOP_SECONDS, Item, Result, Show, Work

MOST_DEATHS = 3  # guard: workers that one recording may cost a run
_ROUND_SECONDS = 0.5  # guard: how late it is seen that workers came or went
_ALONE_SECONDS = 300.0  # guard: for how long a run waits for a worker when all are gone


class Workers(Protocol):
    """Who may be given work."""

    def fit(self) -> set[str]:
        """Return the addresses of workers that are there now and are fit; looks at those that are new."""

    def tell(self, note: str) -> None:
        """Say something to who watches the run."""


@dataclass
class _Turn(Generic[Item]):
    """An item, how many workers it cost, and where it is worked on now."""

    number: int
    item: Item
    show: Show | None = None
    begun: bool = False
    deaths: int = 0
    future: Any = None


class HandingOut(Generic[Item, Result]):
    """One run over items; see `in_workers` for the arguments."""

    def __init__(
        self,
        client: Client,
        workers: Workers,
        work: Work[Item, Result],
        items: Sequence[Item],
        *,
        lost: Callable[[Item, str], Result],
        on_start: Callable[[Item], Show | None],
    ) -> None:
        self._client, self._workers = client, workers
        self._work, self._lost, self._on_start = work, lost, on_start
        self._waiting = deque(_Turn(number, item) for number, item in enumerate(items))
        self._busy: dict[str, _Turn[Item]] = {}
        self._events: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self._name = f"wavemend-{secrets.token_hex(8)}"
        self._looked, self._last_seen = 0.0, time.monotonic()

    def results(self, cancel: threading.Event) -> Iterator[Result]:
        """Yield results as they come."""
        self._client.subscribe_topic(self._name, lambda event: self._events.put(("progress", *event[1])))
        try:
            while self._waiting or self._busy:
                if cancel.is_set():
                    raise Cancelled("cancelled")
                if time.monotonic() - self._looked >= _ROUND_SECONDS:
                    yield from self._look_round()
                yield from self._take()
        finally:
            if self._client.status == "running":
                self._stop()
                self._client.unsubscribe_topic(self._name)

    def _look_round(self) -> Iterator[Result]:
        """See who is there: hand out to who is idle, take back from who is gone."""
        there = self._workers.fit()
        self._looked = time.monotonic()
        if there:
            self._last_seen = self._looked
        elif self._looked - self._last_seen > _ALONE_SECONDS:
            raise ClusterError(
                f"no worker was left for {_ALONE_SECONDS:.0f} s; start some, and say the same again: what is "
                "done stays done"
            )
        for address in [*self._busy.keys() - there]:
            yield from self._died(address)
        for address in sorted(there - self._busy.keys()):
            self._hand_out(address)

    def _hand_out(self, address: str) -> None:
        if not self._waiting:
            return
        turn = self._waiting.popleft()
        if not turn.begun:
            turn.begun, turn.show = True, self._on_start(turn.item)
        future = turn.future = self._client.submit(
            serve, pickle.dumps((self._work, turn.item)), self._name, turn.number,
            key=f"{self._name}-{turn.number}-{turn.deaths}",
            workers=[address], allow_other_workers=False, pure=False,
        )  # fmt: skip
        self._busy[address] = turn
        future.add_done_callback(lambda future: self._events.put(("ended", address, future)))

    def _take(self) -> Iterator[Result]:
        """Wait for an event, shortly; yield the result where it is one."""
        try:
            kind, *told = self._events.get(timeout=CANCEL_SECONDS)
        except queue.Empty:
            return
        if kind == "progress":
            number, share, doing = told
            show = next((turn.show for turn in self._busy.values() if turn.number == number), None)
            if show:
                show(share, doing)
            return
        address, future = told
        turn = self._busy.get(address)
        if turn is None or turn.future is not future:  # taken back meanwhile
            return
        if future.status == "finished":
            try:
                content = future.result(_ROUND_SECONDS)
            except TimeoutError:  # the worker may have died with it: seen when looking round
                self._events.put(("ended", address, future))
                return
            result: Result = pickle.loads(content)  # noqa: S301 - from our own
        elif future.status == "error" and not isinstance(
            error := future.exception(), KilledWorker | Cancelled
        ):
            result = self._lost(turn.item, f"worker {address}: {type(error).__name__}: {error}")
        else:
            self._workers.fit()  # raises where all are gone with their scheduler
            yield from self._died(address)
            return
        del self._busy[address]
        self._hand_out(address)
        yield result

    def _died(self, address: str) -> Iterator[Result]:
        """Put what a lost worker had at the end, for another one; give up where it cost too many."""
        turn = self._busy.pop(address)
        if turn.future:
            turn.future.cancel()
        turn.deaths += 1
        if turn.deaths >= MOST_DEATHS:
            yield self._lost(
                turn.item,
                f"{MOST_DEATHS} workers were lost while they worked on it, the last {address}; "
                "is there memory enough?",
            )
            return
        self._workers.tell(f"worker {address} was lost; its recording is tried elsewhere")
        self._waiting.append(turn)

    def _stop(self) -> None:
        """End what is worked on: first by asking, then, where that does not help, by waiting no longer."""
        busy = {turn.future: (address, turn) for address, turn in self._busy.items() if turn.future}
        self._busy.clear()
        if not busy:
            return
        self._client.run(
            stop, [future.key for future in busy], workers=[address for address, _ in busy.values()],
            on_error="ignore",
        )  # fmt: skip
        deadline = time.monotonic() + STOP_SECONDS
        while not all(future.done() for future in busy) and time.monotonic() < deadline:
            with suppress(queue.Empty):
                self._events.get(timeout=CANCEL_SECONDS)
        for future, (address, turn) in busy.items():
            if not future.done():
                future.cancel()
                self._lost(turn.item, f"worker {address} did not stop")
