"""The second engine: DeepFilterNet 3, each channel by itself, in stretches on an absolute grid."""

from __future__ import annotations

import numpy as np

from ...analysis.noise.deep_filtering import BINS, HOP_SECONDS, Shown, filtered, window
from ...analysis.program.program import Program
from ...audio.arrays import Audio
from ...contract.stage import Framing, Processor, Sink
from ...inference.deep_filter import DEEP_BINS, ERB_BANDS, LOOK_AHEAD, deep_filter
from ...kernels.spectra.stft import Spectra, forward
from .places import Places

# tuned: by hand, 2026-11-30, no record
_STEP = 400  # frames at a time
_BEFORE = 200  # frames heard again before them: the graphs begin every stretch without memory
_HELD = _BEFORE + LOOK_AHEAD


def framing(sample_rate: float) -> Framing:
    """Return how the engine sees a recording."""
    hop = _hop(sample_rate)
    return Framing(hop=_STEP * hop, latency=(1 + LOOK_AHEAD) * hop)


def _hop(sample_rate: float) -> int:
    return max(round(HOP_SECONDS * sample_rate), 1)


class Deep(Processor):
    """Gives back what the model says is speech, and as much of the rest as is asked for."""

    def __init__(self, sample_rate: float, channels: int, program: Program) -> None:
        self._hop = _hop(sample_rate)
        self._window = window(self._hop)
        self._frame_s = self._hop / sample_rate
        self._bins = min(BINS, self._hop + 1)
        self._places = Places(program)
        self._graphs = deep_filter()
        self._shown = [Shown() for _ in range(channels)]
        self._heard = 0
        self._delayed = np.zeros((channels, framing(sample_rate).latency))
        self._spectra = np.zeros((channels, _HELD, BINS), np.complex128)
        self._bands = np.zeros((channels, _HELD, ERB_BANDS))
        self._deep = np.zeros((channels, _HELD, DEEP_BINS), np.complex128)
        self._tail = np.zeros((channels, self._hop))

    def begin_at(self, position: int) -> None:
        """See `Processor.begin_at`."""
        self._heard = position // self._hop

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        """See `Processor.step`."""
        length = frame.shape[1]
        heard = np.concatenate([self._delayed, frame], axis=1)
        self._delayed = heard[:, length:]
        latest = forward(heard[:, self._delayed.shape[1] - self._hop :], self._window, self._hop)
        frames = self._heard - LOOK_AHEAD + np.arange(_STEP, dtype=np.float64)
        self._heard += _STEP
        share = self._places.at(frames * self._frame_s)
        kept = 10 ** (-self.settings.reduction_db / 20)
        taken = ((1 - kept) * self.settings.mix * share)[:, np.newaxis]
        out = heard[:, :length].copy()
        for channel, spectra in enumerate(latest):
            out[channel] -= self._overlapped(
                channel, self._noise(channel, spectra, bool(share.any())) * taken
            )
        return out

    def _noise(self, channel: int, latest: Spectra, wanted: bool) -> Spectra:
        """Return what is not speech in a channel's next frames, shape (_STEP, bins)."""
        shown = np.zeros((len(latest), BINS), np.complex128)
        shown[:, : self._bins] = latest[:, : self._bins] / self._window.size
        bands, deep = self._shown[channel].hear(shown)
        spectra = np.concatenate([self._spectra[channel], shown])
        bands, deep = (
            np.concatenate([held[channel], new]) for held, new in ((self._bands, bands), (self._deep, deep))
        )
        self._spectra[channel], self._bands[channel], self._deep[channel] = (
            each[_STEP:] for each in (spectra, bands, deep)
        )
        noise = np.zeros((_STEP, self._hop + 1), np.complex128)
        if wanted:
            speech = filtered(self._graphs, spectra, bands, deep)[_BEFORE:]
            rest = spectra[_BEFORE : _BEFORE + _STEP] - speech
            noise[:, : self._bins] = rest[:, : self._bins] * self._window.size
        return noise

    def _overlapped(self, channel: int, spectra: Spectra) -> Audio:
        frames = np.fft.irfft(spectra, self._window.size, axis=1) * self._window
        sums = np.zeros((len(frames) + 1, self._hop))
        sums[0] = self._tail[channel]
        sums[:-1] += frames[:, : self._hop]
        sums[1:] += frames[:, self._hop :]
        self._tail[channel] = sums[-1]
        return np.asarray(sums[:-1].ravel())
