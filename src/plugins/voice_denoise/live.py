"""The live engine: gains of a network that hears the past alone, frame by frame, for streams and hosts."""

from __future__ import annotations

import numpy as np

from ...analysis.noise.voice_gains import BANDS, BINS, FRAME_SECONDS, spreading
from ...analysis.noise.voice_live import CHANNELS, MODEL, Shown
from ...audio.arrays import Array, Audio
from ...contract.stage import Framing, Processor, Sink
from ...inference.packaged import model
from ...kernels.spectra.stft import OVERLAP, Spectra, forward, hann, hop_length, inverse, overlap_add
from .treble_live import Treble

# source: what the model voice_live-1 hears at once, and what it remembers (models/training/voice_live)
_SHOWN = 7
_STATE = 160
# tuned: by hand, 2026-11-30, no record
_WAITING = 30  # frames that the floor has to be known from before anything is taken
_RISING = 20  # frames after those, until all of it is


def framing(sample_rate: float) -> Framing:
    """Return how the engine sees a recording."""
    hop = hop_length(sample_rate, FRAME_SECONDS)
    return Framing(hop=hop, latency=(OVERLAP - 1) * hop)


class Live(Processor):
    """Hears a frame each hop, and takes from the delayed input what is noise in it."""

    def __init__(self, sample_rate: float, channels: int) -> None:
        self._hop = hop_length(sample_rate, FRAME_SECONDS)
        self._window = hann(OVERLAP * self._hop)
        bins = self._window.size // 2 + 1
        self._bins = min(BINS, bins)
        self._model = model(MODEL)
        self._spreading = spreading()[:, : self._bins]
        self._shown = Shown()
        self._treble = Treble(bins - self._bins)
        self._features = np.zeros((CHANNELS, _SHOWN, BANDS), np.float32)
        self._state = np.zeros((1, 1, _STATE), np.float32)
        self._delayed = np.zeros((channels, framing(sample_rate).latency))
        self._tail = np.zeros((channels, (OVERLAP - 1) * self._hop))

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        """See `Processor.step`."""
        heard = np.concatenate([self._delayed, frame], axis=1)
        self._delayed = heard[:, self._hop :]
        spectra = forward(heard, self._window, self._hop)
        least = 10 ** (-self.settings.reduction_db / 20)
        taken = (1 - np.maximum(self._gains(spectra), least)) * self.settings.mix
        complete, self._tail = overlap_add(inverse(spectra * taken, self._window), self._tail)
        return np.asarray(heard[:, : self._hop] - complete)

    def _gains(self, spectra: Spectra) -> Array:
        """Return the gains of the newest frame, shape (1, bins); all channels share them."""
        power = np.sum(spectra.real**2 + spectra.imag**2, axis=0)
        below = np.zeros((1, BINS))
        below[:, : self._bins] = power[:, : self._bins]
        shown, known, count = self._shown.hear(below)
        self._features = np.concatenate([self._features[:, 1:], shown], axis=1)
        answer, self._state = self._model.run({"features": self._features[np.newaxis], "state": self._state})
        gains = answer.reshape(1, BANDS).astype(np.float64) @ self._spreading
        above = self._treble.hear(power[:, self._bins :], gains, known)
        share = min(max((count[0] - _WAITING) / _RISING, 0.0), 1.0) * known[0]
        return np.asarray(1 - share * (1 - np.concatenate([gains, above], axis=1)))
