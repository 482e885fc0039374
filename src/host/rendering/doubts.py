"""Which clicks that stages took are sure: those that the same stages would take at their defaults too.

::

    chain       Declick, sensitivity 10  ->  clicks  ------------------------+--> doubtful: touch no sure one
    original    Declick, sensitivity 5   ->  clicks, its samples unheard  ---+

A stage whose numbers are at their defaults, or whose strength alone is another and little more, needs nobody
beside it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from ...analysis.artifacts.repairs import Repairs
from ...audio.arrays import Audio
from ...contract.parameters.number import Number
from ...contract.stage import Event, Stage
from ...contract.stream import Stream
from ...plugins.declick import Declick
from ...plugins.mouth_click import MouthClick

_KINDS = (
    "click",
    "mouth click",
)  # guard: what strokes are taken for; crackle is too much
_CAREFUL = 1.4  # tuned: bench guard, tuning, 2026-11-30; times its default, as presets ask
_FORCED = 1.0  # source: `Event.confidence` of what an engineer asked for


class Doubts:
    """Listens beside a chain with stages that are careful, and says of each click whether it is sure.

    Parameters
    ----------
    stages
        The stages that run, by whatever names who tells of their events.
    sample_rate, channels
        Of the recording.

    Attributes
    ----------
    repairs
        What is known so far.
    """

    def __init__(self, stages: Mapping[Any, Stage | None], sample_rate: float, channels: int) -> None:
        self._rate, self._channels = sample_rate, channels
        beside = {name: careful_stage(stage) for name, stage in stages.items()}
        self._careful = {name: careful for name, careful in beside.items() if careful is not None}
        self._told: deque[tuple[Hashable, Event]] = deque()
        self._heard = False
        self.repairs = Repairs(sample_rate)
        self._streams: list[Stream] = []

    def begin(self) -> None:
        """Begin the recording; where it was heard to its end before, what was found stays."""
        careful = () if self._heard else self._careful.values()
        self._streams = [stage.stream(self._rate, self._channels) for stage in careful]

    def tell(self, name: Hashable, event: Event) -> None:
        """Learn of an event of a stage; safe beside `hear`, and harmless when told twice."""
        if event.kind in _KINDS:
            self._told.append((name, event))

    def hear(self, original: Audio) -> None:
        """Hear the next samples, shape (channels, n), and take in what was told."""
        self._take_in()
        for stream in self._streams:
            stream.step(original, self._believe)

    def end(self) -> None:
        """End the recording."""
        self._take_in()
        for stream in self._streams:
            stream.flush(self._believe)
        self._streams, self._heard = [], True

    def _take_in(self) -> None:
        while self._told:
            name, event = self._told.popleft()
            if name in self._careful and event.confidence < _FORCED:
                self._each(event, self.repairs.take)
            else:
                self._believe(event)

    def _believe(self, event: Event) -> None:
        if event.kind in _KINDS:
            self._each(event, self.repairs.believe)

    def _each(self, event: Event, told: Callable[[int, int, int], None]) -> None:
        channels = range(self._channels) if event.channel is None else (event.channel,)
        for channel in channels:
            told(channel, event.position, event.position + event.length)


def careful_stage(stage: Stage | None) -> Stage | None:
    """Return the same stage with its numbers at their defaults; None where it is no more daring.

    None, too, of stages that tell of no clicks.
    """
    if not isinstance(stage, Declick | MouthClick):
        return None
    numbers = {name: one for name, one in stage.schema.items() if isinstance(one, Number)}
    values = stage.values()
    daring = [
        name
        for name, one in numbers.items()
        if values[name] != one.default
        and not (one.role == "strength" and values[name] <= _CAREFUL * one.default)
    ]
    if not daring:
        return None
    careful = stage.copy()
    for name, one in numbers.items():
        setattr(careful, name, one.default)
    return careful
