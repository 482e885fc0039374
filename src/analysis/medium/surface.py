"""Surface: what lies under the program, by octave, and how fast it turned, by what comes back with a turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from scipy import fft

from ...audio.arrays import Array, Audio
from ...audio.checks import limited
from ...contract.constraints import SHARE, Ascending, Axis, Each, Range
from ...contract.findings import NO_LEVEL, Analyser, Findings
from ...kernels.filters.decimation import decimate, decimation_filter
from ...kernels.spectra.stft import hann
from ..speeds import ACOUSTIC_78, ELECTRIC_78, LP, SINGLE, SIXTEEN
from .turns import TurnSpectrum, evidence, floor_level, onsets, sharpened

# tuned: by hand with bench.material.tuning.media, tuning ranges and takes, 2026-11-29
_LOW_RATE_HZ = 250.0
_LOW_HZ = 35.0
_FRAME_S = 0.02
_BATCH = 10  # frames at once; guard: Python's share of the time is small
_PULSE_FRAMES = 5
_PULSE_HZ = (4.0, 35.0)
_PULSE_NEPERS = 1.5  # a note or a knock is not a turn
_BANDS_AN_OCTAVE = 3
_LOWEST_HZ = 187.5  # derived: three octaves under the groups
_GROUPS_HZ = (1500.0, 6000.0, 24_000.0)  # of bands whose floors are heard together
_SECONDS_AT_ONCE = 64.0
_SILENT = 1e-12  # guard: of a band's power; far under the dither of 16 bits

# tuned: the same; harmonics' highest frequency in Hz, their numbers, and the power over which none counts
_COMB = (25.0, (4, 8, 15), 4.0)
_SWISH = (9.0, (1, 2, 4), 12.0)
_PULSE = (4.5, (1, 2, 3), 8.0)
_PULSE_WEIGHT = 0.5
_RHYTHM = (12.0, (1, 2, 4, 8), 8.0)  # the music's own beat speaks against it
_BEAT_NATS, _RHYTHMIC_NATS = 10.0, 25.0
_RHYTHM_BANDS, _PROGRAM_DB = 2, 28.0  # every other band, and how far under all sound a beat may lie
_SWISH_UNTIL_HZ, _LEAST_SHARE = 12.0, 0.25
_USUAL_SECONDS, _MOST_LONGER = 10.0, 6.0  # what lasts longer says more
_FREE_NATS, _MOST_NATS = 4.0, 20.0  # what is found everywhere, and what one kind of evidence may bring
_LEAST_NATS, _SURE_NATS = 12.0, 34.0
_LEAST_TURNS = 4.0
_TIE = 1e-3
_SHARPENED, _HARMONICS = 0.04, 3

_OFF = 0.015  # source: machines keep their speed to a hundredth or better
_OWN_OFF = 0.01  # source: the same
_STEP = 1.5e-3  # derived: a tenth of that
_SNAPPED = (SIXTEEN, LP, SINGLE)
_FREE_RPM = ((60.0, 91.0), (138.0, 188.0))  # source: 78s ran at 60 to 90, cylinders at 120 to 185, mostly 160
_MOST_RPM = 1000.0  # guard: what findings may say


_OCTAVES, _LEVEL_DBFS = Axis("octaves", most=16), Range(NO_LEVEL, -NO_LEVEL)
_QUANTILES = (0.1, 0.5, 0.9)  # tuned: by hand, 2026-11-29, no record
_STEPS = 160  # guard: a histogram of levels, in dB under full scale
_LEAST_FRAMES = 50  # guard: 1 s of sound; the floor of a click in silence is the click
_SILENCE_DBFS = -90.0  # derived: over the dither of 16 bits, -96.3 dBFS


def _speeds() -> Array:
    spans = [(speed.rpm * (1 - _OFF), speed.rpm * (1 + _OFF)) for speed in _SNAPPED]
    return np.concatenate(
        [np.exp(np.arange(np.log(low), np.log(high), _STEP)) for low, high in [*spans, *_FREE_RPM]]
    )


_NAMED_RPM = np.array([LP.rpm, SINGLE.rpm, ACOUSTIC_78.rpm, ELECTRIC_78.rpm])
_SPEEDS_RPM = _speeds()  # derived: every speed that is looked for
_OWN_SPEED = (np.abs(_SPEEDS_RPM[:, np.newaxis] / _NAMED_RPM - 1) < _OWN_OFF).any(
    axis=1
)  # derived: those near a name


@dataclass(frozen=True, eq=False)
class Surface(Findings):
    """What lies under the program, and how fast the disc or the cylinder turned that it is the surface of.

    Attributes
    ----------
    octave_hz
        Middle of each octave, shape (octaves,); none where less than 1 s sounds.
    floor_dbfs, usual_dbfs, loud_dbfs
        Level of all channels' mean power in each octave, which it stays below for a tenth, half and nine
        tenths of the time, silence left out, shape (octaves,).
    rpm
        16.67, 33.33 or 45, or what was measured from 60 to 91 and 138 to 188; 0 where nothing turns.
    comb_nats, swish_nats, pulse_nats
        How unlikely chance makes it, by the lines of the lowest sounds, by the level of the noise above
        1.5 kHz, and by that of the lowest noise; 0 where nothing turns.
    confidence
        0 (nothing found) to 1.
    """

    octave_hz: Annotated[Array, Each(_OCTAVES), Range(0.0), Ascending()]
    floor_dbfs: Annotated[Array, Each(_OCTAVES), _LEVEL_DBFS]
    usual_dbfs: Annotated[Array, Each(_OCTAVES), _LEVEL_DBFS]
    loud_dbfs: Annotated[Array, Each(_OCTAVES), _LEVEL_DBFS]
    rpm: Annotated[float, Range(0.0, _MOST_RPM)]
    comb_nats: Annotated[float, Range(0.0)]
    swish_nats: Annotated[float, Range(0.0)]
    pulse_nats: Annotated[float, Range(0.0)]
    confidence: Annotated[float, SHARE]

    @property
    def found(self) -> bool:
        """Whether anything turned."""
        return self.rpm > 0

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.found:
            return "nothing that comes back with a turn"
        by = {
            "lines below the music": self.comb_nats,
            "surface noise": self.swish_nats,
            "rumble's level": self.pulse_nats,
        }
        said = " and ".join(name for name, nats in by.items() if nats > _FREE_NATS)
        return f"turned at {self.rpm:.4g} rpm, by {said}, confidence {self.confidence:.1f}"


class SurfaceAnalyser(Analyser[Surface]):
    """Listen to what lies below the music, and to the floors of bands above it, for what comes back."""

    def __init__(self, sample_rate: float, channels: int) -> None:
        factor = max(int(sample_rate / _LOW_RATE_HZ), 1)
        self._low_hop = max(round(_FRAME_S * sample_rate / factor), 1)
        hop = self._low_hop * factor
        super().__init__(sample_rate, channels, hop=_BATCH * hop)
        self._factor, rate = factor, sample_rate / factor
        self._taps = decimation_filter(sample_rate, factor, _LOW_HZ)
        self._before = np.zeros((channels, self._taps.size - factor))
        self._window = hann(2 * hop).astype(np.float32)
        self._recent = np.zeros((channels, hop), np.float32)
        hz = np.fft.rfftfreq(2 * hop, 1 / sample_rate)
        edges = _LOWEST_HZ * 2 ** (np.arange(7 * _BANDS_AN_OCTAVE + 1) / _BANDS_AN_OCTAVE)
        edges = edges[edges < min(_GROUPS_HZ[-1], 0.46 * sample_rate)]
        self._edges = np.searchsorted(hz, edges)
        self._groups = np.searchsorted(_GROUPS_HZ, edges[:-1], side="right") - 1
        octaves = max(edges.size - 1, 0) // _BANDS_AN_OCTAVE
        self._octave_hz = edges[: octaves * _BANDS_AN_OCTAVE : _BANDS_AN_OCTAVE] * np.sqrt(2.0)
        self._histogram = np.zeros((octaves, _STEPS), np.int64)
        self._scale = 2 / (channels * 2 * hop * float(np.sum(self._window**2)))
        self._swish = [TurnSpectrum(sample_rate / hop, 1) for _ in _GROUPS_HZ[:-1]]
        self._comb = TurnSpectrum(rate, channels)
        self._pulse = TurnSpectrum(sample_rate / hop / _PULSE_FRAMES, 1)
        self._rhythm = TurnSpectrum(sample_rate / hop, 1)
        self._pulse_window = hann(2 * _PULSE_FRAMES * self._low_hop)
        low_hz = np.fft.rfftfreq(self._pulse_window.size, 1 / rate)
        self._rumbles = (low_hz >= _PULSE_HZ[0]) & (low_hz <= _PULSE_HZ[1])
        self._low: list[Audio] = []
        self._levels: list[Array] = []
        self._energy = 0.0

    def _frame(self, frame: Audio) -> None:
        frame = limited(frame)
        self._energy += float(np.var(frame))
        audio = np.concatenate([self._before, frame], axis=1)
        self._before = audio[:, audio.shape[1] - self._before.shape[1] :]
        self._low.append(decimate(audio, self._taps, self._factor))
        recent = np.concatenate([self._recent, frame], axis=1, dtype=np.float32)
        hop = self._recent.shape[1]
        self._recent = recent[:, -hop:]
        if self._edges.size > 1:
            windows = np.lib.stride_tricks.sliding_window_view(recent, 2 * hop, axis=1)[:, ::hop]
            spectra = fft.rfft(windows * self._window, axis=2)
            power = np.asarray(np.sum(spectra.real**2 + spectra.imag**2, axis=0, dtype=np.float64))
            sums = self._scale * np.add.reduceat(power[:, : self._edges[-1]], self._edges[:-1], axis=1)
            self._levels.append(10 * np.log10(sums + _SILENT))
            self._count(sums)
        if len(self._low) == round(_SECONDS_AT_ONCE / _FRAME_S / _BATCH):
            self._take()

    def _count(self, sums: Array) -> None:
        """Count the level of each octave where there is sound; powers of bands, shape (frames, bands)."""
        octaves = len(self._histogram)
        if not octaves:
            return
        power = sums[:, : octaves * _BANDS_AN_OCTAVE].reshape(len(sums), octaves, -1).sum(axis=2)
        power = power[power.sum(axis=1) > 10 ** (_SILENCE_DBFS / 10)]
        step = np.clip(10 * np.log10(power + 10 ** (-_STEPS / 10)) + _STEPS, 0, _STEPS - 1).astype(np.intp)
        np.add.at(self._histogram, (np.broadcast_to(np.arange(octaves), step.shape), step), 1)

    def _take(self) -> None:
        """Hand on what was heard."""
        if not self._low:
            return
        low = np.concatenate(self._low, axis=1)
        self._comb.hear(low)
        self._pulse.hear(self._pulsing(low)[np.newaxis])
        if self._levels:
            levels = np.concatenate(self._levels).T
            least = 10 * np.log10(self._energy / len(self._levels) + _SILENT) - _PROGRAM_DB
            self._rhythm.hear(onsets(np.maximum(levels[::_RHYTHM_BANDS], least))[np.newaxis])
            for number, spectrum in enumerate(self._swish):
                if (self._groups == number).any():
                    spectrum.hear(
                        floor_level(levels[self._groups == number], 10 * np.log10(_SILENT))[np.newaxis]
                    )
        self._low, self._levels, self._energy = [], [], 0.0

    def _pulsing(self, low: Audio) -> Array:
        """Return the level of the lowest noise, in nepers about its median."""
        hop = _PULSE_FRAMES * self._low_hop
        if low.shape[1] < 2 * hop:
            return np.zeros(0)
        windows = np.lib.stride_tricks.sliding_window_view(low, 2 * hop, axis=1)[:, ::hop]
        spectra = fft.rfft(windows * self._pulse_window, axis=2)[..., self._rumbles]
        level = np.log(np.sum(spectra.real**2 + spectra.imag**2, axis=(0, 2)) + 1e-18)
        return np.asarray(np.clip(level - np.median(level), -_PULSE_NEPERS, _PULSE_NEPERS))

    def _conclude(self, rest: Audio) -> Surface:
        self._take()
        for spectrum in (*self._swish, self._comb, self._pulse, self._rhythm):
            spectrum.conclude()
        heard = len(self._histogram) > 0 and self._histogram[0].sum() >= _LEAST_FRAMES
        total = np.cumsum(self._histogram, axis=1)
        floor, usual, loud = (
            np.argmax(total >= quantile * total[:, -1:], axis=1) - (_STEPS - 0.5) if heard else np.empty(0)
            for quantile in _QUANTILES
        )
        turned = _turned(self._swish, self._comb, self._pulse, self._rhythm)
        return Surface(
            octave_hz=self._octave_hz if heard else np.empty(0),
            floor_dbfs=floor,
            usual_dbfs=usual,
            loud_dbfs=loud,
            rpm=turned.rpm,
            comb_nats=turned.comb_nats,
            swish_nats=turned.swish_nats,
            pulse_nats=turned.pulse_nats,
            confidence=turned.confidence,
        )


class _Turn(NamedTuple):
    """What `Surface` says of the turn."""

    rpm: float
    comb_nats: float
    swish_nats: float
    pulse_nats: float
    confidence: float


def _turned(
    swishes: list[TurnSpectrum], combs: TurnSpectrum, pulses: TurnSpectrum, rhythm: TurnSpectrum
) -> _Turn:
    """Name the speed that all kinds of evidence together speak of."""
    turns_hz = _SPEEDS_RPM / 60
    longer = float(np.clip(combs.seconds / _USUAL_SECONDS, 1.0, _MOST_LONGER))
    heard = [*((spectrum, _SWISH) for spectrum in swishes), (combs, _COMB), (pulses, _PULSE)]
    lines = [spectrum.lines() for spectrum, _ in heard]
    nats = [
        evidence(each, turns_hz, highest_hz, numbers, most * longer)
        for each, (_, (highest_hz, numbers, most)) in zip(lines, heard, strict=True)
    ]
    *swish, comb, pulse = nats
    for each, spectrum in zip(swish, swishes, strict=True):
        each[spectrum.share(turns_hz, _SWISH_UNTIL_HZ) < _LEAST_SHARE] = 0.0
    pulse *= (
        _PULSE_WEIGHT * _OWN_SPEED
    )  # a tempo pulses as well: only near speeds that machines had it counts
    highest_hz, numbers, most = _RHYTHM
    beat = evidence(rhythm.lines(), turns_hz, highest_hz, numbers, most * longer)
    if beat.max() > _RHYTHMIC_NATS:  # a drum fills the lowest sounds with lines
        comb[:] = pulse[:] = 0.0
    total = np.sum([np.clip(each - _FREE_NATS, 0.0, _MOST_NATS) for each in nats], axis=0)
    total += _TIE * np.sum(nats, axis=0)  # between those that all bring the most
    total[beat > _BEAT_NATS] = 0.0
    total[turns_hz * combs.seconds < _LEAST_TURNS] = 0.0
    best = int(np.argmax(total))
    if total[best] < _LEAST_NATS:
        return _Turn(0.0, 0.0, 0.0, 0.0, 0.0)
    speaking = [each for each, own in zip(lines, nats, strict=True) if own[best] > _FREE_NATS]
    rpm = sharpened(speaking, float(_SPEEDS_RPM[best]), _SPEEDS_RPM, _SHARPENED, _HARMONICS)
    named = [speed.rpm for speed in _SNAPPED if abs(rpm / speed.rpm - 1) <= _OFF]
    sure = 0.5 + 0.5 * (total[best] - _LEAST_NATS) / (_SURE_NATS - _LEAST_NATS)
    return _Turn(
        rpm=named[0] if named else round(rpm, 1),
        comb_nats=round(float(comb[best]), 1),
        swish_nats=round(float(max(each[best] for each in swish)), 1),
        pulse_nats=round(float(pulse[best]), 1),
        confidence=round(float(np.clip(sure, 0.0, 1.0)), 2),
    )
