"""The stage under test, and the few ways in which every part of the contract runs it."""

# ruff: noqa: S101

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies

from ..audio.arrays import Audio
from ..contract.findings import Findings
from ..contract.stage import Event, Stage, Stream
from . import signals

RATE = signals.RATE

BLOCK_SIZES = (64, 65, 441, 8192, 8193)  # source: pedalboard's own tests, and 10 ms of a CD


class Take(NamedTuple):
    """What a stream made of one recording."""

    audio: Audio
    removed: Audio
    events: list[Event]


class SurfaceSubject:
    """Makes what is under test: a stage, a chain, or a hosted plugin."""

    def make(self) -> Any:
        """Make a new one."""
        raise NotImplementedError

    def take(self, samples: int = 9_000, seed: int = 1) -> Audio:
        """Return a damaged stereo recording."""
        return recording(RATE, 2, samples, seed)

    def ready(self, audio: Audio) -> Any:
        """Make one that may run live."""
        return self.make()


class Subject(SurfaceSubject):
    """Base of the contract's parts: makes the stage and runs it."""

    stage_class: type[Stage]

    def make(self, **values: Any) -> Stage:
        """Make a new stage."""
        return self.stage_class(**values)

    def take(self, samples: int = 9_000, seed: int = 1, latencies: int = 1) -> Audio:
        """Return a damaged stereo recording, longer than `samples` by so many times the stage's latency.

        Over a recording that ends before the first sample comes out, a running stream proves nothing.
        """
        return recording(RATE, 2, samples + latencies * self.make().latency(RATE), seed)

    def examples(self) -> int:
        """Return how many draws a property is tried on: fewer where the latency makes every run long."""
        return max(round(20 / (1 + self.make().latency(RATE) / RATE)), 3)

    def findings(self, stage: Stage, audio: Audio, sample_rate: float = RATE) -> Findings | None:
        """Return the findings of `audio`, shape (channels, n), or None for a stage that needs none."""
        if not stage.needs_findings:
            return None
        analyser = stage.analyser(sample_rate, audio.shape[0])
        analyser.push(audio)
        found = analyser.result()
        assert isinstance(found, Findings)
        return found

    def ready(self, audio: Audio, sample_rate: float = RATE, **values: Any) -> Stage:
        """Make a stage that may run live: its findings are fixed where it needs any."""
        stage = self.make(**values)
        stage.findings = self.findings(stage, audio, sample_rate)
        return stage

    def variants(self) -> Iterator[dict[str, Any]]:
        """Yield settings that move one parameter to each of its ends or options, then all at once."""
        ends = {name: values_at_ends(p) for name, p in self.make().parameters.items()}
        for name, values in ends.items():
            yield from ({name: value} for value in values)
        if ends:
            yield {name: values[0] for name, values in ends.items()}
            yield {name: values[-1] for name, values in ends.items()}


def values_at_ends(parameter: Any) -> list[Any]:
    """Every word of a choice, both states of a switch, both ends of a number, no file for a fingerprint."""
    if parameter.type is str:
        return list(parameter.valid_values)
    return [parameter.min_value, parameter.max_value]


def blocks(audio: Audio, sizes: Iterable[int]) -> Iterator[Audio]:
    """Cut `audio`, shape (channels, n), into blocks of these sizes; the rest is the last one."""
    start = 0
    for size in sizes:
        yield audio[:, start : start + size]
        start += size
    yield audio[:, start:]


def even(size: int, samples: int) -> list[int]:
    """Sizes that cut `samples` evenly."""
    return [size] * (samples // size)


def run(stream: Stream, parts: Iterable[Audio]) -> Take:
    """Feed every part and flush; check on the way that no more than the latency is held back."""
    events: list[Event] = []
    outputs, removed = [], []
    fed = given = 0
    for part in parts:
        out = stream.step(part, events.append)
        fed += part.shape[1]
        given += out.shape[1]
        assert given <= fed, "more samples came out than went in"
        assert fed - given <= stream.latency, f"{fed - given} samples held back, {stream.latency} reported"
        outputs.append(out)
        removed.append(stream.removed())
    out = stream.flush(events.append)
    assert given + out.shape[1] == fed, "the output is not as long as the input"
    return Take(np.concatenate([*outputs, out], 1), np.concatenate([*removed, stream.removed()], 1), events)


def same(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    """Whether two arrays are the same bits: shape, dtype, and the sign of zero too."""
    return one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()


def partitions(samples: int) -> strategies.SearchStrategy[list[int]]:
    """Draw ways to cut `samples`: few or many blocks, empty ones too."""
    cuts = strategies.lists(strategies.integers(0, samples), max_size=24)
    return cuts.map(lambda places: np.diff([0, *sorted(places)]).tolist())


@cache
def recording(sample_rate: float = RATE, channels: int = 2, samples: int = 20_000, seed: int = 1) -> Audio:
    """Return `signals.damaged`, made once and write-protected."""
    audio = signals.damaged(sample_rate, channels, samples, seed)
    audio.setflags(write=False)
    return audio


def whole(stage: Stage, audio: Audio, sizes: Sequence[int] = (), sample_rate: float = RATE) -> Take:
    """Stream `audio` through `stage`, whose findings are fixed, cut by `sizes`."""
    return run(stage.stream(sample_rate, audio.shape[0]), blocks(audio, sizes))
