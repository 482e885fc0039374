"""The first engine: gains of two small networks of our own, up to 8 kHz, and what follows from them above."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...analysis.noise.voice_gains import BINS, FRAME_SECONDS, MODELS, voice_gains
from ...analysis.program.program import Program
from ...audio.arrays import Array, Audio
from ...contract.stage import Framing, Processor, Sink
from ...inference.packaged import model
from ...kernels.spectra.stft import OVERLAP, Spectra, forward, hann, hop_length, inverse, overlap_add
from .places import Places
from .treble import treble_gains

# source: the stretches that the models were trained with (models/training/voice)
_STRETCH = 448
# tuned: by hand, 2026-11-30, no record
_CONTEXT = 64  # frames at either end of a stretch whose gains are not used
_FADE = 32  # frames in which the gains of one stretch give way to those of the next
_STEP = _STRETCH - 2 * _CONTEXT


def framing(sample_rate: float) -> Framing:
    """Return how the engine sees a recording."""
    hop = hop_length(sample_rate, FRAME_SECONDS)
    return Framing(hop=_STEP * hop, latency=(OVERLAP - 1 + _CONTEXT) * hop)


class Network(Processor):
    """Hears stretches on an absolute grid, and takes from the delayed input what is noise in it."""

    def __init__(self, sample_rate: float, channels: int, program: Program) -> None:
        self._hop = hop_length(sample_rate, FRAME_SECONDS)
        self._window = hann(OVERLAP * self._hop)
        self._frame_s = self._hop / sample_rate
        bins = self._window.size // 2 + 1
        self._shown = min(BINS, bins)
        self._places = Places(program)
        self._models = [model(name) for name in MODELS]
        self._heard = 0
        overlap = (OVERLAP - 1) * self._hop
        self._delayed = np.zeros((channels, framing(sample_rate).latency))
        self._spectra = np.zeros((channels, _STRETCH - _STEP, bins), np.complex128)
        self._fading = np.ones((_FADE, bins))
        self._tail = np.zeros((channels, overlap))

    def begin_at(self, position: int) -> None:
        """See `Processor.begin_at`."""
        self._heard = position // self._hop

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        """See `Processor.step`."""
        length = frame.shape[1]
        heard = np.concatenate([self._delayed, frame], axis=1)
        self._delayed = heard[:, length:]
        latest = heard[:, self._delayed.shape[1] - (OVERLAP - 1) * self._hop :]
        stretch = np.concatenate([self._spectra, forward(latest, self._window, self._hop)], axis=1)
        self._spectra = stretch[:, _STEP:]
        frames = self._heard - _CONTEXT + np.arange(_STEP, dtype=np.float64)
        self._heard += _STEP
        middles = (frames - (OVERLAP - 1) + OVERLAP / 2) * self._frame_s
        noise = self._noise(stretch, self._places.at(middles))
        complete, self._tail = overlap_add(inverse(noise, self._window), self._tail)
        return np.asarray(heard[:, :length] - complete)

    def _noise(self, stretch: Spectra, share: Array) -> Spectra:
        """Return what is taken from the middle of a stretch, shape (channels, _STEP, bins)."""
        middle = slice(_CONTEXT, _CONTEXT + _STEP)
        if not share.any():
            self._fading[:] = 1.0
            return np.zeros_like(stretch[:, middle])
        gains = self._gains(stretch)
        used = gains[middle].copy()
        rising = (np.arange(_FADE) + 0.5)[:, np.newaxis] / _FADE
        used[:_FADE] = self._fading + rising * (used[:_FADE] - self._fading)
        self._fading = gains[_STRETCH - _CONTEXT :][:_FADE]
        least = 10 ** (-self.settings.reduction_db / 20)
        taken = (1 - np.maximum(used, least)) * (self.settings.mix * share)[:, np.newaxis]
        return np.asarray(stretch[:, middle] * taken)

    def _gains(self, stretch: Any) -> Array:
        """Return the gains of a stretch, shape (_STRETCH, bins); all channels share them."""
        power = np.sum(stretch.real**2 + stretch.imag**2, axis=0)
        shown = np.zeros((_STRETCH, BINS))
        shown[:, : self._shown] = power[:, : self._shown]
        below = voice_gains(self._models, shown)[:, : self._shown]
        return np.concatenate([below, treble_gains(power, below)], axis=1)
