"""Render one recording through one chain: whole or not at all, the same bytes every time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from ...analysis.noise.segments import NoiseSegments
from ...audio.arrays import Audio
from ...contract.findings import Findings
from ...errors import AudioFileError, PluginError
from ..chain import path as chain_path
from ..chain.chain import Chain
from ..chain.compiling import compilation_told
from ..chain.passes import Passes
from ..chain.progress import READ_BLOCK, Progress
from ..chain.strength import FULL_STRENGTH, LOSSY_EASING, check_strength, eased, mixed
from ..files.audio_reader import AudioReader
from ..files.audio_writer import AudioOverError, AudioWriter
from ..files.shifting import shift_positions
from ..files.source_file import SourceFile
from ..files.tags import copy_tags
from ..presets.preset import Preset, load_preset
from ..recording.document import Span
from ..recording.preparation import Prepared, prepare_recording
from ..storage.hashing import sha256_of
from ..storage.json_text import json_text
from ..storage.outputs import (
    events_path,
    labels_path,
    make_folder,
    refuse_same_file,
    removed_path,
    report_path,
)
from ..storage.publishing import Publication, clear_leftovers
from .event_log import EventLog, limits_anything
from .leftovers import replaceable
from .report import build_report
from .spool import FileSpool, ReaderSource

Overs = Literal["headroom", "float"]


@dataclass(frozen=True)
class Rendered:
    """What one render did.

    Attributes
    ----------
    source, output, report
        Paths of the input, the restored file and its JSON report.
    removed, events_file, labels_file
        Paths of what was removed, of the event list and of the label track; None where not asked for.
    seconds
        Length of the recording.
    findings
        What each stage that listened found, by its path in the chain.
    events
        Number of events by path and kind.
    headroom_gain
        Gain that kept an over from clipping; 1.0 where there was none.
    warnings
        What a person should know.
    """

    source: Path
    output: Path
    report: Path
    removed: Path | None
    events_file: Path | None
    labels_file: Path | None
    seconds: float
    findings: dict[chain_path.Path, Findings]
    events: dict[tuple[chain_path.Path, str], int]
    headroom_gain: float = 1.0
    warnings: list[str] = field(default_factory=list)


def render(
    preset: str | os.PathLike[str] | Preset | Chain,
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    removed: bool = False,
    events: bool = False,
    labels: bool = False,
    overwrite: bool = False,
    overs: Overs = "headroom",
    seed: int = 0,
    strength: float = FULL_STRENGTH,
    ease_lossy: bool | None = None,
    trim_ends_s: float | None = None,
    document: bool = True,
    documents: str | os.PathLike[str] | None = None,
    block_size: int = READ_BLOCK,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Rendered:
    """Restore the recording `source` into the file `output`.

    Parameters
    ----------
    preset
        Name of a factory preset, path of a preset file, a loaded preset, or a chain.
    source
        A sound file; it is never changed.
    output
        The restored file: same container, rate and depth as the source (FLAC for a lossy source), unless
        its ending asks for another container. A JSON report goes beside it.
    removed
        Also write what the repair stages removed, one word size up. For an integer file and a chain of
        repair stages alone, restored plus removed is the original to the bit.
    events
        Also write every event (a click repaired, say) as a line of JSON.
    labels
        Also write every event as a label that Audacity can import, at the times of the source.
    overwrite
        Whether existing outputs may be replaced. The source never is.
    overs
        What happens where the restored recording passes full scale in an integer file: ``"headroom"``
        turns the whole recording down by just enough and records the gain, ``"float"`` writes floats.
    seed
        Seed of the dither on samples that left the target's grid.
    strength
        Percent of every change that is made: 0 is the original to the bit, 100 the chain's own output.
    ease_lossy
        Whether the parameters whose role is ``strength`` are turned to 75 %, so that the stages do not
        uncover what a lossy coder hid. None: where the source is lossy.
    trim_ends_s
        Cut silent ends off, but for so many seconds; None: the restored file is as long as the source.
    document
        Obey the recording document (`RecordingDocument`) of the source where there is one.
    documents
        Folder of the documents; None: beside the recordings.
    block_size
        Samples read at once; the result never depends on it.
    progress
        Called with the share done (0 to 1) and what is being done.
    cancel
        Set it to stop; `Cancelled` is raised and nothing is written.

    Returns
    -------
    Rendered
        What was found and done.

    Raises
    ------
    AudioFileError
        The source cannot be read, or changed while it was, or the output cannot or must not be written.
    PresetError
        The preset cannot be used.
    DocumentError
        The recording's document cannot be used, or belongs to other audio.
    ParameterError
        `strength` or `trim_ends_s` is out of range, or a forced event cannot be repaired.
    PluginError
        A member of the chain failed.
    Cancelled
        `cancel` was set.
    """
    chain = _chain_of(preset)
    strength = check_strength(strength)
    source, output = Path(source), Path(output)
    with ExitStack() as stack:
        progress = stack.enter_context(compilation_told(progress))
        file = stack.enter_context(SourceFile(source))
        reader = stack.enter_context(AudioReader(file))
        if reader.frames == 0:
            raise AudioFileError(f"{source}: holds no samples; there is nothing to restore")
        _ = file.sha256  # of what is read from here on; compared in the end
        prepared = prepare_recording(
            reader,
            documents=Path(documents) if documents is not None else None,
            document=document,
            trim_ends_s=trim_ends_s,
            limits=limits_anything(chain),
            progress=progress,
            cancel=cancel,
        )
        make_folder(output.parent)
        clear_leftovers(output.parent)
        job = _Job(
            chain, reader, output, prepared,
            removed=removed, events=events, labels=labels,
            overs=overs, seed=seed, strength=strength, ease_lossy=ease_lossy,
        )  # fmt: skip
        publication = stack.enter_context(Publication(overwrite=overwrite))
        job.open_parts(publication)
        try:
            return job.run(publication, stack, block_size, progress, cancel)
        except PluginError as error:
            raise type(error)(f"{source}: {error}") from error


def _chain_of(preset: str | os.PathLike[str] | Preset | Chain) -> Chain:
    if isinstance(preset, Chain):
        return preset
    return (preset if isinstance(preset, Preset) else load_preset(preset)).new_chain()


class _RemovedOverError(Exception):
    """What was removed does not fit the integers of its file."""


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


class _Job:
    """The work of one `render` call, step by step."""

    def __init__(
        self,
        chain: Chain,
        reader: AudioReader,
        output: Path,
        prepared: Prepared,
        *,
        removed: bool,
        events: bool,
        labels: bool,
        overs: Overs,
        seed: int,
        strength: float,
        ease_lossy: bool | None,
    ) -> None:
        self.easing = LOSSY_EASING if _eases(ease_lossy, reader) else None
        self.chain = chain = chain if self.easing is None else eased(chain, self.easing)
        self.reader = reader
        self.source = reader.source
        self.output = output
        self.prepared = prepared
        self.keep = prepared.keep
        self.limiter_level = limiter_level(prepared.source_over)
        self.strength = strength
        self.format = reader.format.lossless_output(reader.frames).with_suffix(output.suffix, reader.frames)
        self.removed_format = self.format.one_word_up(reader.frames)
        self.removed = removed_path(output, self.removed_format) if removed else None
        self.events_file = events_path(output) if events else None
        self.labels_file = labels_path(output) if labels else None
        self.overs = overs
        self.seed = seed
        # Where every step is a repair, what was removed is the difference of the two files themselves,
        # rounding and dither included; elsewhere it is what the repair stages report.
        self.exact = chain.repairs_only and reader.format.is_lossless
        self.gain = 1.0
        self.adds_up = True
        self.warnings = chain.warnings()
        if ease_lossy is None and self.easing is not None:
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
        if self.strength:
            share = f"; {self.strength:g} % of that is in it" if self.strength < FULL_STRENGTH else ""
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
        if self.overs == "float":
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
            if self.strength < FULL_STRENGTH or (self.removed and self.exact):
                reader = stack.enter_context(AudioReader(self.source))
            position = 0
            for restored, removed in passes.final(report=report):
                count = restored.shape[1]
                original = reader.read(position, count) if reader else restored
                block = _Block(
                    original,
                    mixed(original, restored, self.strength),
                    self.strength / 100 * removed,
                )
                yield block.kept(self.keep, position)
                position += count

    def _write_once(self, passes: Passes) -> None:
        frames, self.adds_up = self._frames, True
        with ExitStack() as stack:
            restored = stack.enter_context(
                AudioWriter(self.output_part, self.format, frames, self.seed, self.gain)
            )
            if self.removed_part is None:
                for block in self._blocks(passes):
                    restored.write(block.restored)
                return
            removed = stack.enter_context(
                AudioWriter(self.removed_part, self.removed_format, frames, self.seed)
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
                "strength": self.strength,
                "lossy_easing": self.easing,
                **self.prepared.to_json(),
                "seed": self.seed,
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
