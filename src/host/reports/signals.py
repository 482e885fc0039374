"""The signals of a render as they can still be had: before, after, removed; from files, or from two."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from ...audio.arrays import Audio
from ...errors import AudioFileError
from ..files.audio_reader import AudioReader
from ..pictures.looks import Signal
from ..storage.hashing import sha256_of
from .told import Told, ToldFile

AS_TOLD, CHANGED, MISSING = "as the report says", "changed since", "not found"


@dataclass(frozen=True)
class Checked:
    """A file of the render as it is now: its part, what was told, where it lies if anywhere, its state."""

    part: str
    told: ToldFile
    path: Path | None
    state: str


class FileSignal:
    """A file, or a part of it, times a gain."""

    def __init__(
        self, reader: AudioReader, begins: int = 0, frames: int | None = None, gain: float = 1.0
    ) -> None:
        self._reader, self._begins, self._gain = reader, begins, gain
        self.sample_rate, self.channels = reader.format.sample_rate, reader.format.channels
        there = max(reader.frames - begins, 0)
        self.frames = there if frames is None else min(frames, there)
        self._last: tuple[int, int, Audio] | None = None

    def read(self, start: int, count: int) -> Audio:
        """See `Signal`; the last block is kept, because a lossy file goes back by decoding from its start."""
        count = max(min(count, self.frames - start), 0)
        if self._last is None or self._last[:2] != (start, count):
            self._last = start, count, self._reader.read(self._begins + start, count) * self._gain
        return self._last[2]


class Mixed:
    """One signal plus, or minus, another of the same shape."""

    def __init__(self, one: Signal, other: Signal, sign: int) -> None:
        self._one, self._other, self._sign = one, other, sign
        self.sample_rate, self.channels = one.sample_rate, one.channels
        self.frames = min(one.frames, other.frames)

    def read(self, start: int, count: int) -> Audio:
        """See `Signal`."""
        one, other = (signal.read(start, max(min(count, self.frames - start), 0)) for signal in self._pair)
        length = min(one.shape[1], other.shape[1])  # a lossy file may end earlier than it says
        return np.asarray(one[:, :length] + self._sign * other[:, :length])

    @property
    def _pair(self) -> tuple[Signal, Signal]:
        return self._one, self._other


@dataclass
class Signals:
    """What can be drawn and heard of a render; use it as a context manager.

    Attributes
    ----------
    after
        The restored file.
    before, removed
        None where they cannot be had.
    removed_is
        What is meant by removed, for people.
    files
        Every file that the report is of, checked.
    notes
        What a person should know about how these were had.
    """

    after: Signal
    before: Signal | None = None
    removed: Signal | None = None
    removed_is: str = "removed"
    files: list[Checked] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()


def find_signals(told: Told, folder: Path, sources: list[Path]) -> Signals:
    """Check the files of a render and open what there is of its signals.

    Parameters
    ----------
    told
        Its report.
    folder
        Where the restored file lies.
    sources
        Where the recording may lie, the likeliest first.

    Raises
    ------
    AudioFileError
        The restored file is not there, or cannot be read.
    """
    files = [_checked_source(told.files["input"], sources)]
    files += [
        _checked(part, told.files[part], folder / told.files[part].name)
        for part in ("output", "removed")
        if part in told.files
    ]
    files += [_checked("list", one, folder / one.name) for one in told.beside]
    known = {one.part: one for one in files}
    output = known["output"]
    if output.path is None:
        raise AudioFileError(
            f"{folder / output.told.name}: there is no such file; the report beside it is of it"
        )
    with ExitStack() as stack:
        after = FileSignal(stack.enter_context(AudioReader(output.path)))
        found = Signals(after, files=files)
        _add_before(found, told, known["input"], stack)
        _add_removed(found, told, known.get("removed"), stack)
        found._stack = stack.pop_all()
    return found


def _add_before(found: Signals, told: Told, file: Checked, stack: ExitStack) -> None:
    if file.path is None:
        found.notes.append(
            f"The original, {file.told.name}, was not found beside the restored file; name it with --source."
        )
    elif file.state != AS_TOLD:
        found.notes.append(f"{file.path.name} is not the original any more: it is neither drawn nor played.")
    else:
        reader = stack.enter_context(AudioReader(file.path))
        signal = FileSignal(reader, told.begins, told.frames, told.gain)
        if not _alike(signal, found.after):
            found.notes.append("The original has another rate or other channels, and is not drawn.")
            return
        found.before = signal
        if told.gain != 1:
            lower = -20 * np.log10(told.gain)
            found.notes.append(
                f"Like the restored file, the original is drawn and played {lower:.1f} dB lower."
            )


def _add_removed(found: Signals, told: Told, file: Checked | None, stack: ExitStack) -> None:
    """Open what was removed, or take the difference; where it and the restored add up, have the original."""
    if file and file.path and file.state == AS_TOLD:
        signal = FileSignal(stack.enter_context(AudioReader(file.path)))
        if _alike(signal, found.after):
            found.removed = signal
            if found.before is None and told.adds_up:
                found.before = Mixed(found.after, signal, 1)
                found.notes.append("The original is restored plus removed, which add up to it.")
            return
    if found.before is not None:
        found.removed = Mixed(found.before, found.after, -1)
        found.removed_is = "difference"
        found.notes.append(
            "What was removed is drawn as original minus restored: filters, gains and limiters are in it."
        )


def _alike(one: Signal, other: Signal) -> bool:
    return (one.sample_rate, one.channels) == (other.sample_rate, other.channels)


def _checked_source(told: ToldFile, sources: list[Path]) -> Checked:
    """Take the first place with these bytes; else the first with any."""
    tried = [one for path in sources if (one := _checked("input", told, path)).path]
    return next(
        (one for one in tried if one.state == AS_TOLD),
        tried[0] if tried else Checked("input", told, None, MISSING),
    )


def _checked(part: str, told: ToldFile, path: Path) -> Checked:
    try:
        if not path.is_file():
            return Checked(part, told, None, MISSING)
        state = AS_TOLD if sha256_of(path) == told.sha256 else CHANGED
    except OSError:
        return Checked(part, told, None, MISSING)
    return Checked(part, told, path, state)
