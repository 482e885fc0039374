"""Where most was removed, and what is heard there: short pieces of original, restored and removed as FLAC.

Loudness decides (ITU-R BS.1770-4), not energy: what nobody hears, a rumble say, is not what one listens for.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soundfile

from ...analysis.program.loudness import k_weighting
from ...audio.arrays import Array, Audio
from ...audio.framing import FrameGrid
from ...errors import Cancelled
from ...kernels.filters.biquads import filtered_energy
from ...kernels.samples.dither import Dither
from ..chain.progress import READ_BLOCK, Progress
from ..pictures.looks import Signal

_HOP_S = 0.1  # source: EBU Tech 3341, the step of momentary loudness
_HOPS_A_FRAME = 50  # guard: enough to make Python's share of the time small
_PIECE_S = 3.0  # tuned: by ear, 2026-11-30; a phrase
_LEAST_PIECE_S = 0.3  # guard: less is no use
_APART_S = 8.0  # tuned: by ear, 2026-11-30; not the same place twice
_FADE_S = 0.005  # tuned: by ear, 2026-11-30; a cut clicks
_BITS = 16  # tuned: by ear, 2026-11-30; with dither, and half the bytes of 24
_MOST_BYTES = 4_500_000  # guard: of all samples in a page before FLAC packs them; a mail takes 10 MB
_MOST_CHANNELS = 2  # guard: what browsers play to headphones
_FLAC_RATES = 655_350  # source: RFC 9639, 8.2
_LEAST = 1e-30  # guard: no logarithm of nothing


@dataclass(frozen=True)
class Removal:
    """How much was removed, along the recording and in all.

    Attributes
    ----------
    hop
        Samples between the places of `power`.
    power
        K-weighted mean square of what was removed, all channels, shape (hops,).
    share_db
        What was removed, relative to the original, in loudness: dB.
    """

    hop: int
    power: Array
    share_db: float


@dataclass(frozen=True)
class Moment:
    """A place to listen to: first sample, length, loudness of what was removed, pieces by name."""

    position: int
    length: int
    removed_lufs: float
    flac: dict[str, bytes]


def measure_removal(
    removed: Signal,
    before: Signal | None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Removal:
    """Read what was removed through, and the original beside it; constant memory but for a number a hop."""
    meters = [_Meter(signal) for signal in (removed, before) if signal is not None]
    for start in range(0, removed.frames, READ_BLOCK):
        if cancel is not None and cancel.is_set():
            raise Cancelled("cancelled; nothing was written")
        for meter in meters:
            meter.hear(start)
        if progress:
            progress(min((start + READ_BLOCK) / max(removed.frames, 1), 1.0), "measuring what was removed")
    power = meters[0].power()
    whole = meters[1].power().sum() if before is not None else 0.0
    share = 10 * np.log10(max(power.sum(), _LEAST) / whole) if whole > _LEAST else float("nan")
    return Removal(meters[0].hop, power, float(share))


class _Meter:
    def __init__(self, signal: Signal) -> None:
        self._signal = signal
        self.hop = max(round(_HOP_S * signal.sample_rate), 1)
        self._grid = FrameGrid(signal.channels, self.hop * _HOPS_A_FRAME)
        self._sections = k_weighting(signal.sample_rate)
        self._state = np.zeros((signal.channels, 2, 2))
        self._powers: list[Array] = []

    def hear(self, start: int) -> None:
        for frame in self._grid.push(self._signal.read(start, READ_BLOCK)):
            self._add(frame)

    def _add(self, frame: Audio) -> None:
        self._powers.append(
            filtered_energy(frame, self._sections, self._state, self.hop).sum(axis=0) / self.hop
        )

    def power(self) -> Array:
        rest = self._grid.rest()
        self._add(np.ascontiguousarray(np.pad(rest, ((0, 0), (0, -rest.shape[1] % self.hop)))))
        return np.concatenate(self._powers)


def loudest_moments(
    removal: Removal, sample_rate: int, channels: int, count: int
) -> list[tuple[int, int, float]]:
    """Return first sample, length and loudness of the places where most was removed, in their order."""
    seconds = piece_seconds(sample_rate, channels, count)
    if not count or seconds < _LEAST_PIECE_S or not removal.power.size:
        return []
    # in a short recording shorter ones, nearer to each other
    hops = min(max(round(seconds / _HOP_S), 1), max(removal.power.size // (2 * count), 1))
    sums = np.convolve(removal.power, np.ones(hops), "valid") / max(hops, 1)
    apart = hops + min(round(_APART_S / _HOP_S), removal.power.size // (4 * count))
    left, found = sums.copy(), []
    for _ in range(count):
        best = int(np.argmax(left))
        if left[best] <= _LEAST:
            break
        found.append((best * removal.hop, hops * removal.hop, -0.691 + 10 * np.log10(sums[best])))
        left[max(best - apart, 0) : best + apart] = 0.0
    return sorted(found)


def piece_seconds(sample_rate: int, channels: int, count: int) -> float:
    """Return how long each of `count` moments may be, three pieces each, so that a page stays small."""
    a_second = 3 * max(count, 1) * sample_rate * min(channels, _MOST_CHANNELS) * _BITS // 8
    return min(_PIECE_S, _MOST_BYTES / a_second)


def cut_moments(places: Sequence[tuple[int, int, float]], signals: dict[str, Signal | None]) -> list[Moment]:
    """Cut the places out of each signal there is."""
    return [
        Moment(
            position, length, lufs,
            {name: _flac(one, position, length) for name, one in signals.items() if one is not None},
        )
        for position, length, lufs in places
    ]  # fmt: skip


def _flac(signal: Signal, position: int, length: int) -> bytes:
    audio = signal.read(position, length)[:_MOST_CHANNELS]
    fade = min(max(round(_FADE_S * signal.sample_rate), 1), audio.shape[1] // 2)
    ramp = (np.arange(fade) + 0.5) / max(fade, 1)
    audio = np.ascontiguousarray(np.clip(audio, -1.0, 1.0))
    audio[:, :fade] *= ramp
    audio[:, audio.shape[1] - fade :] *= ramp[::-1]
    words = Dither(_BITS, 0).words(audio, 1.0, position)
    file = io.BytesIO()
    rate = signal.sample_rate
    soundfile.write(file, words, rate, "PCM_16", format="FLAC" if rate <= _FLAC_RATES else "WAV")
    return file.getvalue()
