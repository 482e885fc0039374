"""A loaded plugin as `VST3` and its streams see it: in a worker process, or in this one.

::

    Hosted -> Isolated  -> Worker -- wire, shared audio -- worker: Desk -> Instance, Player
           -> InProcess -> Desk -> Instance, Player
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ....audio.arrays import Audio
from ....errors import PluginError
from ...processes.memory import MEMORY_LIMIT_GB
from ...processes.wire import Message
from ..bundle.identity import Identity
from ..loaded.parameter_text import Allowed
from .client import LOAD_SECONDS, Worker

if TYPE_CHECKING:
    from .desk import Desk

Places = Mapping[str, float]
"""Places of parameters, 0 to 1, by Python name."""

_EDITOR_POLL_SECONDS = 0.1  # guard: how late it is seen that an editor is to close


class Transport(Protocol):
    """Where the plugin runs."""

    @property
    def pid(self) -> int:
        """Number of the process."""

    def ask(self, command: str, *arguments: Any, attachment: bytes = b"") -> Message:
        """Have `Desk` run a command."""

    def tell(self, command: str, *arguments: Any, attachment: bytes = b"") -> None:
        """Have `Desk` run a command without waiting for it, where that is possible."""

    def answer(self) -> Message:
        """Wait for what was told; to be called before the next `ask` or `tell`."""

    def show_editor(self, close_event: threading.Event | None) -> None:
        """Show the editor until it is closed or the event is set."""

    def share_audio(self, channels: int, block_size: int) -> None:
        """Make room for blocks."""

    @property
    def played(self) -> int:
        """Blocks that the latest `play` got through, where it failed too."""

    def play(self, blocks: list[Audio]) -> list[Audio]:
        """Process blocks, shape (channels, block size) each."""

    def close(self) -> None:
        """Unload the plugin."""


class Hosted:
    """One plugin; every error begins with its name.

    It loads while others do: what is called first waits for that.

    Parameters
    ----------
    path, name
        Bundle, and plugin in it.
    takes
        Channel counts that the plugin took when it was tried out.
    identifier
        Class id that it must have; None: whichever it has.
    isolated
        Whether it runs in a worker process.
    answer_seconds
        Time an isolated plugin has for each answer.
    memory_limit_gb
        Memory an isolated plugin may have.

    Raises
    ------
    PluginError
        It does not load; `WorkerCrashedError` and `WorkerTimedOutError` in particular. So does every method.
    """

    def __init__(
        self,
        path: str,
        name: str,
        takes: Sequence[int],
        *,
        identifier: str | None = None,
        isolated: bool,
        answer_seconds: float,
        memory_limit_gb: float = MEMORY_LIMIT_GB,
    ) -> None:
        self.name = name
        with self._naming():
            self._transport: Transport = (
                Isolated(answer_seconds, memory_limit_gb) if isolated else InProcess()
            )
        self._wanted = identifier
        self._identity: Identity | None = None
        with self._loading():
            self._transport.tell("load", path, name, list(takes))

    @property
    def pid(self) -> int:
        """Number of the process that it runs in."""
        return self._transport.pid

    @property
    def identity(self) -> Identity:
        """Who it says it is."""
        return self.wait_until_loaded()

    def wait_until_loaded(self) -> Identity:
        """Wait for it; raises what came in the way."""
        if self._identity is None:
            with self._loading():
                identity = Identity(**self._transport.answer().content)
            if self._wanted not in (None, identity.identifier):
                self.close()
                raise PluginError(
                    f"{self.name} is another plugin than it was ({identity.identifier}, not {self._wanted}); "
                    "run `wavemend plugins scan`"
                )
            self._identity = identity
        return self._identity

    def parameters(self) -> list[dict[str, Any]]:
        """Every parameter as plain data; see `Instance.parameters`."""
        return list(self._ask("parameters").content)

    def allowed(self, name: str) -> Allowed:
        """Tell what a parameter allows."""
        told = self._ask("allowed", name).content
        return Allowed(**told | {"words": tuple(told["words"]), "places": tuple(told["places"])})

    def place(self, name: str) -> float:
        """Where a parameter stands, 0 to 1."""
        return float(self._ask("place", name).content)

    def text(self, name: str, place: float | None = None) -> str:
        """Text of a parameter, at a place or where it stands."""
        return str(self._ask("text", name, place).content)

    def texts(self) -> dict[str, str]:
        """Texts of all automatable parameters where they stand."""
        return dict(self._ask("texts").content)

    def place_of(self, name: str, value: float | str | bool) -> float:
        """Where a value lies that `allowed` allows."""
        return float(self._ask("place_of", name, value).content)

    def set_place(self, name: str, place: float) -> None:
        """Move a parameter; while a recording plays, from the next block on."""
        self._ask("set_place", name, place)

    def restore(self, state: bytes | None, places: Places) -> None:
        """Set a state, then the parameters that the state does not keep."""
        self._ask("restore", dict(places), state is not None, attachment=state or b"")

    def state(self) -> bytes:
        """Everything the plugin remembers."""
        return self._ask("state").attachment

    def vstpreset(self) -> bytes:
        """Its state as a ``.vstpreset`` file."""
        return self._ask("vstpreset").attachment

    def set_vstpreset(self, data: bytes) -> None:
        """Take the state from the bytes of a ``.vstpreset`` file."""
        self._ask("set_vstpreset", attachment=data)

    def latency(self, *at: float) -> int:
        """Return the samples of delay it reports in its settings; see `Instance.settled_latency`."""
        return int(self._ask("latency", *at).content)

    def accepts(self, channels: int) -> bool:
        """Whether it takes so many channels."""
        return bool(self._ask("accepts", channels).content)

    def show_editor(self, close_event: threading.Event | None) -> None:
        """Show the editor until it is closed or the event is set."""
        self.wait_until_loaded()
        with self._naming():
            self._transport.show_editor(close_event)

    def prepare(
        self,
        state: bytes,
        places: Places,
        *,
        takes: Sequence[int],
        sample_rate: float,
        channels: int,
        block_size: int,
    ) -> None:
        """Begin to get ready for one recording; `prepared` waits for that. See `Player`."""
        self.wait_until_loaded()
        settings = (dict(places), list(takes), sample_rate, channels, block_size)
        with self._naming():
            self._transport.share_audio(channels, block_size)
            self._transport.tell("prepare", *settings, attachment=state)

    def prepared(self) -> int:
        """Return the samples by which the output will lag, when all is ready that `prepare` began."""
        with self._naming():
            return int(self._transport.answer().content)

    def delays(
        self, state: bytes, places: Places, *, takes: Sequence[int], sample_rate: float
    ) -> tuple[int, int | None]:
        """Return the samples of delay it reports, and has, as `VST3.delays`; it has heard noise then."""
        told = self._ask("delays", dict(places), list(takes), sample_rate, attachment=state)
        reported, measured = told.content
        return int(reported), None if measured is None else int(measured)

    def play(self, blocks: list[Audio]) -> list[Audio]:
        """Process blocks, shape (channels, block size) each, into new arrays."""
        with self._naming():
            return self._transport.play(blocks)

    @property
    def played(self) -> int:
        """Blocks that the latest `play` got through, where it failed too."""
        return self._transport.played

    def close(self) -> None:
        """Unload it."""
        self._transport.close()

    def _ask(self, command: str, *arguments: Any, attachment: bytes = b"") -> Message:
        self.wait_until_loaded()
        with self._naming():
            return self._transport.ask(command, *arguments, attachment=attachment)

    @contextmanager
    def _loading(self) -> Iterator[None]:
        with self._naming():
            try:
                yield
            except PluginError as error:
                self.close()
                raise type(error)(f"{error} while it was loaded") from None
            except BaseException:
                self.close()
                raise

    @contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except PluginError as error:
            raise type(error)(f"{self.name} {error}") from None


class Isolated:
    """A plugin in a worker process; see `Transport`."""

    def __init__(self, answer_seconds: float, memory_limit_gb: float) -> None:
        self._worker = Worker(answer_seconds, memory_limit_gb)

    @property
    def pid(self) -> int:
        """See `Transport.pid`."""
        return self._worker.pid

    def ask(self, command: str, *arguments: Any, attachment: bytes = b"") -> Message:
        """See `Transport.ask`."""
        return self._worker.ask(command, *arguments, attachment=attachment)

    def tell(self, command: str, *arguments: Any, attachment: bytes = b"") -> None:
        """See `Transport.tell`."""
        self._seconds = LOAD_SECONDS if command == "load" else None
        self._worker.tell(command, *arguments, attachment=attachment)

    def answer(self) -> Message:
        """See `Transport.answer`; others may load on the same cores, so the time counts from here on."""
        return self._worker.answer(self._seconds)

    def show_editor(self, close_event: threading.Event | None) -> None:
        """See `Transport.show_editor`; no time-out, for a person sits before it."""
        self._worker.tell("show_editor")
        told_to_close = False
        while not self._worker.answered(_EDITOR_POLL_SECONDS):
            if close_event is not None and close_event.is_set() and not told_to_close:
                self._worker.tell("latency")  # anything it hears closes the editor
                told_to_close = True
        try:
            self._worker.answer()
        finally:
            if told_to_close:
                self._worker.answer()

    def share_audio(self, channels: int, block_size: int) -> None:
        """See `Transport.share_audio`."""
        self._audio = self._worker.share_audio(channels, block_size)
        self._before = 0

    @property
    def played(self) -> int:
        """See `Transport.played`."""
        return self._before + int(self._audio.counts[1])

    def play(self, blocks: list[Audio]) -> list[Audio]:
        """See `Transport.play`."""
        outputs: list[Audio] = []
        most = len(self._audio.to_plugin)
        for self._before in range(0, len(blocks), most):
            part = blocks[self._before : self._before + most]
            for place, block in zip(self._audio.to_plugin, part, strict=False):
                place[:] = block
            self._audio.counts[:] = len(part), 0
            self._worker.play()
            outputs += [place.astype(np.float64) for place in self._audio.from_plugin[: len(part)]]
        return outputs

    def close(self) -> None:
        """See `Transport.close`."""
        self._worker.close()


class InProcess:
    """A plugin in this process, at one's own risk; see `Transport`."""

    def __init__(self) -> None:
        from .desk import Desk  # noqa: PLC0415 - only who wants it here needs pedalboard for it

        self._desk: Desk | None = Desk()
        self.pid = os.getpid()
        self.played = 0

    def ask(self, command: str, *arguments: Any, attachment: bytes = b"") -> Message:
        """See `Transport.ask`."""
        return self._open_desk().run(command, list(arguments), attachment)

    def tell(self, command: str, *arguments: Any, attachment: bytes = b"") -> None:
        """See `Transport.tell`: here it is done at once."""
        self._told = self.ask(command, *arguments, attachment=attachment)

    def answer(self) -> Message:
        """See `Transport.answer`."""
        return self._told

    def show_editor(self, close_event: threading.Event | None) -> None:
        """See `Transport.show_editor`."""
        self._open_desk().show_editor(close_event)

    def share_audio(self, channels: int, block_size: int) -> None:
        """See `Transport.share_audio`: nothing to do here."""

    def play(self, blocks: list[Audio]) -> list[Audio]:
        """See `Transport.play`."""
        desk, outputs = self._open_desk(), []
        for self.played, block in enumerate(blocks):
            outputs.append(desk.play(np.ascontiguousarray(block, np.float32)).astype(np.float64))
        return outputs

    def close(self) -> None:
        """See `Transport.close`."""
        self._desk = None

    def _open_desk(self) -> Desk:
        if self._desk is None:
            raise PluginError("was unloaded")
        return self._desk
