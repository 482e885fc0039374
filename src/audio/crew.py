"""Threads that work on one recording together, never more of them at a time than it may have cores.

Work is written as generators over generators, one a step. `Crew.ahead` has those before it run on a thread of
their own::

    source --> ahead --> step --> ahead --> step --> ahead --> who asks
               thread             thread             thread

Items keep their order, and each step sees all of them on one thread, so that nothing depends on how many
threads there are. Python itself takes turns; what runs at the same time are compiled kernels, and what NumPy
and SciPy do without the interpreter's lock. Who waits sleeps.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Generic, NamedTuple, Self, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

_ON_A_BELT = 2  # guard: memory; one item more than lets a step go on while the next one is at work
_STACK = 1 << 24  # guard: bytes; macOS gives a thread too few to compile kernels in


class Crew:
    """Who works on one recording; use it as a context manager.

    Parameters
    ----------
    size
        How many work at a time, the thread that made the crew included; with 1 it is alone.
    """

    def __init__(self, size: int = 1) -> None:
        self.size = size
        self._cores = threading.Semaphore(size)
        self._stack_before = 0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Have one of the cores, for as long as nothing is waited for."""
        if self.size == 1:
            yield
            return
        with self._cores:
            yield

    def reading(self, items: Iterable[Item]) -> Generator[Item]:
        """Yield items that take work to make."""
        iterator = iter(items)
        while True:
            try:
                with self.at_work():
                    item = next(iterator)
            except StopIteration:
                return
            yield item

    def doing(self, items: Generator[Item], step: Callable[[Item], Made]) -> Generator[Made]:
        """Yield what a step makes of each item."""
        try:
            for item in items:
                with self.at_work():
                    made = step(item)
                yield made
        finally:
            items.close()

    def ahead(self, items: Generator[Item]) -> Generator[Item]:
        """Yield the same items; a thread of their own makes the next ones meanwhile.

        An error comes out where its item would have. However the generator ends, its thread has ended then:
        close it where it is left before its end.
        """
        if self.size == 1:
            yield from items
            return
        belt: Belt[Item] = Belt(_ON_A_BELT)
        thread = threading.Thread(target=belt.carry, args=(items,), name="wavemend step")
        try:
            thread.start()
            yield from belt.items()
        finally:
            belt.stop()
            if thread.ident is not None:  # not so where it could not be started
                thread.join()

    def holding(self, items: Generator[Item]) -> Generator[Item]:
        """Yield the same items; who asks for them has a core while it works on each."""
        with closing(items):
            for item in items:
                with self.at_work():
                    yield item

    @contextmanager
    def behind(self, use: Callable[[Item], object]) -> Iterator[Callable[[Item], object]]:
        """Have items used on a thread of its own, in the order in which they are given to what is yielded.

        All are used when the context ends. An error comes out there, or where the next item is given. Give
        none while you have a core: there may be no room for it before another was used.
        """
        if self.size == 1:
            yield use
            return
        belt: Belt[Item] = Belt(_ON_A_BELT)
        used: Belt[object] = Belt()

        def using() -> Generator[object]:
            try:
                yield from self.doing(belt.items(), use)
            finally:
                belt.stop()  # before who gives more would wait for ever

        def give(item: Item) -> None:
            try:
                belt.put(item)
            except _StoppedError:
                list(used.items())  # says why
                raise

        thread = threading.Thread(target=used.carry, args=(using(),), name="wavemend behind")
        try:
            thread.start()
            yield give
            with suppress(_StoppedError):
                belt.end()
            list(used.items())
        finally:
            belt.stop()
            used.stop()
            if thread.ident is not None:
                thread.join()

    @contextmanager
    def beside(self, work: Callable[[threading.Event], Made]) -> Iterator[Callable[[], Made]]:
        """Have something done meanwhile on a thread of its own; call what is yielded for what it made.

        `work` is given an event, at which it should end soon. An error comes out where the result is asked
        for, once. With one core it is done there. However the context ends, its thread has ended then.
        """
        stop = threading.Event()
        if self.size == 1:
            yield lambda: work(stop)
            return
        belt: Belt[Made] = Belt()
        thread = threading.Thread(
            target=belt.carry, args=((work(stop) for _ in range(1)),), name="wavemend beside"
        )
        try:
            thread.start()
            yield lambda: next(belt.items())
        finally:
            stop.set()
            belt.stop()
            if thread.ident is not None:
                thread.join()

    def __enter__(self) -> Self:
        if self.size > 1:
            self._stack_before = threading.stack_size(_STACK)
        return self

    def __exit__(self, *error: object) -> None:
        if self.size > 1:
            threading.stack_size(self._stack_before)


class _Ended(NamedTuple):
    """No item follows: there are no more, or the error was raised."""

    error: BaseException | None


class _StoppedError(Exception):
    """Nobody asks for items any more; it never leaves this module."""


class Belt(Generic[Item]):
    """Items on their way from one thread to another, in order.

    Parameters
    ----------
    room
        How many it holds before who puts one more has to wait; None: any number.
    """

    def __init__(self, room: int | None = None) -> None:
        self._room = room
        self._held: deque[Item | _Ended] = deque()
        self._changed = threading.Condition()
        self._stopped = False

    def put(self, item: Item) -> None:
        """Lay an item down, when there is room; raises `_StoppedError`."""
        self._put(item)

    def end(self, error: BaseException | None = None) -> None:
        """Say that no item follows, and why; raises `_StoppedError`."""
        self._put(_Ended(error))

    def _put(self, item: Item | _Ended) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopped or self._room is None or len(self._held) < self._room
            )
            if self._stopped:
                raise _StoppedError
            self._held.append(item if isinstance(item, _Ended) else self._lay(item))
            self._changed.notify_all()

    def items(self) -> Generator[Item]:
        """Take each item when it is there; raises what ended them, and `_StoppedError`."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._held)
                if self._stopped:
                    raise _StoppedError
                held = self._held.popleft()
                item = held if isinstance(held, _Ended) else self._fetch(held)
                self._changed.notify_all()
            if isinstance(item, _Ended):
                if item.error:
                    raise item.error
                return
            yield item

    def _lay(self, item: Item) -> Item:
        """Return what is held of an item."""
        return item

    def _fetch(self, held: Item) -> Item:
        """Return the item again."""
        return held

    def carry(self, items: Generator[Item]) -> None:
        """Lay down all items, and what ended them; for a thread, which ends where the belt stops."""
        error = None
        with suppress(_StoppedError):
            try:
                for item in items:
                    self.put(item)
            except _StoppedError:
                raise
            except BaseException as raised:
                error = raised
            finally:
                items.close()
            self.end(error)

    def stop(self) -> None:
        """Wake who waits here; there is nothing to put or take any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
