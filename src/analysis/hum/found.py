"""What is found of the hum of a recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Self

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array
from ...contract.constraints import CHANNELS, SHARE, Ascending, Axis, Choices, Each, JustWith, Range
from ...contract.findings import NO_LEVEL, Findings, by_channel
from .comb import HIGHEST_HZ, MOST_HARMONICS
from .floor import LEAST_DBFS

Numbers = npt.NDArray[np.int64]

_MOST_HZ = 100_000.0  # guard: no line lies above half of any sample rate
_MOST_LEVEL = 200.0  # guard: what findings may say

MOST_OTHERS = 4
"""Hums beside the strongest; guard: memory and time are bounded."""
LACKS = {
    "evidence": "shows {share:.0%} of what is asked for: it lies below the program, or does not stay",
    "steadiness": "breaks off, as notes do",
    "presence": "is there for too little of the time",
    "level": "was named: no line stands out by more than {over:.1f} dB over seconds, {least:.1f} are needed",
    "floor": "was named: what its lines fall back to stands {over:.1f} dB out, {least:.1f} are needed",
    "loudness": f"was named: its lines are fainter than {LEAST_DBFS:.0f} dBFS",
    "notes": "was named: notes close by are louder than its lines",
}
"""What the likeliest hum may be wanting in, and how that is said."""
_OF_NAMED = ("level", "floor", "loudness", "notes")
_HARMONICS = Axis("harmonics", most=MOST_HARMONICS)
_OTHERS = Axis("others", most=MOST_OTHERS)
_LINES = Axis("lines", most=MOST_OTHERS * MOST_HARMONICS)


def _none() -> Array:
    return np.empty(0)


def _no_numbers() -> Numbers:
    return np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Hum(Findings):
    """Mains hum of a recording.

    Attributes
    ----------
    frequency_hz
        Fundamental, averaged over the recording; where it does not show, it counts as it was close by. 0 for
        no hum.
    wander_hz
        Standard deviation of the fundamental over these windows.
    harmonic
        Numbers of the harmonics that were heard, ascending, shape (harmonics,).
    level_dbfs
        Level of each, dB relative to a mean square of 1.0, shape (channels, harmonics); -200 in a channel in
        which it was not heard.
    share
        Share of the recording's half minutes that the hum shows in; of pieces of 3.75 s where it is in a part
        of the recording alone.
    confidence
        0 (nothing found) to 1.
    other_hz, other_wander_hz
        Fundamentals of further hums, of the medium beside that of the mains, and how far they wander, shape
        (others,).
    other_of, other_harmonic
        Of each of their lines, which of them it belongs to, from 0, and its number, shape (lines,).
    other_level_dbfs
        Level of each line, shape (channels, lines), as `level_dbfs`; None without any.
    nearest_hz, nearest_share, nearest_lacks
        Where nothing was found, the likeliest fundamental, its share of the evidence that is asked for, and
        which of `LACKS` it was wanting in; "" where there was nothing to weigh. Where one was named it is
        that, and the share is of the dB by which a line must stand out.
    nearest_over_db, nearest_least_db
        By how many dB the likeliest line of what was named stands out, and by how many it must; 0 without a
        name.
    """

    frequency_hz: Annotated[float, Range(0.0, _MOST_HZ), JustWith("harmonic")]
    wander_hz: Annotated[float, Range(0.0, 10.0)]
    harmonic: Annotated[Numbers, Each(_HARMONICS), Range(1, MOST_HARMONICS), Ascending()]
    level_dbfs: Annotated[Array, Each(CHANNELS, _HARMONICS), Range(NO_LEVEL, _MOST_LEVEL)]
    share: Annotated[float, SHARE]
    confidence: Annotated[float, SHARE]
    other_hz: Annotated[Array, Each(_OTHERS), Range(0.0, _MOST_HZ)] = field(default_factory=_none)
    other_wander_hz: Annotated[Array, Each(_OTHERS), Range(0.0, 10.0)] = field(default_factory=_none)
    other_of: Annotated[Numbers, Each(_LINES), Range(0, MOST_OTHERS - 1)] = field(default_factory=_no_numbers)
    other_harmonic: Annotated[Numbers, Each(_LINES), Range(1, MOST_HARMONICS)] = field(
        default_factory=_no_numbers
    )
    other_level_dbfs: Annotated[Array | None, Each(CHANNELS, _LINES), Range(NO_LEVEL, _MOST_LEVEL)] = None
    nearest_hz: Annotated[float, Range(0.0, _MOST_HZ)] = 0.0
    nearest_share: Annotated[float, SHARE] = 0.0
    nearest_lacks: Annotated[str, Choices("", *LACKS)] = ""
    nearest_over_db: Annotated[float, Range(0.0, _MOST_LEVEL)] = 0.0
    nearest_least_db: Annotated[float, Range(0.0, _MOST_LEVEL)] = 0.0

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """See `Findings.from_json`; what findings from before there were others do not hold is none."""
        for later in ("other_", "nearest_", ("nearest_over_", "nearest_least_")):
            if isinstance(data, Mapping) and not any(str(name).startswith(later) for name in data):
                none = cls.nothing(1).to_json()
                data = {**data, **{name: none[name] for name in none if name.startswith(later)}}
        return super().from_json(data)

    def each(self) -> tuple[Hum, ...]:
        """Return every hum by itself, the strongest first."""
        if not self.found:
            return ()
        first = Hum(
            self.frequency_hz, self.wander_hz, self.harmonic, self.level_dbfs, self.share, self.confidence
        )
        others: list[Hum] = []
        if self.other_level_dbfs is None:
            return (first,)
        for number, (frequency_hz, wander_hz) in enumerate(
            zip(self.other_hz.tolist(), self.other_wander_hz.tolist(), strict=True)
        ):
            own = self.other_of == number
            if own.any():
                others.append(
                    Hum(
                        frequency_hz, wander_hz, self.other_harmonic[own], self.other_level_dbfs[:, own],
                        self.share, self.confidence,
                    )
                )  # fmt: skip
        return first, *others

    def beside(self, others: Sequence[Hum]) -> Hum:
        """Return the same with other hums beside it."""
        if not others:
            return self
        return replace(
            self,
            other_hz=np.array([other.frequency_hz for other in others]),
            other_wander_hz=np.array([other.wander_hz for other in others]),
            other_of=np.concatenate([np.full(o.harmonic.size, k) for k, o in enumerate(others)]),
            other_harmonic=np.concatenate([other.harmonic for other in others]),
            other_level_dbfs=np.concatenate([other.level_dbfs for other in others], axis=1),
        )

    @classmethod
    def nothing(cls, channels: int) -> Hum:
        """Return what is found in a recording of `channels` channels without hum."""
        return cls(0.0, 0.0, np.empty(0, np.int64), np.empty((channels, 0)), 0.0, 0.0)

    @property
    def found(self) -> bool:
        """Whether there is hum."""
        return self.harmonic.size > 0

    @property
    def answers(self) -> bool:
        """See `Findings.answers`: a frequency was named, and nothing is done about it."""
        return not self.found and self.nearest_lacks in _OF_NAMED

    @property
    def is_line(self) -> bool:
        """Whether it is one line without harmonics, a television's or a motor's, and no mains' hum."""
        return self.harmonic.size == 1 and self.harmonic[0] == 1 and self.frequency_hz > HIGHEST_HZ

    @property
    def hum_dbfs(self) -> Array:
        """Level of each channel's hum, all harmonics together, shape (channels,); -200 without any."""
        heard = self.level_dbfs > NO_LEVEL
        power = np.sum(np.where(heard, 10 ** (self.level_dbfs / 10), 0.0), axis=1)
        return np.asarray(10 * np.log10(np.maximum(power, 10 ** (NO_LEVEL / 10))))

    @property
    def kind(self) -> str:
        """What it is: "buzz" where odd harmonics fall by less than 4.5 dB an octave, else "hum"; "" for none.

        Magnetic fields give hum, whose harmonics fall like 1/h or faster; rectifiers and dimmers buzz.
        """
        if not self.found:
            return ""
        odd = self.harmonic % 2 == 1
        level = self.level_dbfs[np.argmax(self.hum_dbfs)]
        use = odd & (level > NO_LEVEL)
        if np.count_nonzero(use) < 3:
            return "hum"
        slope = np.polyfit(np.log2(self.harmonic[use]), level[use], 1)[0]
        return "buzz" if slope > -4.5 else "hum"

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.found:
            lacks = LACKS.get(self.nearest_lacks, "").format(
                share=self.nearest_share, over=self.nearest_over_db, least=self.nearest_least_db
            )
            if self.nearest_lacks in _OF_NAMED:
                return f"no hum ({self.nearest_hz:.6g} Hz {lacks})"
            return f"no hum (the likeliest, at {self.nearest_hz:.1f} Hz, {lacks})" if lacks else "no hum"
        levels = by_channel([f"{level:.0f}" if level > NO_LEVEL else None for level in self.hum_dbfs])
        beside = "".join(f", and at {hz:.2f} Hz" for hz in self.other_hz)
        if self.is_line:
            line = f"a line at {self.frequency_hz:.2f} Hz{beside}"
            return f"{line}, {levels} dBFS, confidence {self.confidence:.1f}"
        many = "harmonic" if self.harmonic.size == 1 else "harmonics"
        return (
            f"{self.kind} at {self.frequency_hz:.2f} Hz (wandering by {self.wander_hz:.2f} Hz){beside}, "
            f"{self.harmonic.size} {many}, {levels} dBFS, confidence {self.confidence:.1f}"
        )
