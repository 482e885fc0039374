"""What is decided about one recording before it is rendered: the part that is kept, its engineer's word."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...analysis.carrier.silences import SilencesAnalyser
from ...analysis.noise.range_levels import RangeLevels
from ...audio.arrays import Audio
from ...errors import AudioFileError, Cancelled, ParameterError
from ..chain.guidance import NO_GUIDANCE, Guidance
from ..chain.progress import READ_BLOCK, Progress
from ..files.audio_reader import AudioReader
from .document import AudioHash, AudioIdentity, RecordingDocument, Span, find_document

LONGEST_MARGIN_S = 3600.0


@dataclass(frozen=True)
class Prepared:
    """Decisions about one recording.

    Attributes
    ----------
    keep
        The part that is written; None: all of it.
    guidance
        What stages must obey.
    document
        The recording document; None where there is none.
    margin_s
        Margin of trimmed ends; None where ends were not looked for.
    source_over
        Factor by which the recording itself passes full scale; 1 where it does not, or nobody needs to know.
    warnings
        What a person should know about the print ranges, where a stage learns from them.
    """

    keep: Span | None = None
    guidance: Guidance = NO_GUIDANCE
    document: tuple[Path, RecordingDocument] | None = None
    margin_s: float | None = None
    source_over: float = 1.0
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Facts for the report; nothing where nothing was decided."""
        facts: dict[str, Any] = {}
        if self.document:
            path, document = self.document
            facts["document"] = {
                "name": path.name,
                "vetoed_events": len(document.vetoed_events),
                "forced_events": len(document.forced_events),
                "print_ranges": [vars(span) for span in document.print_ranges],
            }
        if self.source_over > 1:
            facts["source_over_db"] = round(20 * math.log10(self.source_over), 3)
        if self.keep:
            facts["trim"] = {**vars(self.keep), "margin_s": self.margin_s}
        return facts


def prepare_recording(
    reader: AudioReader,
    *,
    documents: Path | None = None,
    document: bool = True,
    trim_ends_s: float | None = None,
    limits: bool = False,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Prepared:
    """Decide about an open recording, from its document and its silent ends.

    Parameters
    ----------
    reader
        The recording.
    documents
        Folder that recording documents share; None: they lie beside the recordings.
    document
        Whether to look for one.
    trim_ends_s
        Margin, in seconds, to keep of silent ends; None: they are kept whole. A trim in the document comes
        before it.
    limits
        Whether levels will be limited, so that it must be known how far the recording passes full scale.
    progress, cancel
        As in `render`.

    Raises
    ------
    DocumentError
        The document cannot be used, or belongs to other audio.
    ParameterError
        `trim_ends_s` is not a margin.
    """
    if trim_ends_s is not None and not 0 <= trim_ends_s <= LONGEST_MARGIN_S:
        raise ParameterError(f"trim_ends_s={trim_ends_s!r} is not allowed; it must be 0 to 3600 s")
    found = None
    warnings: list[str] = []
    if document:
        levels = RangeLevels(reader.format.sample_rate, reader.format.channels)
        path, own = find_document(reader.path, documents, lambda: identify(reader, progress, cancel, levels))
        warnings = levels.warnings(own.guidance().print_ranges) if own else []
        found = (path, own) if own else None
    keep = found[1].trim if found else None
    margin = None
    if keep is None and trim_ends_s is not None:
        margin = trim_ends_s
        keep = find_program(reader, trim_ends_s, progress, cancel)
    guidance = found[1].guidance() if found else NO_GUIDANCE
    over = max(1.0, _peak(reader, progress, cancel)) if limits and not reader.format.is_integer else 1.0
    return Prepared(keep, guidance, found, margin, over, tuple(warnings))


def _peak(reader: AudioReader, progress: Progress | None, cancel: threading.Event | None) -> float:
    """Largest absolute sample: floats and lossy coding can hold what passes full scale."""
    blocks = _told(reader, "measuring its peak", progress, cancel)
    return max((float(np.abs(block).max(initial=0.0)) for block in blocks), default=0.0)


def identify(
    reader: AudioReader,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    levels: RangeLevels | None = None,
) -> AudioIdentity:
    """Read an open recording through and say which audio it is; `levels` hears it too."""
    hashed = AudioHash()
    for block in _told(reader, "recognising the recording", progress, cancel):
        hashed.push(block)
        if levels:
            levels.push(block)
    return hashed.identity(reader.path.name, reader.format)


def find_program(
    reader: AudioReader,
    margin_s: float,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Span | None:
    """Return where the program of an open recording lies, with a margin; None where nothing is to be cut."""
    form = reader.format
    silences = SilencesAnalyser(form.sample_rate, form.channels)
    for block in _told(reader, "looking for silent ends", progress, cancel):
        silences.push(block)
    found = silences.result()
    start, stop = (round(time * form.sample_rate) for time in found.trim_s(margin_s))
    stop = min(stop, reader.frames)
    if found.start_s == found.end_s or (start == 0 and stop == reader.frames):
        return None
    return Span(start, stop - start)


def _told(
    reader: AudioReader, doing: str, progress: Progress | None, cancel: threading.Event | None
) -> Iterator[Audio]:
    done = 0
    for block in reader.blocks(READ_BLOCK):
        if cancel is not None and cancel.is_set():
            raise Cancelled("cancelled; nothing was written")
        yield block
        done += block.shape[1]
        if progress is not None:
            progress(min(done / max(reader.frames, 1), 1.0), doing)


def open_document(
    source: Path, documents: Path | None = None, progress: Progress | None = None
) -> tuple[Path, RecordingDocument, bool, RangeLevels]:
    """Return where the document of `source` lies, what it says (else it is empty), and whether it is there.

    The levels of the recording come with it, for `RangeLevels.warnings`.

    Raises
    ------
    AudioFileError
        The recording cannot be read, or holds no samples.
    DocumentError
        The document cannot be used, or belongs to other audio.
    """
    with AudioReader(source) as reader:
        levels = RangeLevels(reader.format.sample_rate, reader.format.channels)
        audio = identify(reader, progress, levels=levels)
        path, found = find_document(source, documents, lambda: audio)
    document = found or RecordingDocument(audio)
    if not document.audio.frames:
        raise AudioFileError(f"{source}: holds no samples; there is nothing to decide about")
    return path, document, found is not None, levels
