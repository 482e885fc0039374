"""Which audio a recording is: its samples, hashed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from ...audio.arrays import Audio
from ..files.audio_format import AudioFormat


@dataclass(frozen=True)
class AudioIdentity:
    """Which audio a document belongs to; `name` is for people, and does not count."""

    name: str = field(compare=False)
    sha256: str
    sample_rate: int
    channels: int
    frames: int


class AudioHash:
    """Recognises a recording by its samples: SHA-256 of float64, little-endian, channels interleaved."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._frames = 0

    def push(self, audio: Audio) -> None:
        """Hear the next block, shape (channels, n)."""
        self._digest.update(audio.T.astype("<f8").tobytes())
        self._frames += audio.shape[1]

    def identity(self, name: str, form: AudioFormat) -> AudioIdentity:
        """Return which audio it was."""
        return AudioIdentity(name, self._digest.hexdigest(), form.sample_rate, form.channels, self._frames)
