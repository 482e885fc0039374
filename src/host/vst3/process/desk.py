"""The commands one loaded plugin answers, by name: the same in a worker and in the host's own process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from ...processes.wire import Message
from ..loaded.instance import Block, Instance, class_bus_channels, plugin_classes
from ..loaded.player import Player
from ..loaded.true_delay import true_delay

_TRIAL_BLOCK = 512  # tuned: by hand, no record; samples at once while a delay is measured


class Desk:
    """One plugin at a time, first at rest, then (after ``prepare``) playing a recording."""

    def __init__(self) -> None:
        self._player: Player | None = None
        self._commands: dict[str, Callable[..., Any]] = {
            "classes": lambda path: [asdict(identity) for identity in plugin_classes(path)],
            "bus_channels": class_bus_channels,
            "load": self._load,
            "restore": self._restore,
            "prepare": self._prepare,
            "delays": self._delays,
            "allowed": lambda name: asdict(self._instance.allowed(name)),
            "latency": self._latency,
            "state": lambda: Message(None, self._instance.state()),
            "vstpreset": lambda: Message(None, self._instance.vstpreset()),
            "set_vstpreset": lambda: self._instance.set_vstpreset(self._attachment),
            "set_place": self._set_place,
        }
        # These the instance answers as they are.
        for name in ("parameters", "place", "text", "texts", "place_of", "accepts", "stays_finite"):
            self._commands[name] = lambda *rest, name=name: getattr(self._instance, name)(*rest)

    def run(self, command: str, arguments: list[Any], attachment: bytes) -> Message:
        """Run a command; errors as `Instance` and `Player`."""
        self._attachment = attachment
        result = self._commands[command](*arguments)
        return result if isinstance(result, Message) else Message(result)

    def show_editor(self, close_event: Any) -> None:
        """Show the editor until it is closed or ``close_event.is_set()``."""
        self._instance.show_editor(close_event)

    def play(self, block: Block) -> Block:
        """Process one block; see `Player.process`."""
        assert self._player is not None  # noqa: S101 - the host prepares first
        return self._player.process(block)

    def _load(self, path: str, name: str, takes: Sequence[int] = ()) -> dict[str, Any]:
        self._path, self._name = path, name
        self._instance = Instance(path, name, takes)
        return asdict(self._instance.identity())

    def _latency(self, *at: Any) -> int:
        return self._instance.settled_latency(*at)

    def _set_place(self, name: str, place: float) -> None:
        (self._player or self._instance).set_place(name, place)

    def _restore(self, places: dict[str, float], has_state: bool) -> None:
        if has_state:
            self._instance.settle()
            self._instance.set_state(self._attachment)
            self._instance.settle()
        self._instance.move_to(places)

    def _delays(
        self, places: dict[str, float], takes: list[int], sample_rate: float
    ) -> tuple[int, int | None]:
        """Return the delay that the instance reports, and that it has."""
        channels = max(takes)
        player = Player(lambda: self._instance, takes, sample_rate, channels, _TRIAL_BLOCK)
        player.restore(self._attachment, places)
        reported = player.latency
        return reported, true_delay(player.process, channels, _TRIAL_BLOCK, sample_rate, reported)

    def _prepare(
        self,
        places: dict[str, float],
        takes: list[int],
        sample_rate: float,
        channels: int,
        block_size: int,
    ) -> int:
        state = self._attachment
        spare = [self._instance]

        def new_instance() -> Instance:
            instance = spare.pop() if spare else Instance(self._path, self._name, takes)
            instance.hear_nothing_yet()
            return instance

        self._player = Player(new_instance, takes, sample_rate, channels, block_size)
        self._player.restore(state, places)
        return self._player.latency
