"""The last pass of a render into its sound files, run again with room made where it passes full scale."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ...audio.arrays import Audio
from ...errors import AudioOverError
from ..chain.passes import Passes
from ..chain.strength import FULL_STRENGTH, mixed
from ..files.audio_format import AudioFormat
from ..files.audio_reader import AudioReader
from ..files.audio_writer import AudioWriter
from ..recording.document import Span
from ..storage.publishing import Publication
from .event_log import EventLog
from .guard import Easing, Judged
from .options import RenderOptions
from .targets import Files, retarget, targets_of


@dataclass(frozen=True)
class Form:
    """How samples are written: formats of the restored file and of what was removed, names, gain."""

    restored: AudioFormat
    removed: AudioFormat
    targets: Files
    gain: float = 1.0


@dataclass(frozen=True)
class Samples:
    """What was written: in which form at last, whether it adds up to the original, what is to be told."""

    form: Form
    adds_up: bool
    warnings: list[str]


class Block(NamedTuple):
    """Some samples of the last pass, each of shape (channels, n).

    `original` is read only where it is needed; elsewhere it is no more than the chain's output again.
    """

    original: Audio
    restored: Audio
    removed: Audio

    def kept(self, keep: Span | None, position: int) -> Block:
        """Cut the block, which begins at `position`, to the part that is kept."""
        if keep is None:
            return self
        begin, end = (min(max(at - position, 0), self.restored.shape[1]) for at in (keep.position, keep.stop))
        return Block(*(audio[:, begin:end] for audio in self))


@dataclass(frozen=True)
class LastPass:
    """The last pass, as often as it is wanted.

    Attributes
    ----------
    passes
        They have learned what they need.
    reader
        The recording.
    options
        What was asked for.
    keep
        The part that is written; None: all of it.
    exact
        Whether what was removed is the difference of the two files themselves.
    tapped
        Whether what was removed is told by the repair stages, because others are in the chain.
    judged
        What its last run left of artifacts.
    easing
        Where it is eased; None: nowhere.
    """

    passes: Passes
    reader: AudioReader
    options: RenderOptions
    keep: Span | None
    exact: bool
    tapped: bool
    judged: Judged
    easing: Easing | None = None

    @property
    def frames(self) -> int:
        """Samples that are written; of a lossy source an estimate until it was read once."""
        return self.keep.length if self.keep else self.reader.frames

    def blocks(self, *, report: bool = True, judge: bool = True) -> Generator[Block]:
        """Run it: yield what is written, at the strength that is wanted, of the part that is kept."""
        strength, crew = self.options.strength, self.passes.crew
        with ExitStack() as stack:
            reader = stack.enter_context(AudioReader(self.reader.source)) if self._reads(judge) else None
            if judge:
                self.judged.begin()
            position = 0
            with crew.behind(self._judge) as hear:
                for run in stack.enter_context(closing(self.passes.final(report=report))):
                    with crew.at_work():
                        restored, removed = self.easing.blend(position, *run) if self.easing else run
                        count = restored.shape[1]
                        original = reader.read(position, count) if reader else restored
                        block = Block(original, mixed(original, restored, strength), strength / 100 * removed)
                    if judge:
                        hear(block)
                    with crew.at_work():
                        yield block.kept(self.keep, position)
                    position += count
            if judge:
                self.judged.end(self.keep)

    def _judge(self, block: Block) -> None:
        repaired = block.original - block.removed if self.tapped else block.restored
        self.judged.hear(block.original, repaired)

    def _reads(self, judge: bool) -> bool:
        return judge or self.options.strength < FULL_STRENGTH or (self.options.removed and self.exact)

    def peak(self) -> float:
        """Run it to see its largest absolute sample."""
        return max(
            float(np.abs(block.restored).max(initial=0.0)) for block in self.blocks(report=False, judge=False)
        )


def write_samples(
    last: LastPass, form: Form, log: EventLog, parts: Files, publication: Publication
) -> Samples:
    """Write the restored file, and what was removed where that is wanted.

    Where something passes full scale, room is made as the options say, and the pass runs again; `log` then
    forgets what it was told in between, and `publication` learns of names that change with a format.
    """
    learned = log.place()
    warnings: list[str] = []
    while True:
        try:
            adds_up = _write_once(last, form, parts)
            return Samples(form, adds_up, warnings)
        except AudioOverError as error:
            if error.path == parts.removed:
                wider = _with_removed_as_floats(form, last)
            else:
                wider, warning = _with_room(form, last)
                warnings.append(warning)
        if wider.targets != form.targets:
            retarget(publication, last.reader.source, parts, wider.targets)
        form = wider
        log.rewind(learned)


def _write_once(last: LastPass, form: Form, parts: Files) -> bool:
    """Write every sample; return whether restored plus removed is the original, to the bit."""
    frames, seed = last.frames, last.options.seed
    adds_up = last.exact
    with ExitStack() as stack:
        restored = stack.enter_context(AudioWriter(parts.output, form.restored, frames, seed, form.gain))
        blocks = stack.enter_context(closing(last.blocks()))
        if parts.removed is None:
            for block in blocks:
                restored.write(block.restored)
            return False
        removed = stack.enter_context(AudioWriter(parts.removed, form.removed, frames, seed))
        for block in blocks:
            held = restored.write(block.restored)
            took = removed.write(block.original - held / form.gain if last.exact else block.removed)
            # floats far from each other in size have no sum to the bit
            adds_up &= np.array_equal(held + took, block.original)
    return adds_up


def _with_removed_as_floats(form: Form, last: LastPass) -> Form:
    """Floats for what was removed: a click of full scale over music of the other sign passes 1.0."""
    removed = replace(form.removed, container="WAV", subtype="DOUBLE")
    return replace(form, removed=removed, targets=targets_of(form.targets.output, last.options, removed))


def _with_room(form: Form, last: LastPass) -> tuple[Form, str]:
    """Return a form that the restored recording fits into, and what is to be told of it."""
    peak = last.peak()
    over = f"would pass full scale by {20 * np.log10(peak):.2f} dB"
    if last.options.overs == "float":
        floats = _as_floats(form, last)
        return floats, f"{over}, so it was written as floats into {floats.targets.output.name}"
    gain = headroom_gain(peak)
    down = -20 * np.log10(gain)
    return replace(form, gain=gain), f"{over}, so the whole recording was turned down by {down:.2f} dB"


def _as_floats(form: Form, last: LastPass) -> Form:
    """Floats for the restored file, in a container that has them, which may need another name."""
    restored = form.restored.float_output(last.reader.frames)
    removed = restored.one_word_up(last.reader.frames)
    output = form.targets.output
    if output.suffix and restored.extension != form.restored.extension:
        output = output.with_suffix(restored.extension)
    return Form(restored, removed, targets_of(output, last.options, removed), form.gain)


def limiter_level(over: float) -> float:
    """Factor by which limiters get a recording lower that passes full scale by the factor `over`.

    It leaves them 1 dB, the lowest ceiling of the factory presets: what was over before is not limited.
    """
    return over * 10 ** (1 / 20) if over > 1 else 1.0


def headroom_gain(peak: float) -> float:
    """Gain in hundredths of a dB, rounded down, that brings `peak` under full scale with room for dither."""
    return float(10 ** (-np.ceil(2000 * np.log10(peak) + 1) / 2000))
