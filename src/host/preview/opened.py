"""One recording that is looked at: what was heard of it, its document, and what stages learned of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from ...analysis.program.loudness import Loudness, LoudnessAnalyser
from ...errors import Cancelled, WavemendError
from ..chain.progress import READ_BLOCK, Progress
from ..recording.document import RecordingDocument
from ..recording.document_files import Kept, kept_document
from ..recording.identity import AudioHash
from .listening import Knowledge
from .peaks import Peaks
from .recordings import Recording


class Opened:
    """A recording that is open; it is heard through once, in the background.

    Parameters
    ----------
    path
        Sound file.
    documents
        Folder that recording documents share; None: they lie beside the recordings.
    progress
        Told how far a lossy file is decoded.

    Attributes
    ----------
    kept
        Its document, once the recording was heard through and is known to be the document's.
    loudness
        Of the whole; None until it was heard.
    error
        Why the document cannot be used; empty where it can.
    """

    def __init__(self, path: Path, documents: Path | None = None, progress: Progress | None = None) -> None:
        self.recording = Recording(path, progress)
        self.peaks = Peaks(self.recording)
        self.knowledge = Knowledge(self.recording)
        self.kept: Kept | None = None
        self.loudness: Loudness | None = None
        self.error = ""
        self._documents = documents

    def hear(self, progress: Progress, cancel: threading.Event) -> None:
        """Hear the recording through: for its waveform, its loudness, and to know which it is."""
        own = self.recording.another()
        try:
            hashed = AudioHash()
            loudness = LoudnessAnalyser(own.rate, own.channels)
            for start in range(0, own.frames, READ_BLOCK):
                if cancel.is_set():
                    raise Cancelled("closed")
                block = own.read(start, start + READ_BLOCK)
                for listener in (self.peaks, hashed, loudness):
                    listener.push(block)
                progress(min((start + READ_BLOCK) / own.frames, 1.0), "reading")
            self.peaks.finish()
            self.loudness = loudness.result()
            audio = hashed.identity(own.name, own.format)
        finally:
            if own is not self.recording:
                own.close()
        try:
            self.kept = kept_document(self.recording.path, self._documents, audio)
        except WavemendError as error:
            self.error = str(error)

    def save(self, change: Callable[[RecordingDocument], RecordingDocument]) -> Path:
        """Write the document with a change in it; raises `WavemendError`."""
        if self.kept is None:
            raise WavemendError(self.error or "the recording is still being read; save in a moment")
        self.kept = self.kept.save(change(self.kept.document))
        return self.kept.path

    def close(self) -> None:
        """Close the file."""
        self.recording.close()
