"""How the noise floor shifts along a recording: a noise print for each part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from typing import Annotated, Any, NamedTuple

import numpy as np

from ...audio.arrays import Array, Audio, Mask
from ...contract.constraints import CHANNELS, SHARE, Ascending, Axis, Each, EndsOf, Range
from ...contract.findings import Analyser, Findings
from .courses import BANDS, COURSE_DB, KNOTS, LONGEST_S, ROWS, NoiseCourse
from .floor import MOST_LEVEL, decibels
from .noise_print import (
    DENSITY_DBFS_HZ,
    NO_NOISE,
    POINTS,
    NoiseBlocks,
    NoiseListener,
    NoisePrint,
    NoisePrintAnalyser,
)
from .turns import Turning, TurnListener

# tuned: by hand with bench program_finder, 2026-11-21; the split is not recorded
WINDOW_SECONDS = 30.0
"""Length of the stretches that get a print of their own."""

# tuned: by hand with bench program_finder, 2026-11-21; the split is not recorded
FADE_SECONDS = 30.0
"""Longest cross-fade between prints."""

# tuned: by hand with bench program_finder, 2026-11-21; the split is not recorded
_MAX_SEGMENTS = 32  # guard: memory is bounded
_AGREE_DB = 1.5


_SEGMENTS, _TIME_S = Axis("segments", 1, _MAX_SEGMENTS), Range(0.0, LONGEST_S)


def _none() -> Array:
    return np.empty(0)


def _no_rows() -> Array:
    return np.empty((1, 0))


@dataclass(frozen=True, eq=False)
class NoiseSegments(Findings):
    """Noise prints along a recording: one where its noise is steady, several where it shifts or drifts.

    Attributes
    ----------
    start_s, end_s
        Parts of the recording, in seconds, shape (segments,): they follow each other without a gap.
    frequency_hz
        Ascending, the same for all prints, shape (points,); no points where no noise was found.
    density_dbfs_hz
        Power spectral density, shape (segments, channels, points); see `NoisePrint`.
    print_confidence
        Of each print, 0 to 1, shape (segments,).
    pauses_s
        Seconds of pauses that each print was heard in, shape (segments,); 0 where it is the floor under a
        program that never pauses.
    confidence
        The least of them; 0 where no noise was found.
    course_hz, course_db, course_s, course_row
        How all prints move along the recording, where they do: see `NoiseCourse`.
    """

    start_s: Annotated[Array, Each(_SEGMENTS), _TIME_S]
    end_s: Annotated[Array, Each(_SEGMENTS), _TIME_S, EndsOf("start_s")]
    frequency_hz: Annotated[Array, Each(POINTS), Range(0.0), Ascending()]
    density_dbfs_hz: Annotated[Array, Each(_SEGMENTS, CHANNELS, POINTS), DENSITY_DBFS_HZ]
    print_confidence: Annotated[Array, Each(_SEGMENTS), SHARE]
    pauses_s: Annotated[Array, Each(_SEGMENTS), _TIME_S]
    confidence: Annotated[float, SHARE]
    course_hz: Annotated[Array, Each(BANDS), Range(0.0), Ascending()] = field(default_factory=_none)
    course_db: Annotated[Array, Each(ROWS, BANDS), COURSE_DB] = field(default_factory=_no_rows)
    course_s: Annotated[Array, Each(KNOTS), _TIME_S, Ascending()] = field(default_factory=_none)
    course_row: Annotated[Array, Each(KNOTS), _TIME_S] = field(default_factory=_none)

    @classmethod
    def of(cls, noise_print: NoisePrint, end_s: float = 0.0) -> NoiseSegments:
        """Return what holds one print for a whole recording, `end_s` seconds long if that is known."""
        return cls(
            start_s=np.zeros(1),
            end_s=np.array([round(end_s, 3)]),
            frequency_hz=noise_print.frequency_hz,
            density_dbfs_hz=noise_print.density_dbfs_hz[np.newaxis],
            print_confidence=np.array([noise_print.confidence]),
            pauses_s=np.array([_seconds(noise_print)]),
            confidence=noise_print.confidence,
        )

    @classmethod
    def turning(cls, noise: Turning, still: NoisePrint, frequency_hz: Array, end_s: float) -> NoiseSegments:
        """Return what holds the print of noise that turns, for a recording of `end_s` seconds.

        Where it does not turn it is what the recording's one print says, if that is more and may be.
        """
        density = decibels(noise.density)
        if still.found:
            density = np.maximum(density, np.minimum(still.density_dbfs_hz, decibels(noise.most)))
        density = np.clip(density, NO_NOISE, MOST_LEVEL)
        return cls(
            start_s=np.zeros(1),
            end_s=np.array([round(end_s, 3)]),
            frequency_hz=frequency_hz,
            density_dbfs_hz=np.round(density, 2)[np.newaxis],
            print_confidence=np.array([noise.confidence]),
            pauses_s=np.zeros(1),
            confidence=noise.confidence,
            course_hz=noise.course.hz,
            course_db=noise.course.db,
            course_s=noise.course.s,
            course_row=noise.course.row,
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> NoiseSegments:
        """See `Findings.from_json`; reads a `NoisePrint` too, which serves a whole recording."""
        if isinstance(data, Mapping) and set(data) == {field.name for field in fields(NoisePrint)}:
            return cls.of(NoisePrint.from_json(data))
        steady: dict[str, Any] = {"course_hz": [], "course_db": [[]], "course_s": [], "course_row": []}
        if isinstance(data, Mapping) and not set(data) & set(steady):  # from before prints moved
            data = {**data, **steady}
        return super().from_json(data)

    @property
    def found(self) -> bool:
        """Whether there is steady noise anywhere."""
        return bool((self.density_dbfs_hz > NO_NOISE).any())

    @property
    def shifts(self) -> bool:
        """Whether one print does not serve the whole recording."""
        return self.start_s.size > 1

    @property
    def course(self) -> NoiseCourse:
        """How all prints move along the recording."""
        return NoiseCourse(self.course_hz, self.course_db, self.course_s, self.course_row)

    def print_of(self, segment: int) -> NoisePrint:
        """Return the print of a segment."""
        none, density = np.empty(0), self.density_dbfs_hz[segment]
        sure = float(self.print_confidence[segment])
        return NoisePrint(self.frequency_hz, density, density, none, none, sure)

    def place(self, time_s: Array) -> Array:
        """Return which print holds at a time: 2.25 is a quarter of the way from print 2 to print 3.

        Neighbours fade into each other around their boundary, as far as the middle of either, and over
        30 s at most: a drift becomes a line, a step stays within a window.
        """
        boundary, length = self.start_s[1:], self.end_s - self.start_s
        fades = np.minimum(length / 2, FADE_SECONDS / 2)
        bends_s = np.stack([boundary - fades[:-1], boundary + fades[1:]], axis=1).ravel()
        prints = np.arange(self.start_s.size, dtype=np.float64)
        return (
            np.interp(time_s, bends_s, np.repeat(prints, 2)[1:-1]) if bends_s.size else np.zeros_like(time_s)
        )

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.found:
            return "no steady noise"
        prints = [self.print_of(s) for s in range(self.start_s.size)]
        levels = [float(p.level_dbfs_a[p.noisy].max(initial=NO_NOISE)) for p in prints]
        if not self.shifts:
            heard = float(self.pauses_s[0])
            where = f"heard in {heard:.1f} s of pauses" if heard else "under the program"
            if turn_s := self.course.turn_s:
                return (
                    f"noise turns {60 / turn_s:.1f} times a minute, at {levels[0]:.0f} dBFS (A) on average, "
                    f"confidence {self.confidence:.1f}"
                )
            moves = f"turned down by up to {-self.course_db.min():.0f} dB" if self.course.moves else "steady"
            return f"noise {moves} at {levels[0]:.0f} dBFS (A), {where}, confidence {self.confidence:.1f}"
        parts = ", ".join(
            f"{level:.0f} from {start:.0f} s" for level, start in zip(levels, self.start_s, strict=True)
        )
        return f"noise shifts, dBFS (A): {parts}, confidence {self.confidence:.1f}"


def _seconds(noise_print: NoisePrint) -> float:
    return round(float(np.sum(noise_print.end_s - noise_print.start_s)), 3)


class _Part(NamedTuple):
    """A stretch with one noise: its power density, the bands that was heard in, how long, in what pauses."""

    start_s: float
    end_s: float
    power: Array
    shown: Mask
    confidence: float
    heard_s: float
    pauses_s: float

    def carried_on(self, before: _Part) -> _Part:
        """Return the part with the noise of the one before in channels in which it has none."""
        none = ~self.shown.any(axis=1, keepdims=True)
        return self._replace(
            power=np.where(none, before.power, self.power), shown=np.where(none, before.shown, self.shown)
        )


class NoiseSegmentsAnalyser(Analyser[NoiseSegments]):
    """Take a noise print of each 30 s, and join neighbours that agree in most third octaves.

    Where a window, or a channel in it, has no print, the one before goes on. At most 32 parts are kept:
    beyond that the two neighbours most alike become one. Where all windows agree, the recording's one print
    is the finding: what `NoisePrintAnalyser` finds.
    """

    stands_for = (NoisePrintAnalyser,)

    def __init__(self, sample_rate: float, channels: int) -> None:
        self._noise = NoiseBlocks(sample_rate, channels)
        super().__init__(sample_rate, channels, hop=self._noise.length)
        self._blocks_a_window = max(round(WINDOW_SECONDS * sample_rate / self._noise.length), 1)
        self._whole = NoiseListener(self._noise, channels, uneven=True)
        self._window = NoiseListener(self._noise, channels, uneven=False)
        self._turns = TurnListener(
            channels,
            self._noise.frequency_hz,
            self._noise.bands,
            self._noise.hop / sample_rate,
            self._noise.scale,
        )
        self._parts: list[_Part] = []
        self._windows_found = 0

    def _frame(self, frame: Audio) -> None:
        heard = self._noise.hear(frame)
        self._turns.hear(self._noise.spectra)
        self._whole.hear(*heard)
        self._window.hear(*heard)
        if self._noise.count % self._blocks_a_window == 0:
            self._end_window(self._noise.count * self._noise.seconds)
            self._window = NoiseListener(self._noise, self.channels, uneven=False)

    def _end_window(self, end_s: float) -> None:
        heard, shown = self._window.conclude()
        start_s = self._parts[-1].end_s if self._parts else 0.0
        if not heard.found:
            if self._parts:
                self._parts[-1] = self._parts[-1]._replace(end_s=end_s)
            return
        self._windows_found += 1
        part = _Part(
            start_s,
            end_s,
            power=10 ** (heard.density_dbfs_hz / 10),
            shown=shown,
            confidence=heard.confidence,
            heard_s=end_s - start_s,
            pauses_s=_seconds(heard),
        )
        if self._parts:
            part = part.carried_on(self._parts[-1])
            if self._distance(self._parts[-1], part) <= _AGREE_DB:
                part = self._joined(self._parts.pop(), part)
        self._parts.append(part)
        if len(self._parts) > _MAX_SEGMENTS:
            apart = [self._distance(*pair) for pair in pairwise(self._parts)]
            at = int(np.argmin(apart))
            self._parts[at : at + 2] = [self._joined(*self._parts[at : at + 2])]

    def _distance(self, before: _Part, after: _Part) -> float:
        """Median over the bands that both show noise in, dB, in the channel where that is most."""
        bands = self._noise.bands
        apart = np.abs(decibels(bands.mean(before.power)) - decibels(bands.mean(after.power)))
        both = before.shown & after.shown
        return float(max(np.median(a[b]) if b.any() else 0.0 for a, b in zip(apart, both, strict=True)))

    def _joined(self, before: _Part, after: _Part) -> _Part:
        """Return both as one; each band is that of the part that shows noise there, or of both by time."""
        weights = [
            one.heard_s * self._noise.bands.spread(np.where(one.shown, 1.0, 1e-6)) for one in (before, after)
        ]
        power = (weights[0] * before.power + weights[1] * after.power) / (weights[0] + weights[1])
        return _Part(
            before.start_s,
            after.end_s,
            power=power,
            shown=before.shown | after.shown,
            confidence=max(before.confidence, after.confidence),
            heard_s=before.heard_s + after.heard_s,
            pauses_s=before.pauses_s + after.pauses_s,
        )

    def result_for(self, kind: type[Analyser[Any]]) -> Findings:
        """See `Analyser.result_for`: the one print of all that was heard."""
        return self.noise_print()

    def noise_print(self) -> NoisePrint:
        """Return the one print of all that was heard, as `NoisePrintAnalyser` would."""
        return self._whole.conclude()[0]

    def _followed(self, found: NoiseSegments, course_db: Array) -> NoiseSegments:
        """Return what was found with a course of one gain a cell, where the noise does not stay."""
        if not course_db.size:
            return found
        rows = np.arange(course_db.size, dtype=np.float64)
        middle = (rows + 0.5) * self._whole.course_seconds
        return replace(
            found,
            course_hz=np.array([1000.0]),
            course_db=np.round(course_db[:, np.newaxis], 2),
            # before its first cell and after its last it stays
            course_s=np.round(np.concatenate([[0.0], middle, middle[-1:] + self._whole.course_seconds]), 3),
            course_row=np.concatenate([rows[:1], rows, rows[-1:]]),
        )

    def _conclude(self, rest: Audio) -> NoiseSegments:
        end_s = self._heard / self.sample_rate
        if self._noise.count % self._blocks_a_window > self._blocks_a_window / 3:
            self._end_window(end_s)  # what is too short for a print of its own goes on with the one before
        whole = self.noise_print()
        course = self._whole.course_db
        # a gain that follows a rhythm comes back like a turn
        if not course.size and (turning := self._turns.conclude()):
            return NoiseSegments.turning(turning, whole, self._noise.frequency_hz, end_s)
        windows = self._noise.count / self._blocks_a_window
        # noise that shifts may hide its one print, but not those of half the windows
        believed = whole.found or self._windows_found >= windows / 2
        if len(self._parts) < 2 or not believed or course.size:
            return self._followed(NoiseSegments.of(whole, end_s), course)
        start, end, power, _, confidence, _, pauses = zip(*self._parts, strict=True)
        density = np.clip(decibels(np.maximum(power, 10 ** (NO_NOISE / 10))), NO_NOISE, MOST_LEVEL)
        return NoiseSegments(
            start_s=np.round(np.array(start), 3),
            end_s=np.round(np.array([*end[:-1], end_s]), 3),
            frequency_hz=self._noise.frequency_hz,
            density_dbfs_hz=np.round(density, 2),
            print_confidence=np.array(confidence, np.float64),
            pauses_s=np.round(np.array(pauses), 3),
            confidence=float(min(confidence)),
        )
