"""What is late, in blocks on an absolute grid whose filters give way to the next one's."""

from __future__ import annotations

import numpy as np

from ...analysis.program.reverberation import FRAME_SECONDS, Reverberation
from ...audio.arrays import Array, Audio
from ...contract.stage import Framing, Processor, Sink
from ...kernels.spectra.late_prediction import Prediction, late
from ...kernels.spectra.stft import OVERLAP, Spectra, forward, hann, hop_length, inverse, overlap_add

# tuned: made-up rooms around takes of the tuning set, 2026-11-30; docs/dereverb.md has what else was tried
_STEP_S = 6.0  # a block is two of them long
_ALONE = Prediction(taps=20, delay=2, iterations=3)
_TOGETHER = Prediction(taps=16, delay=2, iterations=2)  # of each of two channels
_TREBLE = Prediction(taps=10, delay=2, iterations=2)
_TREBLE_HZ, _HIGHEST_HZ = 8000.0, 20_000.0

_PAIR = 2  # channels that are heard for each other; guard: of more, the cost would grow with their square


def framing(sample_rate: float) -> Framing:
    """Return how the processor sees a recording."""
    hop, step = hop_length(sample_rate, FRAME_SECONDS), _step(sample_rate)
    return Framing(hop=step * hop, latency=(step + OVERLAP - 1) * hop)


def _step(sample_rate: float) -> int:
    return round(_STEP_S * sample_rate / hop_length(sample_rate, FRAME_SECONDS))


class Rooms:
    """How much of what is late is taken, along the time.

    Parameters
    ----------
    found
        What the analysis found.
    voices
        Whether voices alone are worked on.
    """

    def __init__(self, found: Reverberation, *, voices: bool) -> None:
        rooms = found.rooms(voices=voices)
        seconds = np.arange(max(int(np.ceil(rooms.size * found.block_s)), 1)) + 0.5
        block = np.minimum((seconds / found.block_s).astype(np.int64), max(rooms.size - 1, 0))
        self._seconds = seconds
        self._shares = rooms[block].astype(np.float64) if rooms.size else np.zeros(1)

    @property
    def any(self) -> bool:
        """Whether there is a room at all."""
        return bool(self._shares.any())

    def at(self, times_s: Array) -> Array:
        """Return shares, 0 to 1, at these times; between seconds they follow a line."""
        return np.interp(times_s, self._seconds, self._shares)


class Late(Processor):
    """Takes from the delayed input what its blocks predict."""

    def __init__(self, sample_rate: float, channels: int, rooms: Rooms) -> None:
        self._rooms = rooms
        self._step = _step(sample_rate)
        self._hop = hop_length(sample_rate, FRAME_SECONDS)
        self._hop_s = self._hop / sample_rate
        self._window = np.sqrt(hann(OVERLAP * self._hop))
        hz = np.fft.rfftfreq(self._window.size, 1 / sample_rate)
        edges = np.searchsorted(hz, [_TREBLE_HZ, _HIGHEST_HZ], side="right").tolist()
        self._bands = [(slice(0, edges[0]), _TOGETHER if channels == _PAIR else _ALONE)]
        if edges[1] > edges[0]:
            self._bands.append((slice(*edges), _TREBLE))
        self._heard = 0
        self._first = True
        self._length: int | None = None
        self._reach = max(_ALONE.reach, _TOGETHER.reach, _TREBLE.reach)
        self._delayed = np.zeros((channels, framing(sample_rate).latency))
        self._spectra = np.zeros((channels, self._reach + self._step, edges[1]), np.complex128)
        self._fading: Spectra | None = None
        self._tail = np.zeros((channels, (OVERLAP - 1) * self._hop))
        self._rising = ((np.arange(self._step) + 0.5) / self._step)[:, np.newaxis]

    def begin_at(self, position: int) -> None:
        """See `Processor.begin_at`."""
        self._heard = position // self._hop

    def finish(self, length: int) -> None:
        """See `Processor.finish`."""
        self._length = length

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        """See `Processor.step`."""
        length = frame.shape[1]
        heard = np.concatenate([self._delayed, frame], axis=1)
        self._delayed = heard[:, length:]
        latest = heard[:, self._delayed.shape[1] - (OVERLAP - 1) * self._hop :]
        spectra = forward(latest, self._window, self._hop)[:, :, : self._spectra.shape[2]]
        block = np.concatenate([self._spectra, spectra], axis=1)
        self._spectra = block[:, self._step :]
        whole = self._whole(length)
        frames = self._heard - self._step + np.arange(self._step, dtype=np.float64)
        self._heard += self._step
        middles = (frames - (OVERLAP - 1) + OVERLAP / 2) * self._hop_s
        taken = self._late(block, self._rooms.at(middles), whole)
        complete, self._tail = overlap_add(inverse(taken, self._window), self._tail)
        return np.asarray(heard[:, :length] - complete)

    def _whole(self, length: int) -> float:
        """Return how much of a block's second half is of the recording, 0 to 1."""
        if self._length is None:
            return 1.0
        return float(np.clip((self._length - self._heard * self._hop) / length, 0.0, 1.0))

    def _late(self, block: Spectra, share: Array, whole: float) -> Spectra:
        """Return what is taken from the block's first half, shape (channels, step, all bins)."""
        taken = np.zeros((len(block), self._step, self._window.size // 2 + 1), np.complex128)
        first, self._first = self._first, False
        if first or not share.any():  # the first block's first half is before the recording
            self._fading = None
            return taken
        predicted = self._predicted(block)
        half = predicted[:, : self._step]
        if self._fading is not None:
            # a block that the recording ends in has less to learn from than the one before it
            half = self._fading + whole * self._rising * (half - self._fading)
        self._fading = predicted[:, self._step :]
        taken[:, :, : block.shape[2]] = half * (self.settings.strength * share)[:, np.newaxis]
        return taken

    def _predicted(self, block: Spectra) -> Spectra:
        """Return what is late in both halves of a block."""
        if len(block) != _PAIR:
            return np.concatenate([self._predicted_of(one) for one in block[:, np.newaxis]])
        if np.array_equal(block[0], block[1]):  # one voice in both: what is of one is of the other
            return np.repeat(self._predicted_of(block[:1]), _PAIR, axis=0)
        return self._predicted_of(block)

    def _predicted_of(self, block: Spectra) -> Spectra:
        parts = []
        for band, prediction in self._bands:
            with_reach = prediction if len(block) == _PAIR or prediction is not _TOGETHER else _ALONE
            parts.append(late(block[:, self._reach - with_reach.reach :, band], with_reach))
        return np.concatenate(parts, axis=2)
