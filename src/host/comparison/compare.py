"""Two recordings measured alike, and laid over each other where that can be."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...analysis.program.octaves import a_weighting
from ..chain.progress import Progress
from ..files.audio_format import AudioFormat
from ..files.audio_reader import AudioReader
from ..pictures.looks import Look, Signal, look_at
from ..rendering.levels import Levels, levels_of
from ..reports.moments import measure_removal
from ..reports.signals import FileSignal, Mixed
from .alignment import Alignment, align

_MOST_PPM = 1.0  # tuned: 2026-11-30; at 1 ppm a minute's end is 2.6 samples off, and highs do not cancel
_BESIDE = 0.1  # tuned: 2026-11-30; of a sample: 10 kHz cancels by 17 dB then
_STEPS = 5  # derived: two files twice, and their difference
_LEAST = 1e-20  # guard: no logarithm of nothing


@dataclass(frozen=True)
class Side:
    """One of the two recordings: its file, format, length in samples, levels and spectra."""

    path: Path
    format: AudioFormat
    frames: int
    levels: Levels
    look: Look

    @property
    def floor_dbfs_a(self) -> float:
        """The quietest tenth of each band, summed with A-weighting (IEC 61672-1)."""
        power = 10 ** (self.look.quiet_db / 10) * a_weighting(self.look.centre_hz)
        return float(10 * np.log10(max(power.sum(), _LEAST)))


@dataclass(frozen=True)
class Difference:
    """A minus B, B shifted and brought to A's loudness.

    Attributes
    ----------
    gain_db
        By which B was raised.
    share_db
        Loudness of what is left, beside A's: -60 is nearly nothing, 0 another recording.
    """

    gain_db: float
    share_db: float


@dataclass(frozen=True)
class Comparison:
    """Two recordings beside each other.

    Attributes
    ----------
    a, b
        The recordings.
    alignment, difference
        None where they cannot be had.
    notes
        Why not, and what was done about what differs.
    """

    a: Side
    b: Side
    alignment: Alignment | None
    difference: Difference | None
    notes: list[str]

    def to_json(self) -> dict[str, Any]:
        """Return all figures by their names."""
        aligned, left = self.alignment, self.difference
        return {
            **{name: _side_json(side) for name, side in (("a", self.a), ("b", self.b))},
            "third_octaves_hz": self.a.look.centre_hz.round(1),
            "alignment": None
            if aligned is None
            else {
                "offset_samples": round(aligned.offset, 2),
                "speed_ppm": round(aligned.speed_ppm, 3),
                "alike": round(aligned.alike, 4),
                "exact": aligned.exact,
            },
            "difference": None
            if left is None
            else {"gain_db": round(left.gain_db, 3), "share_db": round(left.share_db, 2)},
            "notes": self.notes,
        }


def _side_json(side: Side) -> dict[str, Any]:
    return {
        "path": side.path,
        "sample_rate": side.format.sample_rate,
        "channels": side.format.channels,
        "frames": side.frames,
        "loudness": side.levels.to_json(),
        "floor_dbfs_a": round(side.floor_dbfs_a, 2),
        "mean_db": side.look.mean_db.round(2),
        "quiet_db": side.look.quiet_db.round(2),
    }


def compare(
    a: Path, b: Path, *, progress: Progress | None = None, cancel: threading.Event | None = None
) -> Comparison:
    """Measure two recordings alike and lay B over A.

    Each keeps its own rate and length: spectra are compared by third octaves, and what needs the same
    rate (place, speed, difference) is left out with a note where it is not.

    Raises
    ------
    AudioFileError
        One of them cannot be read.
    Cancelled
        `cancel` was set.
    """
    with ExitStack() as stack:
        readers = [stack.enter_context(AudioReader(path)) for path in (a, b)]
        sides = []
        for index, reader in enumerate(readers):
            levels = levels_of(reader.source, _part(progress, 2 * index), cancel)
            look = look_at(FileSignal(reader), progress=_part(progress, 2 * index + 1), cancel=cancel)
            sides.append(Side(reader.path, reader.format, reader.frames, levels, look))
        notes = _unlike(*sides)
        rates = {side.format.sample_rate for side in sides}
        alignment = None
        if len(rates) == 1:
            alignment = align(FileSignal(readers[0]), FileSignal(readers[1]))
            if alignment is None:
                notes.append(
                    "they have nothing in common that could be found: no place, no speed, no difference"
                )
        difference = None
        if alignment is not None:
            laid = _laid(sides, readers, alignment, notes)
            if laid is not None:
                gain_db, one, other = laid
                share_db = measure_removal(Mixed(one, other, -1), one, _part(progress, 4), cancel).share_db
                difference = Difference(gain_db, share_db)
        return Comparison(sides[0], sides[1], alignment, difference, notes)


def _part(progress: Progress | None, index: int) -> Progress | None:
    if progress is None:
        return None
    told = progress
    return lambda share, doing: told((index + share) / _STEPS, doing)


def _unlike(a: Side, b: Side) -> list[str]:
    """Say where the two files themselves are unlike, and what that means."""
    notes = []
    if a.format.sample_rate != b.format.sample_rate:
        notes.append(
            f"the rates differ, {a.format.sample_rate} and {b.format.sample_rate} Hz: no place, speed or "
            "difference is looked for; resample one of them for those"
        )
    elif a.frames != b.frames:
        notes.append(
            f"the lengths differ by {abs(a.frames - b.frames) / a.format.sample_rate:.3f} s: levels and "
            "spectra are of the whole of each, the difference is of what they share"
        )
    if a.format.channels != b.format.channels:
        notes.append(f"A has {a.format.channels} channels and B {b.format.channels}: no difference is taken")
    return notes


def _laid(
    sides: list[Side], readers: list[AudioReader], alignment: Alignment, notes: list[str]
) -> tuple[float, Signal, Signal] | None:
    """Return by how much B is raised, and both from where they agree on; None without a difference."""
    first, second = (side.levels.loudness.integrated_lufs for side in sides)
    if len({side.format.channels for side in sides}) > 1 or first is None or second is None:
        return None
    if abs(alignment.speed_ppm) > _MOST_PPM or not alignment.exact:
        notes.append("no difference is taken, since they run at different speeds")
        return None
    shift = round(alignment.offset)
    beside = alignment.offset - shift
    if abs(beside) > _BESIDE:
        notes.append(f"B lies {beside:+.2f} samples beside the grid of A: its highs do not cancel")
    gain = 10 ** ((first - second) / 20) * float(np.sign(alignment.alike))
    begins = max(-shift, 0), max(shift, 0)
    common = max(min(reader.frames - begin for reader, begin in zip(readers, begins, strict=True)), 0)
    one, other = (
        FileSignal(reader, begin, common, by)
        for reader, begin, by in zip(readers, begins, (1.0, gain), strict=True)
    )
    return first - second, one, other
