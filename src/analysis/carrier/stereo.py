"""How a recording's channels belong together: mono carried as stereo, polarity, delay, balance, silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from scipy import fft

from ...audio.arrays import Array, Audio, Mask
from ...audio.checks import MAX_CHANNELS, limited
from ...contract.constraints import CHANNELS, SHARE, Axis, Each, OneMoreThan, Range
from ...contract.findings import NO_LEVEL, Analyser, Findings
from ...kernels.spectra.cross_spectrum import (
    Delay,
    add_levelled_products,
    add_products,
    add_samples,
    coherence,
    delay,
)
from ...kernels.spectra.stft import hann
from .bandwidth import SILENCE_DBFS

NO_DIFFERENCE_DB = NO_LEVEL
"""Level of the difference of channels that are identical."""

# tuned: by hand with bench channel_finder, 2026-11-21; the split is not recorded
FARTHEST_MS = 5.0
"""Longest delay that is looked for."""

# tuned: by hand with bench channel_finder, 2026-11-21; the split is not recorded
_MOST_DB = 400.0  # guard: what findings may say
_HOP_SECONDS = 0.045
_ALL_FRAMES, _LATER_FRAMES = 256, 8  # 11 s are heard closely, of the rest every eighth frame; guard: time
_MONO_DB = -25.0
_NOISY_MONO_DB = -8.0
_COHERENT = 0.9
_COHERENT_SHARE = 0.88  # of the energy
_GAIN_SPREAD_DB = 0.18  # beside what is due to chance
_QUANTILE = 1.64  # derived: of a normal distribution, either side: nine tenths
_LEAST_DELAY_MS = 0.0025  # derived: a tenth of a sample at 44.1 kHz
_STEREO_DELAY_MS = 0.01  # chorus and reverberation alone shift true stereo by up to 0.009 ms
_LEAST_FRAMES = 8
_LEAST_BINS = 12.0
_LEAST_LINEARITY = 0.33
_LEAST_SIGNIFICANCE = 12.0
_RANGE = 1e-7  # guard: of the strongest bin: below it are side lobes and rounding


_OTHERS, _WITHIN_DB = Axis("other channels", most=MAX_CHANNELS - 1), Range(-_MOST_DB, _MOST_DB)


@dataclass(frozen=True, eq=False)
class Stereo(Findings):
    """How each channel stands beside the first one; arrays but `silent` have shape (channels - 1,).

    Attributes
    ----------
    silent
        Channels without sound beside others that have some, shape (channels,).
    balance_db
        RMS level over the first channel's; 0 where either is silent.
    correlation
        Correlation coefficient as the samples stand, -1 to 1; 0 where either is silent.
    difference_db
        Level of the plain difference over the mean level of both; -200 where they are identical.
    residual_db
        What the first channel, at the best delay, gain and polarity, leaves of this one; 0 is all of it.
    one_gain
        Whether one gain leads from the first channel to this one wherever they are coherent, and that is
        nearly everywhere: so it is with one source under noise, not with panned instruments.
    related
        Whether they carry one source with one delay: only then do `delay_ms` and `inverted` say anything.
    delay_ms, delay_error_ms
        How much later than the first channel, and the standard error; 0 where not related.
    inverted
        Opposite polarity; False where not related.
    confidence
        In what is said of the channels that are related, 0 to 1.
    """

    silent: Annotated[Mask, Each(CHANNELS), OneMoreThan("related")]
    balance_db: Annotated[Array, Each(_OTHERS), _WITHIN_DB]
    correlation: Annotated[Array, Each(_OTHERS), Range(-1.0, 1.0)]
    difference_db: Annotated[Array, Each(_OTHERS), _WITHIN_DB]
    residual_db: Annotated[Array, Each(_OTHERS), _WITHIN_DB]
    one_gain: Annotated[Mask, Each(_OTHERS)]
    related: Annotated[Mask, Each(_OTHERS)]
    delay_ms: Annotated[Array, Each(_OTHERS), Range(-2 * FARTHEST_MS, 2 * FARTHEST_MS)]
    delay_error_ms: Annotated[Array, Each(_OTHERS), Range(0.0, 2 * FARTHEST_MS)]
    inverted: Annotated[Mask, Each(_OTHERS)]
    confidence: Annotated[float, SHARE]

    @property
    def mono(self) -> Mask:
        """Which channels hold nothing that the first one has not, but little noise; shape (channels - 1,)."""
        identical = self.difference_db <= NO_DIFFERENCE_DB
        left = np.minimum(self.residual_db, self.difference_db)
        alike = self.related & ((left <= _MONO_DB) | (self.one_gain & (left <= _NOISY_MONO_DB)))
        return np.asarray((identical | alike) & ~self.silent[0] & ~self.silent[1:])

    @property
    def late(self) -> Mask:
        """Which channels are off in time, mono by over 2.5 µs, stereo by over 10; shape (channels - 1,)."""
        least = np.where(self.mono, _LEAST_DELAY_MS, _STEREO_DELAY_MS)
        surely = np.maximum(3 * self.delay_error_ms, least)
        return self.related & (np.abs(self.delay_ms) > surely)

    @property
    def found(self) -> bool:
        """Whether anything is wrong: a channel silent, inverted, late, or the same as the first."""
        return bool(self.silent.any() or (self.mono | self.inverted | self.late).any())

    def describe(self) -> str:
        """See `Findings.describe`."""
        if self.silent.size == 1:
            return "one channel"
        said = [f"channel {channel + 1} is silent" for channel in np.flatnonzero(self.silent)]
        for other in range(self.silent.size - 1):
            name = f"channel {other + 2}"
            if self.mono[other]:
                level = max(self.residual_db[other], NO_DIFFERENCE_DB)
                same = self.difference_db[other] <= NO_DIFFERENCE_DB
                said.append(f"{name} is the first again ({'identical' if same else f'{level:.0f} dB left'})")
            if self.inverted[other]:
                said.append(f"{name} has opposite polarity")
            if self.late[other]:
                by = self.delay_ms[other]
                said.append(f"{name} is {abs(by):.4f} ms {'late' if by > 0 else 'early'}")
            if np.abs(self.balance_db[other]) >= 1:
                said.append(f"{name} is {self.balance_db[other]:+.1f} dB beside the first")
        return "; ".join(said) or "channels in order"


class StereoAnalyser(Analyser[Stereo]):
    """Compare each channel with the first: sums of products, and cross-spectra of half-overlapping frames."""

    def __init__(self, sample_rate: float, channels: int) -> None:
        hop = int(fft.next_fast_len(max(int(_HOP_SECONDS * sample_rate), 8), real=True))
        super().__init__(sample_rate, channels, hop)
        self._window = hann(2 * hop)
        self._single = self._window.astype(np.float32)
        self._windowed = np.zeros((channels, 2 * hop), np.float32)
        self._before = np.zeros((channels, hop))
        self._count = 0
        self._power = np.zeros((channels, hop + 1))
        self._cross = np.zeros((channels - 1, hop + 1), np.complex128)
        self._levelled_power = np.zeros((channels - 1, 2, hop + 1))
        self._levelled_cross = np.zeros_like(self._cross)
        self._frames = 0
        self._energy = np.zeros(channels)
        self._product = np.zeros(channels - 1)
        self._difference = np.zeros(channels - 1)

    def _frame(self, frame: Audio) -> None:
        frame = limited(frame)
        add_samples(frame, self._energy, self._product, self._difference)
        self._count += 1
        if self.channels > 1 and (self._count <= _ALL_FRAMES or self._count % _LATER_FRAMES == 0):
            hop = frame.shape[1]
            np.multiply(self._before, self._single[:hop], out=self._windowed[:, :hop], casting="same_kind")
            np.multiply(frame, self._single[hop:], out=self._windowed[:, hop:], casting="same_kind")
            # single precision is far finer than what a delay of a thousandth of a sample needs
            spectra = fft.rfft(self._windowed, axis=1)
            add_products(spectra, self._power, self._cross)
            add_levelled_products(spectra, self._levelled_power, self._levelled_cross)
            self._frames += 1
        self._before = frame

    def _conclude(self, rest: Audio) -> Stereo:
        if rest.size:
            self._frame(np.pad(rest, ((0, 0), (0, self._window.size // 2 - rest.shape[1]))))
        samples = max(self._heard, 1)
        level = 10 * np.log10(np.maximum(self._energy / samples, 1e-20))
        silent = (level < SILENCE_DBFS) & (level.max() > SILENCE_DBFS + 20)
        both = (level[1:] > SILENCE_DBFS) & (level[0] > SILENCE_DBFS)
        scale = np.maximum(np.sqrt(self._energy[0] * self._energy[1:]), 1e-300)
        mean = np.maximum((self._energy[0] + self._energy[1:]) / 2, 1e-300)
        pairs = [self._pair(k) if both[k] else _UNRELATED for k in range(self.channels - 1)]
        related = np.array([pair.related for pair in pairs], bool)
        to_ms = 1e3 / self.sample_rate
        return Stereo(
            silent=silent,
            balance_db=np.where(both, np.asarray(np.round(level[1:] - level[0], 3)), 0.0),
            correlation=np.where(both, np.clip(self._product / scale, -1.0, 1.0), 0.0),
            difference_db=np.round(_decibels(self._difference / mean), 3),
            residual_db=np.array([pair.residual_db for pair in pairs], np.float64),
            one_gain=np.array([pair.one_gain for pair in pairs], bool),
            related=related,
            delay_ms=np.array([pair.delay.samples * to_ms for pair in pairs], np.float64) * related,
            delay_error_ms=np.array([min(pair.delay.error * to_ms, FARTHEST_MS) for pair in pairs]) * related,
            inverted=np.array([pair.delay.sign < 0 for pair in pairs], bool) & related,
            confidence=min((pair.confidence for pair in pairs if pair.related), default=0.0),
        )

    def _pair(self, other: int) -> _Pair:
        """Compare the spectra of a channel with those of the first."""
        first, second, cross = self._power[0], self._power[other + 1], self._cross[other]
        if self._frames < _LEAST_FRAMES:
            return _UNRELATED
        frames = 0.9 * self._frames  # half-overlapping Hann frames count for a little less than their number
        coherent = coherence(cross, first * second, frames) * _heard(first, second)
        levelled, powers = self._levelled_cross[other], self._levelled_power[other]
        alike = coherence(levelled, powers[0] * powers[1], frames) * _heard(powers[0], powers[1])
        found = delay(levelled, alike, int(np.ceil(FARTHEST_MS / 1e3 * self.sample_rate)))
        omega = np.pi * np.arange(cross.size) / (cross.size - 1)
        turned = (cross * np.exp(1j * omega * found.samples)).real
        # a window that slides off itself by the delay sees that much less in common
        shift = min(round(abs(found.samples)), self._window.size // 2)
        slid = np.dot(self._window[shift:], self._window[: self._window.size - shift])
        seen = float(slid / np.sum(self._window**2))
        share = (float(turned[3:].sum()) / seen) ** 2 / max(float(first[3:].sum() * second[3:].sum()), 1e-300)
        residual = np.round(_decibels(np.array(1 - min(share, 1.0))), 3)
        return _Pair(found, float(residual), _one_gain(first, second, coherent / seen**2, frames))


class _Pair(NamedTuple):
    """A channel beside the first one: delay, what is left, whether one gain leads to it."""

    delay: Delay
    residual_db: float
    one_gain: bool

    @property
    def related(self) -> bool:
        """Whether one delay explains much of what they have in common, and by far more than chance."""
        found = self.delay
        bins = (found.significance / max(found.linearity, 1e-9)) ** 2 / 2  # about how many are coherent
        steady = found.linearity >= _LEAST_LINEARITY
        return steady and found.significance >= _LEAST_SIGNIFICANCE and bins >= _LEAST_BINS

    @property
    def confidence(self) -> float:
        """How sure delay and polarity are, 0 to 1."""
        sure = 1 - np.exp(-2 * self.delay.significance / _LEAST_SIGNIFICANCE)
        return round(float(np.clip(self.delay.linearity * sure, 0.0, 1.0)), 2)


_UNRELATED = _Pair(Delay(0.0, 0.0, 1.0, 0.0, 0.0), 0.0, False)


def _heard(first: Array, second: Array) -> Mask:
    """Tell which bins are sound in both channels, not an offset, rumble, side lobes or rounding."""
    heard = (first > _RANGE * first.max()) & (second > _RANGE * second.max())
    heard[:3] = heard[-1] = False
    return np.asarray(heard)


def _one_gain(first: Array, second: Array, coherent: Array, frames: float) -> bool:
    """Tell whether channels stand in one proportion where they are coherent: noise changes only the rest."""
    both = np.sqrt(first * second)
    kept = coherent > _COHERENT
    if np.count_nonzero(kept) < _LEAST_BINS or both[kept].sum() < _COHERENT_SHARE * both[3:].sum():
        return False
    gain = 10 * np.log10(second[kept] / first[kept])
    chance = 10 / np.log(10) * np.sqrt(2 * (1 - np.minimum(coherent[kept], 1.0)) / frames)
    least = np.hypot(_GAIN_SPREAD_DB, _QUANTILE * float(np.median(chance)))
    return bool(np.quantile(np.abs(gain - np.median(gain)), 0.9) < least)


def _decibels(ratio: Array) -> Array:
    return np.asarray(10 * np.log10(np.maximum(ratio, 10 ** (NO_DIFFERENCE_DB / 10))))
