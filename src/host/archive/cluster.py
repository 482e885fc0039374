"""A Dask cluster as the place where recordings are worked on; needs the extra ``wavemend[cluster]``.

::

    this process                       workers: processes that see the same files
    examine     ----- look --------->  versions, processor, folders, presets
    run         ----- recording ---->  work, one at a time, as a process of the pool
                <-- progress, result

Recordings are handed out one by one to workers that were looked at, and not queued on the cluster: so a
worker that dies costs the recording that it had, and one that joins later is looked at first.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self

from distributed import Client, Future, LocalCluster

from ...errors import ClusterError, MixedClusterError, WavemendError
from .executors import Needs
from .handing_out import HandingOut
from .likeness import MACHINE, PROCESSOR, differences, traits
from .sight import Sight, look, questions
from .workers import Item, Result, Show, Work, ignoring_interrupts, use_one_thread

LOCAL = "local"
"""In place of an address: start a cluster on this machine."""

# guard: for how long is waited
_CONNECT_SECONDS = 30.0  # for the scheduler, and for a first worker
_ANSWER_SECONDS = 180.0  # for a worker that is looked at: it loads everything
_LOOK_SECONDS = 0.2  # how late it is seen that nobody waits for its answer any more

_AGAIN = "say the same again, and what is done stays done"


class Cluster:
    """The workers behind a scheduler; use it as a context manager.

    Parameters
    ----------
    scheduler
        Its address (``tcp://head:8786``), or ``"local"``: it is started here, and ended.
    workers
        How many are started with ``"local"``.
    allow_mixed
        Take workers that differ in versions or kind of processor too.
    tell
        Called with a line when a worker is lost, or one that joins later is not fit.

    Raises
    ------
    ClusterError
        It cannot be reached.
    """

    def __init__(
        self,
        scheduler: str,
        *,
        workers: int = 1,
        allow_mixed: bool = False,
        tell: Callable[[str], None] = lambda note: None,
    ) -> None:
        self._scheduler, self._count, self._allow_mixed = scheduler, workers, allow_mixed
        self.tell = tell
        self._sights: dict[str, Sight] = {}
        self._unfit: set[str] = set()
        self._met: dict[str, threading.Thread] = {}
        self._over = threading.Event()  # nobody needs to be met any more
        self._needs = Needs(None, [])
        self._own: Mapping[str, str] = {}

    @property
    def workers(self) -> int:
        """How many there are."""
        return len(self._sights) or len(self._there()) or 1

    def describe(self) -> dict[str, str | int]:
        """Name the scheduler, and the systems and processors of its workers."""
        found = [sight.traits for sight in self._sights.values()]
        named = {name: ", ".join(sorted({one[name] for one in found})) for name in ("system", PROCESSOR)}
        return {**named, "workers": len(found), "scheduler": self._scheduler}

    def examine(self, needs: Needs) -> None:
        """Look at every worker.

        Raises
        ------
        MixedClusterError
            They differ, or from what is installed here, and bytes would.
        ClusterError
            There is none, or one does not answer, or does not see the same files.
        """
        use_one_thread()
        self._needs = needs
        self._own = {name: one for name, one in traits().items() if name not in MACHINE}
        self._own |= needs.recipes()
        with self._telling():
            self._client.wait_for_workers(self._count if self._scheduler == LOCAL else 1, _CONNECT_SECONDS)
        self._unfit.clear()
        self._over.clear()
        self._sights = self._looked_at(self._there())
        self._refuse_mixed(self._sights)
        for address, sight in self._sights.items():
            if sight.problem:
                raise ClusterError(_cannot(address, sight.problem))

    def run(
        self,
        work: Work[Item, Result],
        items: Sequence[Item],
        *,
        lost: Callable[[Item, str], Result],
        on_start: Callable[[Item], Show | None] = lambda item: None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Result]:
        """Do it on the workers; what a lost one had is tried on others, a few times. See `in_workers`.

        Raises
        ------
        ClusterError
            The scheduler is gone, or no worker is left.
        """
        self._over.clear()
        try:
            with self._telling():
                handed_out = HandingOut(self._client, self, work, items, lost=lost, on_start=on_start)
                yield from handed_out.results(cancel or threading.Event())
        finally:
            self._over.set()
            for meeting in [*self._met.values()]:
                meeting.join()

    def fit(self) -> set[str]:
        """Return the addresses of workers that are there and fit; new ones are looked at meanwhile."""
        there = self._there()
        for address in self._sights.keys() - there:
            del self._sights[address]
        self._unfit &= there
        for address in there - self._sights.keys() - self._unfit - self._met.keys():
            self._met[address] = threading.Thread(target=self._meet, args=(address,), daemon=True)
            self._met[address].start()
        return there & self._sights.keys()

    def _meet(self, address: str) -> None:
        """Look at a worker that joined while a run goes on, which does not wait for it."""
        try:
            sights = self._looked_at({address})
            self._refuse_mixed(self._sights | sights)
            if problem := sights[address].problem:
                raise ClusterError(_cannot(address, problem))
            self._sights[address] = sights[address]
        except Exception as error:
            if self._over.is_set():
                return
            self._unfit.add(address)
            if self._client.status == "running":
                self.tell(f"worker {address} joined and is given no work: {error}")
        finally:
            del self._met[address]

    def _there(self) -> set[str]:
        return {*self._known()}

    def _known(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what the scheduler knows of its workers, by their addresses."""
        running = self._client.status == "running"
        known: Mapping[str, Any] = self._client.scheduler_info(n_workers=-1) if running else {}
        if "workers" not in known:
            raise ClusterError(f"{self._scheduler}: the scheduler is gone; {_AGAIN}")
        workers: Mapping[str, Mapping[str, Any]] = known["workers"]
        return workers

    def _looked_at(self, addresses: set[str]) -> dict[str, Sight]:
        known = self._known()
        for address in sorted(addresses & known.keys()):
            if (threads := known[address]["nthreads"]) != 1:
                raise ClusterError(
                    f"worker {address} has {threads} threads, and works on one recording at a time; start "
                    "more workers of one thread: dask worker --nworkers N --nthreads 1"
                )
        with questions(self._needs) as asked:
            futures = {
                address: self._client.submit(
                    look, asked, workers=[address], allow_other_workers=False, pure=False
                )
                for address in sorted(addresses)
            }
            return {address: self._answer(address, future) for address, future in futures.items()}

    def _answer(self, address: str, future: Future[Sight]) -> Sight:
        answered = threading.Event()
        future.add_done_callback(lambda future: answered.set())
        deadline = time.monotonic() + _ANSWER_SECONDS
        try:
            while not answered.wait(_LOOK_SECONDS):
                if time.monotonic() > deadline or self._over.is_set():
                    raise TimeoutError
            sight: Sight = future.result(_CONNECT_SECONDS)
            return sight
        except TimeoutError:
            raise ClusterError(
                f"worker {address} gave no answer in {_ANSWER_SECONDS:.0f} s; is it at other work?"
            ) from None
        except Exception as error:
            raise ClusterError(
                f"worker {address} cannot run wavemend ({type(error).__name__}: {error}); "
                f"pip install 'wavemend[cluster]=={version('wavemend')}' there"
            ) from error
        finally:
            future.release()

    def _refuse_mixed(self, sights: Mapping[str, Sight]) -> None:
        if self._allow_mixed:
            return
        found = {address: sight.traits for address, sight in sights.items()}
        machines = {who: {name: one[name] for name in MACHINE} for who, one in found.items()}
        installed = {
            who: {name: one[name] for name in one if name not in MACHINE} for who, one in found.items()
        }
        unlike = [*differences({"here": self._own, **installed}), *differences(machines)]
        if unlike:
            raise MixedClusterError(
                f"{self._scheduler}: its workers, or this process and they, differ in "
                f"{', '.join(map(str, unlike))}, and so would the bytes; install the same everywhere, leave "
                "workers out, or say --allow-mixed",
                [(one.trait, value, who) for one in unlike for value, who in one.values.items()],
            )

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Raise in one line what the absence of a scheduler makes of a request."""
        try:
            yield
        except WavemendError:
            raise
        except OSError as error:  # time is up, or nobody listens there
            raise ClusterError(
                f"{self._scheduler}: no answer, or no worker there ({str(error) or type(error).__name__}); "
                f"start them (dask scheduler; dask worker ADDRESS --nworkers N --nthreads 1); {_AGAIN}"
            ) from error

    def __enter__(self) -> Self:
        with self._telling(), ExitStack() as stack:
            where: str | LocalCluster = self._scheduler
            if self._scheduler == LOCAL:
                with ignoring_interrupts():  # a terminal tells every process; this one decides
                    where = stack.enter_context(
                        LocalCluster(
                            n_workers=self._count, threads_per_worker=1, host="127.0.0.1", memory_limit=None,
                            dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL,
                        )
                    )  # fmt: skip
            self._client = stack.enter_context(Client(where, timeout=_CONNECT_SECONDS, set_as_default=False))
            self._ends = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()


def _cannot(address: str, problem: str) -> str:
    return f"worker {address} {problem}; all machines need the same files under the same paths"
