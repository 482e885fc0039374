"""The recording document: what belongs to one recording and to no other.

::

    side1.wav                       the recording, never changed
    side1.wav.wavemend.json         what was found in it, and what an engineer decided about it

It is keyed by a hash of the decoded samples, so it survives new tags and another lossless container, and is
refused for any other audio. `render` obeys it when it is there. Documents may also share one folder, where
recordings of the same name have one each. Like a preset a document may come from a stranger: it is data, and
can name neither a file nor anything to run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ...contract.findings import Findings
from ...contract.marks import Mark, Marks
from ...errors import DocumentError
from ..chain.guidance import Guidance
from ..storage.strict_json import clip
from .identity import AudioIdentity


@dataclass(frozen=True)
class Span:
    """A stretch of the recording, in samples."""

    position: int
    length: int

    @property
    def stop(self) -> int:
        """One past the last sample."""
        return self.position + self.length


@dataclass(frozen=True)
class EventMark:
    """A vetoed or forced event: the stage it is for, and where it is."""

    stage: str
    mark: Mark


@dataclass(frozen=True)
class RecordingDocument:
    """What belongs to one recording.

    Attributes
    ----------
    audio
        The recording.
    trim
        The part that renders keep; None: all of it.
    print_ranges
        Where noise is heard alone: what Denoise learns from.
    vetoed_events, forced_events
        Events that must not, or must, be repaired.
    findings
        What the analysis found, by the names of `wavemend.analysis.finders.finders`.
    unread
        Names of findings in the file that this version of wavemend cannot read; analyse again for them.
    """

    audio: AudioIdentity
    trim: Span | None = None
    print_ranges: tuple[Span, ...] = ()
    vetoed_events: tuple[EventMark, ...] = ()
    forced_events: tuple[EventMark, ...] = ()
    findings: Mapping[str, Findings] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def guidance(self) -> Guidance:
        """Return what a render must obey."""
        vetoed, forced = (_by_stage(events) for events in (self.vetoed_events, self.forced_events))
        return Guidance(
            marks={
                stage: Marks(tuple(vetoed.get(stage, ())), tuple(forced.get(stage, ())))
                for stage in sorted({*vetoed, *forced})
            },
            print_ranges=tuple((span.position, span.stop) for span in self.print_ranges),
        )

    def for_audio(self, audio: AudioIdentity, where: str) -> RecordingDocument:
        """Return this document, refused with `DocumentError` where it belongs to other audio."""
        if self.audio != audio:
            raise DocumentError(
                f"{where}: belongs to other audio ({clip(self.audio.name)}, {self.audio.frames} samples, "
                f"hash {self.audio.sha256[:12]}), not to {audio.name} ({audio.frames} samples, "
                f"hash {audio.sha256[:12]}); move it away, or render with --no-document"
            )
        return replace(self, audio=audio)


def _by_stage(events: Iterable[EventMark]) -> dict[str, list[Mark]]:
    marks: dict[str, list[Mark]] = {}
    for event in events:
        marks.setdefault(event.stage, []).append(event.mark)
    return marks
