"""Transcripts as text, SRT and WebVTT: the same segments, three files beside a recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ...contract.recogniser import Segment
from ..storage.file_names import beside
from ..storage.publishing import Publication
from ..storage.strict_json import printable

SUFFIXES = (".txt", ".srt", ".vtt")
"""Of the files, behind the whole name of the recording: ``side.wav.srt``."""

_NOT_CHECKED = "A machine's transcript, not checked by a person"


def transcript_paths(recording: Path) -> list[Path]:
    """Return where the transcript of `recording` goes: text, SRT and WebVTT."""
    return [beside(recording, suffix) for suffix in SUFFIXES]


def captions_of(recording: Path, segments: Sequence[Segment], identity: Mapping[str, str]) -> dict[Path, str]:
    """Return the text of each file of a transcript of `recording`, by where it goes."""
    name = printable(recording.name)
    makers = zip(transcript_paths(recording), (as_text, as_srt, as_webvtt), strict=True)
    return {path: _encodable(made(name, segments, identity)) for path, made in makers}


def _encodable(lines: Iterable[str]) -> str:
    """Join lines; bytes of a name that are no UTF-8 become question marks."""
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace").decode("utf-8")


def write_captions(captions: Mapping[Path, str], *, overwrite: bool = False) -> None:
    """Write the files of a transcript, all of them or none.

    Raises
    ------
    TargetExistsError, TargetBusyError
        One is there already, or is being written by someone else.
    AudioFileError
        One cannot be written.
    """
    with Publication(overwrite=overwrite) as publication:
        parts = [publication.part_of(target) for target in captions]
        for part, text in zip(parts, captions.values(), strict=True):
            part.write_text(text, "utf-8", newline="\n")
        publication.publish()


def as_text(name: str, segments: Sequence[Segment], identity: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of a text: what it is, and each segment behind the time when it begins."""
    yield from _head(name, identity)
    yield ""
    for one in segments:
        yield f"{_clock(one.start_s, '.')[:-4]}  {one.text}"


def as_srt(name: str, segments: Sequence[Segment], identity: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of a SubRip file, which can hold nothing but captions."""
    for number, one in enumerate(segments, 1):
        yield str(number)
        yield f"{_clock(one.start_s, ',')} --> {_clock(one.end_s, ',')}"
        yield one.text.replace("-->", "->")
        yield ""


def as_webvtt(name: str, segments: Sequence[Segment], identity: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of a WebVTT file (W3C Candidate Recommendation, 2019)."""
    yield "WEBVTT"
    yield ""
    yield "NOTE"
    yield from (line.replace("-->", "->") for line in _head(name, identity))
    for one in segments:
        yield ""
        yield f"{_clock(one.start_s, '.')} --> {_clock(one.end_s, '.')}"
        yield one.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _head(name: str, identity: Mapping[str, str]) -> Iterator[str]:
    yield f"{_NOT_CHECKED}: {name}"
    yield from (f"{what}: {value}" for what, value in identity.items())


def _clock(seconds: float, mark: str) -> str:
    """Return hours, minutes, seconds and thousandths, as SRT and WebVTT have them."""
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}{mark}{rest % 1000:03d}"
