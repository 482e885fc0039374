"""``wavemend transcribe``: what is said in one recording."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...contract.recogniser import Segment
from ...errors import Cancelled, TargetExistsError
from ..chain.progress import Progress
from ..files.audio_reader import AudioReader
from ..storage.outputs import make_folder
from . import DEFAULT_RECOGNISER
from .captions import captions_of, transcript_paths, write_captions
from .pieces import block_frames, pieces
from .recognisers import Listener, heard


@dataclass(frozen=True)
class Transcript:
    """What was said in a recording.

    Attributes
    ----------
    source
        The recording.
    segments
        Begin and end in seconds, and the words.
    identity
        By what it was made: the recogniser, its versions, model and settings.
    outputs
        Files that were written: text, SRT and WebVTT.
    """

    source: Path
    segments: Sequence[Segment]
    identity: Mapping[str, str]
    outputs: Sequence[Path] = ()

    @property
    def text(self) -> str:
        """All words, a line a segment."""
        return "\n".join(one.text for one in self.segments)


def transcribe(
    source: str | os.PathLike[str],
    folder: str | os.PathLike[str] | None = None,
    *,
    recogniser: str = DEFAULT_RECOGNISER,
    model: str | None = None,
    language: str | None = None,
    write: bool = True,
    overwrite: bool = False,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Transcript:
    """Hear what is said in a recording, best a restored one, and write it as text, SRT and WebVTT.

    Nothing is downloaded, and nothing leaves this machine.

    Parameters
    ----------
    source
        Sound file.
    folder
        Where the files go; None: beside the recording.
    recogniser
        Name of an installed one.
    model
        Folder of a model, or the name of one that is on the disk; None: the recogniser's own.
    language
        Such as ``"en"``; None: as the model hears it.
    write
        Whether files are written at all.
    overwrite
        Whether existing ones may be replaced.
    progress
        Called with the share done and what is being done.
    cancel
        Set it to stop after the current piece; nothing is written.

    Raises
    ------
    ModelError
        The model is not on the disk, or cannot be used.
    PluginError
        The recogniser is not installed, or failed.
    AudioFileError
        The recording cannot be read, or a file not written; `TargetExistsError`: one is there already.
    Cancelled
        `cancel` was set.
    """
    path = Path(source)
    place = path if folder is None else Path(folder) / path.name
    listener = Listener(recogniser, model, language)
    identity = listener.identity()
    if write and not overwrite:
        refuse_existing(place)
    segments = [*segments_of(path, listener, progress=progress, cancel=cancel)]
    if not write:
        return Transcript(path, segments, identity)
    make_folder(place.parent)
    captions = captions_of(place, segments, identity)
    write_captions(captions, overwrite=overwrite)
    return Transcript(path, segments, identity, [*captions])


def refuse_existing(recording: Path) -> None:
    """Raise `TargetExistsError` where a file of the transcript of `recording` is there already."""
    for target in transcript_paths(recording):
        if os.path.lexists(target):
            raise TargetExistsError(f"{target}: is there already; say --overwrite to replace it")


def segments_of(
    path: Path, listener: Listener, *, progress: Progress | None = None, cancel: threading.Event | None = None
) -> Iterator[Segment]:
    """Yield what is said in a recording, which is read as it is listened to; raises as `transcribe` does."""
    recogniser = listener.load()
    with AudioReader(path) as reader:
        source_rate = reader.format.sample_rate
        length_s = max(reader.frames / source_rate, 1e-9)
        blocks = reader.blocks(block_frames(source_rate, recogniser.sample_rate))
        for start_s, sound in pieces(blocks, source_rate, recogniser.sample_rate, recogniser.longest_s):
            if cancel is not None and cancel.is_set():
                raise Cancelled("cancelled; nothing was written")
            if progress:
                progress(min(start_s / length_s, 1.0), "transcribing")
            yield from heard(recogniser, listener.recogniser, sound, start_s)
