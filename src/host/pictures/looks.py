"""One look over a recording, however long: a spectrogram of fixed size, and its spectra by third octaves.

::

    columns     |      1      |      2      |  ...          a thousand, whatever the length
    frames         [-] [-] [-]   [-] [-] [-]                a few in each; the rest of a long one is not read

Memory does not grow with the recording, and of long ones only the frames are read.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ...analysis.program.octaves import ThirdOctaves
from ...audio.arrays import Array, Audio
from ...errors import Cancelled
from ...kernels.spectra.stft import forward, hann
from ..chain.progress import Progress

_COLUMNS = 900  # tuned: by eye, 2026-11-30; a column a pixel, about
_ROWS = 256  # tuned: by eye, 2026-11-30
_FRAMES_A_COLUMN = 4  # tuned: by eye, as in findings
_LOWEST_HZ = 20.0  # source: the lower end of hearing
_QUIET_SHARE = 0.1  # tuned: 2026-11-30; pauses take more of most recordings, and their ends less
_SILENT = 1e-15  # guard: mean square below which a frame is digital silence
_LEAST = 1e-20  # guard: no logarithm of nothing


class Signal(Protocol):
    """What can be looked at: a file, or the difference of two."""

    @property
    def sample_rate(self) -> int:
        """Hz."""

    @property
    def channels(self) -> int:
        """Number of channels."""

    @property
    def frames(self) -> int:
        """Length."""

    def read(self, start: int, count: int) -> Audio:
        """Return frames, shape (channels, n), fewer at the end."""


@dataclass(frozen=True)
class Look:
    """What was seen of one recording; levels are means over its channels.

    Attributes
    ----------
    sample_rate, frames
        Of the recording.
    edges_s, edges_hz
        Where columns and rows of the spectrogram begin and end.
    levels_db
        Spectrogram, dBFS, shape (rows, columns).
    centre_hz
        Middles of the third octaves, shape (bands,).
    mean_db, quiet_db
        Power in each band over the whole, and that which its quietest tenth stays below, dBFS. Digital
        silence is left out of both; -200 where there is nothing else.
    share
        How much of the recording was looked at.
    """

    sample_rate: int
    frames: int
    edges_s: Array
    edges_hz: Array
    levels_db: Array
    centre_hz: Array
    mean_db: Array
    quiet_db: Array
    share: float

    @property
    def seconds(self) -> float:
        """Length of the recording."""
        return self.frames / self.sample_rate


def look_at(
    signal: Signal,
    *,
    doing: str = "looking",
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Look:
    """Look over a recording.

    Raises
    ------
    Cancelled
        `cancel` was set.
    AudioFileError
        It cannot be read.
    """
    rate, frames = signal.sample_rate, max(signal.frames, 1)
    size = 4096 if rate < 64_000 else 8192
    column = max(-(-frames // _COLUMNS), size // 4)
    columns = -(-frames // column)
    rows = _Rows(rate, size)
    bands = ThirdOctaves(rate, 2 * size)
    window = hann(2 * size)
    scale = 2 / (2 * size * np.sum(window**2))
    forwards = _Forwards(signal, 2 * size)
    levels = np.empty((rows.count, columns))
    powers: list[Array] = []
    for index in range(columns):
        if cancel is not None and cancel.is_set():
            raise Cancelled("cancelled; nothing was written")
        begin, end = index * column, min((index + 1) * column, frames)
        ends = np.linspace(begin, end, min(_FRAMES_A_COLUMN, end - begin) + 1)[1:].astype(int)
        seen = [forwards.frame(int(one)) for one in ends]
        levels[:, index] = np.mean([rows(frame[:, size:]) for frame in seen], axis=0)
        for frame in seen:
            spectrum = forward(frame, window, 2 * size)[:, 0]
            powers.append(bands(np.mean(np.abs(spectrum) ** 2, axis=0) * scale))
        if progress:
            progress((index + 1) / columns, doing)
    mean_db, quiet_db = _spectra(np.stack(powers))
    return Look(
        sample_rate=rate,
        frames=signal.frames,
        edges_s=np.minimum(np.arange(columns + 1) * column, frames) / rate,
        edges_hz=rows.edges_hz,
        levels_db=10 * np.log10(levels + 1e-15),
        centre_hz=bands.centre_hz,
        mean_db=mean_db,
        quiet_db=quiet_db,
        share=min(len(powers) * 2 * size / frames, 1.0),
    )


def _spectra(powers: Array) -> tuple[Array, Array]:
    """Return the mean and the quiet level of each band, dB, shape (frames, bands) to (bands,) each."""
    heard = powers[powers.sum(axis=1) > _SILENT]
    if not heard.size:
        nothing = np.full(powers.shape[1], 10 * np.log10(_LEAST))
        return nothing, nothing
    both = heard.mean(axis=0), np.quantile(heard, _QUIET_SHARE, axis=0)
    mean, quiet = (10 * np.log10(np.maximum(one, _LEAST)) for one in both)
    return mean, quiet


class _Rows:
    """Power of a frame in bands of equal ratio."""

    count = _ROWS

    def __init__(self, sample_rate: float, size: int) -> None:
        self._window = hann(size)
        self._scale = 2 / np.sum(self._window) ** 2
        bins = np.fft.rfftfreq(size, 1 / sample_rate)
        self.edges_hz = np.geomspace(_LOWEST_HZ, sample_rate / 2, _ROWS + 1)
        # a band narrower than a bin shows the bin that it lies in
        low = np.clip(np.searchsorted(bins, self.edges_hz[:-1]), 1, bins.size - 1)
        high = np.maximum(np.searchsorted(bins, self.edges_hz[1:]), low + 1)
        self._bounds = np.stack([low, high], axis=1).ravel()

    def __call__(self, frame: Audio) -> Array:
        spectrum = forward(frame, self._window, self._window.size)[:, 0]
        mean = np.mean(np.abs(spectrum) ** 2, axis=0) * self._scale
        return np.asarray(np.add.reduceat(np.append(mean, 0.0), self._bounds)[::2])


class _Forwards:
    """Frames of one size in the order of their ends: nothing is read twice, which lossy files are slow at."""

    def __init__(self, signal: Signal, size: int) -> None:
        self._signal, self._size, self._at = signal, size, 0
        self._held = np.zeros((signal.channels, size))

    def frame(self, end: int) -> Audio:
        """Return the frame that ends at `end`, zeros before the recording and behind it."""
        begin = max(self._at, end - self._size)
        new = self._signal.read(begin, end - begin)
        if new.shape[1] < end - begin:  # a lossy file that ends earlier than it says
            new = np.pad(new, ((0, 0), (0, end - begin - new.shape[1])))
        self._held = np.concatenate([self._held, new], axis=1)[:, -self._size :]
        self._at = end
        return self._held
