"""A recording read through once, for all who listen to it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ...audio.arrays import Audio
from ...audio.crew import Crew
from ...errors import Cancelled
from ..chain.progress import READ_BLOCK, Progress
from ..files.audio_reader import AudioReader
from .identity import AudioHash, AudioIdentity


class Listener(Protocol):
    """Whoever hears a recording: an analyser, a hash."""

    def push(self, audio: Audio) -> None:
        """Hear the next block, shape (channels, n)."""


class PeakMeter:
    """Largest absolute sample: floats and lossy coding can hold what passes full scale."""

    def __init__(self) -> None:
        self.peak = 0.0

    def push(self, audio: Audio) -> None:
        """Hear the next block, shape (channels, n)."""
        self.peak = max(self.peak, float(np.abs(audio).max(initial=0.0)))


def hear(
    reader: AudioReader,
    listeners: Sequence[Listener],
    doing: str,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    *,
    crew: Crew | None = None,
) -> None:
    """Read an open recording through to `listeners`, and tell how far it is; as one of a `crew`.

    Raises
    ------
    Cancelled
        `cancel` was set.
    AudioFileError
        It cannot be read, or changed meanwhile.
    """
    done = 0
    crew = crew or Crew()
    for block in crew.reading(reader.blocks(READ_BLOCK)):
        if cancel is not None and cancel.is_set():
            raise Cancelled("cancelled; nothing was written")
        with crew.at_work():
            for listener in listeners:
                listener.push(block)
        done += block.shape[1]
        if progress is not None:
            progress(min(done / max(reader.frames, 1), 1.0), doing)


def identify(
    reader: AudioReader,
    beside: Sequence[Listener] = (),
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> AudioIdentity:
    """Read an open recording through and say which audio it is; those `beside` hear it too."""
    hashed = AudioHash()
    hear(reader, [hashed, *beside], "recognising the recording", progress, cancel)
    return hashed.identity(reader.path.name, reader.format)
