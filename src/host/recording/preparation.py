"""What is decided about one recording before it is rendered: the part that is kept, its engineer's word."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...analysis.carrier.silences import SilencesAnalyser
from ...analysis.noise.range_levels import RangeLevels
from ...errors import AudioFileError
from ..chain.guidance import NO_GUIDANCE, Guidance
from ..chain.progress import Progress
from ..files.audio_reader import AudioReader
from .document import RecordingDocument, Span
from .document_files import Kept, find_document, kept_document
from .identity import AudioIdentity
from .reading import Listener, PeakMeter, hear, identify


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

    It is read through once at most, for all that must be known of it.

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
    """
    form = reader.format
    levels = RangeLevels(form.sample_rate, form.channels)
    silences = SilencesAnalyser(form.sample_rate, form.channels)
    meter = PeakMeter()
    listeners: list[Listener] = [silences] if trim_ends_s is not None else []
    listeners += [meter] if limits and not form.is_integer else []
    were_read = False

    def identity() -> AudioIdentity:
        nonlocal were_read
        were_read = True
        return identify(reader, [levels, *listeners], progress, cancel)

    path, own = find_document(reader.path, documents, identity) if document else (None, None)
    if listeners and not were_read:
        doing = "measuring its peak" if trim_ends_s is None else "looking for silent ends"
        hear(reader, listeners, doing, progress, cancel)
    guidance = own.guidance() if own else NO_GUIDANCE
    margin = None if own and own.trim else trim_ends_s
    return Prepared(
        keep=own.trim if own and own.trim else _program(reader, silences, margin),
        guidance=guidance,
        document=(path, own) if path and own else None,
        margin_s=margin,
        source_over=max(1.0, meter.peak),
        warnings=tuple(levels.warnings(guidance.print_ranges)) if own else (),
    )


def _program(reader: AudioReader, silences: SilencesAnalyser, margin_s: float | None) -> Span | None:
    """Return where the program lies, with a margin; None where nothing is to be cut."""
    if margin_s is None:
        return None
    found = silences.result()
    start, stop = (round(time * reader.format.sample_rate) for time in found.trim_s(margin_s))
    stop = min(stop, reader.frames)
    if found.start_s == found.end_s or (start == 0 and stop == reader.frames):
        return None
    return Span(start, stop - start)


def open_document(
    source: Path, documents: Path | None = None, progress: Progress | None = None
) -> tuple[Kept, RangeLevels]:
    """Return the document of `source`, and its levels, for `RangeLevels.warnings`.

    Raises
    ------
    AudioFileError
        The recording cannot be read, or holds no samples.
    DocumentError
        The document cannot be used, or belongs to other audio.
    """
    with AudioReader(source) as reader:
        levels = RangeLevels(reader.format.sample_rate, reader.format.channels)
        kept = kept_document(source, documents, identify(reader, [levels], progress))
    if not kept.document.audio.frames:
        raise AudioFileError(f"{source}: holds no samples; there is nothing to decide about")
    return kept, levels
