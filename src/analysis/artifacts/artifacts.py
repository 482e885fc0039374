"""Artifacts: where a repair itself harmed, found from the recording before and after it alone.

Nothing here knows a clean reference, a stage, or a file: two streams of samples go in, a list comes out.

::

    before, after  ->  windows of 0.5 s  ->  measures of each channel  ->  artifacts, windows joined
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ...audio.arrays import Audio
from ...audio.checks import check_channels, check_rate, next_block
from .bands import band_edges
from .bursts import find_bursts
from .losses import lost_program
from .repairs import Repairs, doubtful_loss, touched_frames, without
from .residue import NOTHING, Residue, measure_residue
from .windows import Window, Windows

Kind = Literal["lost program", "hollow", "lost transient", "musical noise", "pumping"]

# From which value on each measure is an artifact, and from which on it is as bad as can be.
# tuned: bench guard, tuning, 2026-11-30
_LOST_DB = (-11.0, 0.0)
_RISE_DB = (5.0, 25.0)
_FAINT_DB = (-20.5, -5.0)
_DOUBTFUL_DB = (-25.0, -5.0)
_TWITTER = (2.1, 4.0)
_SWING_DB = (20.0, 40.0)
_HOLLOW_SHARE = 1 / 3  # tuned: bench guard, tuning, 2026-11-30; of the bands that are heard
_SMOOTH = 3  # tuned: bench guard, tuning, 2026-11-30; windows over which twitter is a mean
_FIGURES = 3  # guard: of a severity, behind the point


@dataclass(frozen=True)
class Artifact:
    """One place where a repair harmed.

    Attributes
    ----------
    kind
        ``"lost program"``: tones, voice or breath went with what was removed. ``"hollow"``: the same over a
        third of the bands or more. ``"lost transient"``: the beginning of a stroke or consonant went.
        ``"musical noise"``: what is left of the noise twitters. ``"pumping"``: it moves with the program.
    position, length
        Samples.
    channel
        From 0.
    severity
        0 where the measure just passes what is called an artifact, 1 at its end; see docs/guard.md.
    worst
        First sample of the half second with that severity.
    """

    kind: Kind
    position: int
    length: int
    channel: int
    severity: float
    worst: int

    @property
    def stop(self) -> int:
        """The sample behind the last one."""
        return self.position + self.length

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {**vars(self)}


@dataclass(frozen=True)
class _Measured:
    """What one window of one channel says."""

    position: int
    severities: dict[Kind, float]
    residue: Residue


class ArtifactFinder:
    """Finds artifacts while a recording goes by; results never depend on how it is cut into blocks.

    It looks 4 s ahead and back. Memory does not grow with the recording.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Of both signals; each is judged by itself.
    repairs
        What stages told of single repairs, if anybody listened: those of a sample must be in it within 3 s of
        samples from when that one comes. None: all is told by the samples.
    """

    def __init__(self, sample_rate: float, channels: int, repairs: Repairs | None = None) -> None:
        rate = check_rate(sample_rate)
        self._repairs = repairs or Repairs(rate)
        self._channels = check_channels(channels)
        self._windows = Windows(rate, self._channels)
        self._edges = band_edges(rate, self._windows.hop + 1)
        self._held: list[deque[_Measured]] = [deque() for _ in range(self._channels)]
        self._open: dict[tuple[int, Kind], Artifact] = {}
        self._length = 0

    def push(self, before: Audio, after: Audio) -> list[Artifact]:
        """Add the next samples, shape (channels, n) each; return artifacts that ended.

        Raises
        ------
        AudioError
            Not audio of these channels, or not finite.
        """
        before = next_block(before, self._channels, self._length)
        after = next_block(after, self._channels, self._length)
        self._length += before.shape[1]
        return [one for window in self._windows.push(before, after) for one in self._judge(window)]

    def finish(self) -> list[Artifact]:
        """End the recording; return the artifacts that are left."""
        ended = [one for window in self._windows.finish() for one in self._judge(window)]
        for channel, held in enumerate(self._held):
            if held:
                ended += self._add(channel, list(held)[-2:], held[-1])
        ended += self._open.values()
        self._open.clear()
        return _sorted(self._cut(one) for one in ended)

    def _judge(self, window: Window) -> list[Artifact]:
        ended: list[Artifact] = []
        for channel, held in enumerate(self._held):
            held.append(self._measure(window, channel))
            if len(held) > 1:
                ended += self._add(channel, held, held[-2])
            if len(held) == _SMOOTH:
                held.popleft()
        return _sorted(ended)

    def _measure(self, window: Window, channel: int) -> _Measured:
        if np.array_equal(window.before[channel], window.after[channel]):
            return _Measured(window.position, {}, NOTHING)
        doubtful, sure = self._repairs.near(window, channel)
        bursts = find_bursts(window, channel, sure)
        aside = without(bursts.clicks, touched_frames(window, sure))
        lost_db, share = lost_program(window, channel, aside, self._edges)
        took_db, band_db = doubtful_loss(window, channel, doubtful, sure, self._edges)
        residue = measure_residue(window, channel, bursts.impulsive, self._edges)
        severities: dict[Kind, float] = {
            "hollow" if share > _HOLLOW_SHARE else "lost program": _severity(max(lost_db, band_db), _LOST_DB),
            "lost transient": max(
                _severity(bursts.rise_db, _RISE_DB),
                _severity(bursts.faint_db, _FAINT_DB),
                _severity(took_db, _DOUBTFUL_DB),
            ),
            "pumping": _severity(residue.swing_db, _SWING_DB),
        }
        return _Measured(window.position, severities, residue)

    def _add(self, channel: int, near: Iterable[_Measured], one: _Measured) -> list[Artifact]:
        """Join a window to the artifacts that go on; return those that ended before it."""
        severities = dict(one.severities)
        told = [each.residue.twitter for each in near if each.residue.counts]
        severities["musical noise"] = (
            _severity(float(np.mean(told)), _TWITTER) if one.residue.counts else -1.0
        )
        ended = []
        for (at, kind), earlier in list(self._open.items()):
            if at == channel and severities.get(kind, -1.0) < 0:
                ended.append(earlier)
                del self._open[at, kind]
        for kind, severity in severities.items():
            if severity >= 0:
                self._open[channel, kind] = _longer(
                    self._open.get((channel, kind)),
                    Artifact(kind, one.position, self._windows.length, channel, severity, one.position),
                )
        return ended

    def _cut(self, one: Artifact) -> Artifact:
        """Cut the last window to the recording's end."""
        length = min(one.length, self._length - one.position)
        return Artifact(one.kind, one.position, length, one.channel, one.severity, one.worst)


def _severity(value: float, scale: tuple[float, float]) -> float:
    """Return where a value lies from the least (0) to the most (1) of its measure; below 0: no artifact."""
    return round(min((value - scale[0]) / (scale[1] - scale[0]), 1.0), _FIGURES)


def _longer(earlier: Artifact | None, one: Artifact) -> Artifact:
    if earlier is None:
        return one
    worse = one if one.severity > earlier.severity else earlier
    return Artifact(
        one.kind, earlier.position, earlier.length + one.length, one.channel, worse.severity, worse.worst
    )


def _sorted(artifacts: Iterable[Artifact]) -> list[Artifact]:
    return sorted(artifacts, key=lambda one: (one.position, one.channel, one.kind))


def find_artifacts(
    blocks: Iterable[tuple[Audio, Audio]], sample_rate: float, channels: int
) -> Iterator[Artifact]:
    """Yield what a repair harmed, from blocks of the original and of the restored recording.

    Parameters
    ----------
    blocks
        Pairs of the same samples before and after, shape (channels, n) each, of any sizes.
    sample_rate
        Hz.
    channels
        Of both.

    Yields
    ------
    Artifact
        In the order of their ends.
    """
    finder = ArtifactFinder(sample_rate, channels)
    for before, after in blocks:
        yield from finder.push(before, after)
    yield from finder.finish()


def worst_moments(artifacts: Iterable[Artifact], count: int) -> list[Artifact]:
    """Return the worst places, the worst first: no two within the same half seconds."""
    chosen: list[Artifact] = []
    for one in sorted(artifacts, key=lambda one: (-one.severity, one.position, one.channel, one.kind)):
        if all(other.stop <= one.position or other.position >= one.stop for other in chosen):
            chosen.append(one)
        if len(chosen) == count:
            break
    return chosen
