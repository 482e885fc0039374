"""Remove steady broadband noise: hiss of tape, surface and amplifiers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from ..analysis.noise.gains import AXIS_FRAMES, CONTEXT, MODEL, noise_gains, turned
from ..analysis.noise.noise_print import FRAME_SECONDS, NoisePrint
from ..analysis.noise.ranges import PrintRangesAnalyser
from ..analysis.noise.segments import NoiseSegments, NoiseSegmentsAnalyser
from ..analysis.noise.shown import shown_noise
from ..audio.arrays import Audio
from ..audio.checks import check_rate
from ..audio.layout import to_planar
from ..contract.findings import Findings
from ..contract.parameters.number import number
from ..contract.parameters.words import choice
from ..contract.stage import Framing, Processor, RepairStage, Sink, Step
from ..errors import FindingsError
from ..inference.packaged import model
from ..kernels.spectra.noise_correlation import correlated, decorrelated, noise_correlation
from ..kernels.spectra.principal_axes import rotate
from ..kernels.spectra.spectral_gain import a_posteriori_snr, first_pass, print_correction, second_pass
from ..kernels.spectra.stft import OVERLAP, Spectra, forward, hann, hop_length, inverse, overlap_add

# tuned: latency against speed, by hand, no record
_FRAMES = 16  # a step of the processor: enough to make Python's share of the time small
_LEARNED_FRAMES = 48  # the network's features are summed over its context too: more frames share that

# tuned: table noise on the tuning set, 2026-11-21; no record of each. Of the decision-directed SNR, 0.02 of a
# frame's is new in Ephraim and Malah's paper.
_SPAN = 5  # frames averaged for the second pass
_SPAN_WEIGHTS = np.full(_SPAN, 1 / _SPAN)
_LEAST_SMOOTHING = 0.1  # weight of what is new in the decision-directed SNR, at smoothing = 0
_SMOOTHING_RATIO = 0.09  # and that times this at smoothing = 1
_MOST_INERTIA = 0.8  # of the network's gains, at smoothing = 1
_MEMORY_S = 10.0  # derived: five times what `_SHARED_KEPT` is, which reaches back the furthest
_SHARED_KEPT = 0.994  # of what is known of noise that two channels share, a frame: 2 s


class _Estimator(ABC):
    """What tells the noise in spectra from the rest, frame after frame.

    Attributes
    ----------
    look_ahead
        Frames by which its estimates lag.
    """

    look_ahead: ClassVar[int]

    @abstractmethod
    def __init__(self, channels: int, frequency_hz: Audio) -> None:
        """Open it for as many channels, and for bins at these frequencies."""

    @abstractmethod
    def step(self, spectra: Spectra, noise_power: Audio, settings: Any) -> Spectra:
        """Hear the next frames, shape (channels, frames, bins); return what is noise in delayed ones.

        Parameters
        ----------
        spectra
            Of the recording.
        noise_power
            To expect in each bin, shape (channels, frames, bins), or 1 for `frames`; above 0.
        settings
            The stage.
        """


class _TwoPass(_Estimator):
    """Log-spectral amplitude estimation, twice; see `spectral_gain`."""

    look_ahead = _SPAN // 2

    def __init__(self, channels: int, frequency_hz: Audio) -> None:
        shape = (channels, _SPAN - 1, frequency_hz.size)
        self._spectra = np.zeros((channels, self.look_ahead, frequency_hz.size), np.complex128)
        self._snr, self._clean_snr = np.zeros(shape), np.zeros(shape)
        self._previous = np.zeros((channels, frequency_hz.size))
        self._heard = np.zeros(3)

    def step(self, spectra: Spectra, noise_power: Audio, settings: Any) -> Spectra:
        """See `_Estimator.step`."""
        weight = 1 - _LEAST_SMOOTHING * _SMOOTHING_RATIO**settings.smoothing
        heard = a_posteriori_snr(spectra, noise_power)
        heard /= print_correction(heard, 10 ** (settings.threshold_db / 10), self._heard)[:, np.newaxis]
        clean_snr = first_pass(heard, self._previous, weight)
        snr = np.concatenate([self._snr, heard], axis=1)
        clean_snr = np.concatenate([self._clean_snr, clean_snr], axis=1)
        self._snr, self._clean_snr = snr[:, 1 - _SPAN :], clean_snr[:, 1 - _SPAN :]
        gains = second_pass(snr, clean_snr, _SPAN_WEIGHTS, 10 ** (-settings.reduction_db / 20))
        spectra = np.concatenate([self._spectra, spectra], axis=1)
        self._spectra = spectra[:, len(gains) :]
        return np.asarray(spectra[:, : len(gains)] * (1 - gains))


class _Network(_Estimator):
    """A network that is given the recording over its print, two channels turned; see `noise_gains`."""

    look_ahead = CONTEXT + AXIS_FRAMES

    def __init__(self, channels: int, frequency_hz: Audio) -> None:
        self._model = model(MODEL)
        self._frequency_hz = frequency_hz
        held = 2 * self.look_ahead
        self._over = np.zeros((channels, held, frequency_hz.size), np.complex128)
        self._amplitude = np.ones((channels, self.look_ahead, frequency_hz.size))
        self._heard = np.zeros(3)
        self._shared_noise, self._shared_sums = np.zeros(self.look_ahead), np.zeros(2)
        self._gains = np.zeros((2 if channels == 2 else 1, frequency_hz.size))

    def step(self, spectra: Spectra, noise_power: Audio, settings: Any) -> Spectra:
        """See `_Estimator.step`."""
        frames, pair = spectra.shape[1], len(spectra) == 2
        heard = a_posteriori_snr(spectra, noise_power)
        correction = print_correction(heard, 10 ** (settings.threshold_db / 10), self._heard)
        correction = np.minimum(correction, 1.0)  # the network hears by itself where a print is low
        amplitude = np.sqrt(noise_power * correction[:, np.newaxis])
        over = spectra / amplitude
        if pair:
            shared_noise = noise_correlation(over, self._shared_sums, _SHARED_KEPT)
            over = decorrelated(over, shared_noise)
            shared_noise = np.concatenate([self._shared_noise, shared_noise])
            self._shared_noise = shared_noise[frames:]
        over = np.concatenate([self._over, over], axis=1)
        amplitude = np.concatenate([self._amplitude, amplitude], axis=1)
        self._over = over[:, -2 * self.look_ahead :]
        self._amplitude = amplitude[:, -self.look_ahead :]
        if pair:
            over, axes = turned(over)
        else:
            over = over[:, AXIS_FRAMES : over.shape[1] - AXIS_FRAMES]
        least = 10 ** (-settings.reduction_db / 20)
        gains = np.stack(
            [
                noise_gains(self._model, np.abs(one) ** 2, self._frequency_hz, shared)
                for one, shared in zip(over, (1.0, -1.0) if pair else len(over) * (0.0,), strict=True)
            ]
        )
        if not pair:  # what is heard in one channel is not taken for noise in another
            gains = np.max(gains, axis=0, keepdims=True)
        self._steady(gains, _MOST_INERTIA * settings.smoothing)
        noise = over[:, CONTEXT : CONTEXT + frames] * (1 - np.maximum(gains, least))
        if pair:
            noise = rotate(noise, axes[CONTEXT : CONTEXT + frames].conj())
            noise = correlated(noise, shared_noise[:frames])
        return np.asarray(noise * amplitude[:, :frames])

    def _steady(self, gains: Audio, inertia: float) -> None:
        """Let gains rise slowly where they are low, so that onsets and ends stay sharp; in place."""
        for frame in range(gains.shape[1]):
            now = gains[:, frame]
            now += inertia * (1 - now) * np.minimum(self._gains - now, 0.0)
            self._gains = now.copy()


_ESTIMATORS: dict[str, type[_Estimator]] = {"fast": _TwoPass, "high": _Network}


class _Subtract(Processor):
    """Estimate the noise and take it from the delayed input, so that what is not noise keeps its bits."""

    def __init__(self, sample_rate: float, noise: NoiseSegments, quality: str) -> None:
        self._hop = hop_length(sample_rate, FRAME_SECONDS)
        self._window = hann(OVERLAP * self._hop)
        self._sample_rate = sample_rate
        self._segments = noise
        prints = [noise.print_of(segment) for segment in range(noise.start_s.size)]
        self._noisy = np.any([one.noisy for one in prints], axis=0)
        channels = int(np.count_nonzero(self._noisy))
        # where there is no noise, anything heard is far above it, and the gain is 1
        self._noise_powers = [
            np.maximum(one.bin_power(sample_rate, self._window)[self._noisy], 1e-30) for one in prints
        ]
        self._heard = 0
        self._overlap = (OVERLAP - 1) * self._hop
        frequency_hz = np.asarray(np.fft.rfftfreq(self._window.size, 1 / sample_rate), np.float64)
        estimator = _ESTIMATORS[quality]
        self._estimator = estimator(channels, frequency_hz) if channels else None
        self._course = noise.course
        self._course_gains = noise.course.bin_gains(frequency_hz)
        self._latency = self._overlap + estimator.look_ahead * self._hop
        self._delayed = np.zeros((self._noisy.size, self._latency))
        self._tail = np.zeros((channels, self._overlap))

    def begin_at(self, position: int) -> None:
        self._heard = position // self._hop

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        length = frame.shape[1]
        heard = np.concatenate([self._delayed, frame], axis=1)
        self._delayed = heard[:, length:]
        output = heard[:, :length].copy()
        if self._estimator:
            latest = heard[self._noisy, self._latency - self._overlap :]
            output[self._noisy] -= self._noise(latest, self._estimator)
        return output

    def _noise(self, heard: Audio, estimator: _Estimator) -> Audio:
        """Estimate the noise that is in the noisy channels, delayed by the latency."""
        spectra = forward(heard, self._window, self._hop)
        noise_power = self._noise_power(spectra.shape[1]) * 10 ** (self.settings.threshold_db / 10)
        noise = inverse(estimator.step(spectra, noise_power, self.settings), self._window)
        complete, self._tail = overlap_add(noise, self._tail)
        return complete

    def _noise_power(self, count: int) -> Audio:
        """Return the noise power at the time of each of the next frames, or of one where it stays.

        Decibels are interpolated: a gain that drifts, or is faded, moves them along a line.
        """
        frames = np.arange(self._heard, self._heard + count, dtype=np.float64)
        self._heard += count
        middle = (frames - (OVERLAP - 1) + OVERLAP / 2) * (self._hop / self._sample_rate)
        place = self._segments.place(middle)
        if place[0] == place[-1]:  # most often
            place = place[:1]
        power = np.stack([self._power_at(float(one)) for one in place], axis=1)
        return power * self._course.held(self._course_gains, middle) if self._course.moves else power

    def _power_at(self, place: float) -> Audio:
        """Noise power at a place among the prints; see `NoiseSegments.place`."""
        before = min(int(place), len(self._noise_powers) - 1)
        share = place - before
        if not share:
            return self._noise_powers[before]
        one, other = self._noise_powers[before : before + 2]
        return np.asarray(one * (other / one) ** share)


class Denoise(RepairStage):
    """Lower steady noise (tape hiss, surface, amplifiers) by its print, and leave what is over it.

    `fast` is log-spectral amplitude estimation in two passes: decision-directed, then again from the first
    estimates averaged over the frames before and after; channels share their gains, so the stereo image
    stands still. `high` is a small network that sees the recording over its print; two channels are mixed
    so that their noise is independent, turned onto the axis of what they share, and back.
    The noise print is a finding: what was heard where the program pauses, or the floor under a program that
    never does. Where the noise shifts along the recording there are several, which fade into each other, by
    time from the first sample on. A print that is off is corrected along the way by 2 dB at most. A
    `NoisePrint` serves as findings too, for the whole recording.

    References
    ----------
    .. [1] Y. Ephraim, D. Malah, "Speech enhancement using a minimum mean-square error log-spectral amplitude
       estimator", IEEE Trans. ASSP 33(2), 1985.
    """

    id = "wavemend.denoise"
    name = "Denoise"
    place = Step.BROADBAND
    findings_type = NoiseSegments
    version = 4

    quality: Literal["fast", "high"] = choice(
        default="fast",
        restart=True,
        doc="Who estimates: fast is the classical estimator, high a small network that is given the print.",
    )
    reduction_db: float = number(
        default=13.0,
        low=0.0,
        high=40.0,
        unit="dB",
        role="strength",
        doc="Most that noise is lowered by. What stays masks the estimator's own artifacts.",
    )
    threshold_db: float = number(
        default=0.0,
        low=-12.0,
        high=12.0,
        unit="dB",
        doc="Shifts the noise print: higher takes more for noise, faint sound with it.",
    )
    smoothing: float = number(
        default=0.5,
        low=0.0,
        high=1.0,
        doc="Steadiness of the gains: higher has less musical noise, lower keeps onsets sharper.",
    )

    @property
    def memory_s(self) -> float:
        """See `Stage.memory_s`."""
        return _MEMORY_S

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        hop = hop_length(sample_rate, FRAME_SECONDS)
        frames = _LEARNED_FRAMES if self.quality == "high" else _FRAMES
        return Framing(hop=frames * hop, latency=(OVERLAP - 1 + _ESTIMATORS[self.quality].look_ahead) * hop)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        learned = findings.density_dbfs_hz.shape[1]
        if learned != channels:
            raise FindingsError(f"a noise print of {learned} channels cannot serve {channels} channels")
        return _Subtract(sample_rate, findings, self.quality)

    @classmethod
    def upgrade(cls, version: int, values: dict[str, Any]) -> dict[str, Any]:
        """See `Parametric.upgrade`; version 1 knew the classical estimator alone."""
        return {"quality": "fast", **values} if version < 2 else values

    def analyser(self, sample_rate: float, channels: int) -> NoiseSegmentsAnalyser:
        """See `Stage.analyser`."""
        return NoiseSegmentsAnalyser(sample_rate, channels)

    def range_analyser(
        self, sample_rate: float, channels: int, ranges: Sequence[tuple[int, int]]
    ) -> PrintRangesAnalyser:
        """See `Stage.range_analyser`."""
        return PrintRangesAnalyser(sample_rate, channels, ranges)

    def learn(self, audio: npt.NDArray[Any], sample_rate: float) -> Any:
        """Fix the findings to noise that is shown, taken at its word, or to what a recording's pauses hold.

        Warns where it looks like a program, or nothing was learned; see `shown_noise`.

        Raises
        ------
        FindingsError
            It is shorter than 0.2 s, or silent.
        """
        planar = to_planar(audio)[0]
        self.findings = shown_noise(planar, check_rate(sample_rate), self.analyse(planar, sample_rate))
        return self.findings

    def accepted(self, findings: Findings | None) -> Findings | None:
        """See `Stage.accepted`; one `NoisePrint` serves a whole recording."""
        return super().accepted(NoiseSegments.of(findings) if isinstance(findings, NoisePrint) else findings)
