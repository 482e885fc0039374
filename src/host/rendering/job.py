"""The work of one render: open every part, run the passes, publish."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...analysis.noise.segments import NoiseSegments
from ...audio.arrays import Audio
from ...errors import AudioOverError
from ..chain.chain import Chain
from ..chain.passes import Passes
from ..chain.progress import Progress
from ..chain.strength import FULL_STRENGTH, LOSSY_EASING, eased, mixed
from ..files.audio_reader import AudioReader
from ..files.audio_writer import AudioWriter
from ..files.shifting import shift_positions
from ..files.tags import copy_tags
from ..recording.document import Span
from ..recording.preparation import Prepared
from ..storage.hashing import sha256_of
from ..storage.json_text import json_text
from ..storage.outputs import (
    events_path,
    labels_path,
    refuse_same_file,
    removed_path,
    report_path,
)
from ..storage.publishing import Publication
from .event_log import EventLog
from .leftovers import replaceable
from .options import RenderOptions
from .rendered import Rendered
from .report import build_report
from .spool import FileSpool, ReaderSource


class _RemovedOverError(Exception):
    """What was removed does not fit the integers of its file; it never leaves this module."""


class _Block(NamedTuple):
    """Some samples of the last pass, each of shape (channels, n).

    `original` is read only where it is needed; elsewhere it is no more than the chain's output again.
    """

    original: Audio
    restored: Audio
    removed: Audio

    def kept(self, keep: Span | None, position: int) -> _Block:
        """Cut the block, which begins at `position`, to the part that is kept."""
        if keep is None:
            return self
        begin, end = (min(max(at - position, 0), self.restored.shape[1]) for at in (keep.position, keep.stop))
        return _Block(*(audio[:, begin:end] for audio in self))


def _eases(wanted: bool | None, reader: AudioReader) -> bool:
    return not reader.format.is_lossless if wanted is None else wanted


class Job:
    """The work of one `render` call, step by step."""

    def __init__(
        self,
        chain: Chain,
        reader: AudioReader,
        output: Path,
        prepared: Prepared,
        options: RenderOptions,
    ) -> None:
        self.options = options
        self.easing = LOSSY_EASING if _eases(options.ease_lossy, reader) else None
        self.chain = chain = chain if self.easing is None else eased(chain, self.easing)
        self.reader = reader
        self.source = reader.source
        self.output = output
        self.prepared = prepared
        self.keep = prepared.keep
        self.limiter_level = limiter_level(prepared.source_over)
        self.format = reader.format.lossless_output(reader.frames).with_suffix(output.suffix, reader.frames)
        self.removed_format = self.format.one_word_up(reader.frames)
        self.removed = removed_path(output, self.removed_format) if options.removed else None
        self.events_file = events_path(output) if options.events else None
        self.labels_file = labels_path(output) if options.labels else None
        # Where every step is a repair, what was removed is the difference of the two files themselves,
        # rounding and dither included; elsewhere it is what the repair stages report.
        self.exact = chain.repairs_only and reader.format.is_lossless
        self.gain = 1.0
        self.adds_up = True
        self.warnings = chain.warnings()
        if options.ease_lossy is None and self.easing is not None:
            self.warnings.append(
                f"a lossy source ({reader.format.subtype}): its stages eased to {self.easing:.0f} %; "
                "say --no-ease-lossy for the preset's own"
            )

    def open_parts(self, publication: Publication) -> None:
        """Reserve every output; the restored file comes last, so that its being there means all is there."""
        for target in (self.output, *self._beside()):
            refuse_same_file(self.source, target)
        # first, so that who else writes this set is told apart from what a killed run left of one
        self.output_part = publication.part_of(self.output)
        publication.may_replace(replaceable(self.output, self._beside()))
        self.report_part = publication.part_of(report_path(self.output))
        self.removed_part = publication.part_of(self.removed) if self.removed else None
        self.events_part = publication.part_of(self.events_file) if self.events_file else None
        self.labels_part = publication.part_of(self.labels_file) if self.labels_file else None
        self.warnings += publication.warnings

    def _beside(self) -> list[Path]:
        """Return where everything but the restored file goes."""
        others = (self.removed, self.events_file, self.labels_file)
        return [*filter(None, others), report_path(self.output)]

    def run(
        self,
        publication: Publication,
        stack: ExitStack,
        block_size: int,
        progress: Progress | None,
        cancel: threading.Event | None,
    ) -> Rendered:
        """Run all passes, write all parts, publish them."""
        rate = self.reader.format.sample_rate
        log = stack.enter_context(EventLog(self.chain, rate, self.events_part, self.labels_part))
        passes = Passes(
            self.chain,
            ReaderSource(self.reader),
            rate,
            new_spool=lambda channels: stack.enter_context(
                FileSpool(self.output.parent, channels, self.reader.frames)
            ),
            guidance=self.prepared.guidance,
            tap=self.removed is not None and not self.exact,
            sink=log.tell,
            progress=progress,
            cancel=cancel,
            block_size=block_size,
            over=self.limiter_level,
        )
        passes.learn()
        if any(isinstance(found, NoiseSegments) for found in passes.findings.values()):
            self.warnings += self.prepared.warnings
        self._write_samples(passes, publication, log)
        log.close()
        if self.options.strength:
            share = (
                f"; {self.options.strength:g} % of that is in it"
                if self.options.strength < FULL_STRENGTH
                else ""
            )
            self.warnings += [warning + share for warning in log.warnings()]
        if how := self.reader.cut_short():
            self.warnings.append(
                f"{self.source.path.name} is cut short: it {how}; what is there was restored"
            )
        self.warnings += self.reader.contradictions()
        for part in filter(None, (self.output_part, self.removed_part)):
            told = copy_tags(self.source, part)
            if self.keep:
                told += shift_positions(part, self.keep.position, self.keep.length)
            self.warnings += [warning for warning in told if warning not in self.warnings]
        self._write_report(passes, log)
        self.source.confirm()
        if progress:
            progress(1.0, "done")
        publication.publish()
        self.warnings += [warning for warning in publication.warnings if warning not in self.warnings]
        return Rendered(
            source=self.source.path,
            output=self.output,
            report=report_path(self.output),
            removed=self.removed,
            events_file=self.events_file,
            labels_file=self.labels_file,
            seconds=self._frames / rate,
            findings=passes.findings,
            events=dict(log.counts),
            headroom_gain=self.gain,
            warnings=self.warnings,
        )

    def _write_samples(self, passes: Passes, publication: Publication, log: EventLog) -> None:
        """Run the last pass; run it again, with room made, where something passes full scale."""
        learned = log.place()
        while True:
            try:
                return self._write_once(passes)
            except _RemovedOverError:
                self._widen_removed(publication)
            except AudioOverError:
                self._make_headroom(passes, publication)
            log.rewind(learned)

    def _make_headroom(self, passes: Passes, publication: Publication) -> None:
        blocks = self._blocks(passes, report=False)
        peak = max(float(np.abs(block.restored).max(initial=0.0)) for block in blocks)
        over = f"would pass full scale by {20 * np.log10(peak):.2f} dB"
        if self.options.overs == "float":
            self._write_floats(publication)
            self.warnings.append(f"{over}, so it was written as floats into {self.output.name}")
            return
        self.gain = headroom_gain(peak)
        down = -20 * np.log10(self.gain)
        self.warnings.append(f"{over}, so the whole recording was turned down by {down:.2f} dB")

    def _widen_removed(self, publication: Publication) -> None:
        """Floats for what was removed: a click of full scale over music of the other sign passes 1.0."""
        self.removed_format = replace(self.removed_format, container="WAV", subtype="DOUBLE")
        self._retarget(publication)

    def _write_floats(self, publication: Publication) -> None:
        """Floats for the restored file, in a container that has them, which may need another name."""
        extension = self.format.extension
        self.format = self.format.float_output(self.reader.frames)
        self.removed_format = self.format.one_word_up(self.reader.frames)
        if self.output.suffix and self.format.extension != extension:
            self.output = self.output.with_suffix(self.format.extension)
        self._retarget(publication)

    def _retarget(self, publication: Publication) -> None:
        """Tell the publication of names that changed with a format."""
        self.removed = removed_path(self.output, self.removed_format) if self.removed else None
        self.events_file = events_path(self.output) if self.events_file else None
        self.labels_file = labels_path(self.output) if self.labels_file else None
        publication.may_replace(replaceable(self.output, self._beside()))
        targets = {
            self.removed_part: self.removed,
            self.events_part: self.events_file,
            self.labels_part: self.labels_file,
            self.report_part: report_path(self.output),
            self.output_part: self.output,
        }
        for part, target in targets.items():
            if part and target:
                refuse_same_file(self.source, target)
                publication.retarget(part, target)

    @property
    def _frames(self) -> int:
        """Samples of the restored file; of a lossy source an estimate until it was read once."""
        return self.keep.length if self.keep else self.reader.frames

    def _blocks(self, passes: Passes, *, report: bool = True) -> Iterator[_Block]:
        """Run the last pass: yield what is written, at this strength, of the part that is kept."""
        with ExitStack() as stack:
            reader = None
            if self.options.strength < FULL_STRENGTH or (self.removed and self.exact):
                reader = stack.enter_context(AudioReader(self.source))
            position = 0
            for restored, removed in passes.final(report=report):
                count = restored.shape[1]
                original = reader.read(position, count) if reader else restored
                block = _Block(
                    original,
                    mixed(original, restored, self.options.strength),
                    self.options.strength / 100 * removed,
                )
                yield block.kept(self.keep, position)
                position += count

    def _write_once(self, passes: Passes) -> None:
        frames, self.adds_up = self._frames, True
        with ExitStack() as stack:
            restored = stack.enter_context(
                AudioWriter(self.output_part, self.format, frames, self.options.seed, self.gain)
            )
            if self.removed_part is None:
                for block in self._blocks(passes):
                    restored.write(block.restored)
                return
            removed = stack.enter_context(
                AudioWriter(self.removed_part, self.removed_format, frames, self.options.seed)
            )
            for block in self._blocks(passes):
                held = restored.write(block.restored)
                try:
                    took = removed.write(block.original - held / self.gain if self.exact else block.removed)
                    # floats far from each other in size have no sum to the bit
                    self.adds_up &= np.array_equal(held + took, block.original)
                except AudioOverError as error:
                    raise _RemovedOverError from error

    def _write_report(self, passes: Passes, log: EventLog) -> None:
        files = {
            "input": (self.source.path.name, self.source.sha256, self.reader.format),
            "output": (self.output.name, sha256_of(self.output_part), self.format),
        }
        if self.removed and self.removed_part:
            files["removed"] = (self.removed.name, sha256_of(self.removed_part), self.removed_format)
        report = build_report(
            chain=self.chain,
            files=files,
            beside={
                target.name: part
                for target, part in (
                    (self.events_file, self.events_part),
                    (self.labels_file, self.labels_part),
                )
                if target and part
            },
            settings={
                "frames": self._frames,
                "strength": self.options.strength,
                "lossy_easing": self.easing,
                **self.prepared.to_json(),
                "seed": self.options.seed,
                "headroom_gain": self.gain,
                "restored_plus_removed_is_original": bool(self.removed and self.exact and self.adds_up),
            },
            findings=passes.findings,
            events=log.counts,
            warnings=self.warnings,
        )
        self.report_part.write_text(json_text(report, indent=2) + "\n", encoding="utf-8")


def limiter_level(over: float) -> float:
    """Factor by which limiters get a recording lower that passes full scale by the factor `over`.

    It leaves them 1 dB, the lowest ceiling of the factory presets: what was over before is not limited.
    """
    return over * 10 ** (1 / 20) if over > 1 else 1.0


def headroom_gain(peak: float) -> float:
    """Gain in hundredths of a dB, rounded down, that brings `peak` under full scale with room for dither."""
    return float(10 ** (-np.ceil(2000 * np.log10(peak) + 1) / 2000))
