"""Remove steady broadband noise: hiss of tape, surface and amplifiers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..analysis.findings import Findings, FindingsError
from ..analysis.framing import Audio
from ..analysis.noise_print import FRAME_SECONDS, NoisePrint
from ..analysis.noise_segments import NoiseSegments, NoiseSegmentsAnalyser
from ..analysis.print_ranges import PrintRangesAnalyser
from ..kernels.spectral_gain import a_posteriori_snr, first_pass, second_pass
from ..kernels.stft import OVERLAP, Spectra, forward, hann, hop_length, inverse, overlap_add
from .parameters import number
from .stage import Framing, Processor, RepairStage, Sink, Step

_FRAMES = 16  # a step of the processor: enough to make Python's share of the time small
_SPAN = 5  # frames averaged for the second pass
_SPAN_WEIGHTS = np.full(_SPAN, 1 / _SPAN)
_LOOK_AHEAD = _SPAN // 2
_KEPT = _SPAN - 1
_LEAST_SMOOTHING = 0.1  # weight of what is new in the decision-directed SNR, at smoothing = 0
_SMOOTHING_RATIO = 0.09  # and that times this at smoothing = 1


class _Subtract(Processor):
    """Estimate the noise and take it from the delayed input, so that what is not noise keeps its bits."""

    def __init__(self, sample_rate: float, noise: NoiseSegments) -> None:
        self._hop = hop_length(sample_rate, FRAME_SECONDS)
        self._window = hann(OVERLAP * self._hop)
        self._sample_rate = sample_rate
        self._segments = noise
        prints = [noise.print_of(segment) for segment in range(noise.start_s.size)]
        self._noisy = np.any([one.noisy for one in prints], axis=0)
        self._channels = int(np.count_nonzero(self._noisy))
        # where there is no noise, anything heard is far above it, and the gain is 1
        self._noise_powers = [
            np.maximum(one.bin_power(sample_rate, self._window)[self._noisy], 1e-30) for one in prints
        ]
        self._heard = 0
        overlap = (OVERLAP - 1) * self._hop
        bins = self._window.size // 2 + 1
        self._delayed = np.zeros((self._noisy.size, overlap + _LOOK_AHEAD * self._hop))
        self._spectra = np.zeros((self._channels, _KEPT, bins), np.complex128)
        self._snr = np.zeros((self._channels, _KEPT, bins))
        self._clean_snr = np.zeros_like(self._snr)
        self._previous = np.zeros((self._channels, bins))
        self._tail = np.zeros((self._channels, overlap))

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        length = frame.shape[1]
        heard = np.concatenate([self._delayed, frame], axis=1)
        self._delayed = heard[:, length:]
        output = heard[:, :length].copy()
        if self._channels:
            output[self._noisy] -= self._noise(heard[self._noisy, _LOOK_AHEAD * self._hop :])
        return output

    def _noise(self, heard: Audio) -> Audio:
        """Estimate the noise that is in the noisy channels, delayed by the latency."""
        settings = self.settings
        threshold = 10 ** (settings.threshold_db / 10)
        weight = 1 - _LEAST_SMOOTHING * _SMOOTHING_RATIO**settings.smoothing
        spectra = forward(heard, self._window, self._hop)
        snr = self._snr_of(spectra, threshold)
        clean_snr = first_pass(snr, self._previous, weight)
        spectra = np.concatenate([self._spectra, spectra], axis=1)
        snr = np.concatenate([self._snr, snr], axis=1)
        clean_snr = np.concatenate([self._clean_snr, clean_snr], axis=1)
        self._spectra, self._snr, self._clean_snr = (
            spectra[:, -_KEPT:],
            snr[:, -_KEPT:],
            clean_snr[:, -_KEPT:],
        )
        gains = second_pass(snr, clean_snr, _SPAN_WEIGHTS, 10 ** (-settings.reduction_db / 20))
        middle = spectra[:, _LOOK_AHEAD:-_LOOK_AHEAD]
        noise, self._tail = overlap_add(inverse(middle * (1 - gains), self._window), self._tail)
        return noise

    def _snr_of(self, spectra: Spectra, threshold: float) -> Audio:
        """Return the a posteriori SNR of the next frames, over the noise at the time of each."""
        frames = np.arange(self._heard, self._heard + spectra.shape[1])
        self._heard += spectra.shape[1]
        middle = (frames - (OVERLAP - 1) + OVERLAP / 2) * (self._hop / self._sample_rate)
        place = self._segments.place(middle)
        if place[0] == place[-1]:  # most often
            parts = [(spectra, float(place[0]))]
        else:
            parts = [(spectra[:, [at]], float(one)) for at, one in enumerate(place)]
        snr = [a_posteriori_snr(part, self._noise_power(one) * threshold) for part, one in parts]
        return np.concatenate(snr, axis=1)

    def _noise_power(self, place: float) -> Audio:
        """Noise power at a place among the prints; see `NoiseSegments.place`.

        Decibels are interpolated: a gain that drifts, or is faded, moves them along a line.
        """
        before = min(int(place), len(self._noise_powers) - 1)
        share = place - before
        if not share:
            return self._noise_powers[before]
        one, other = self._noise_powers[before : before + 2]
        return np.asarray(one * (other / one) ** share)


class Denoise(RepairStage):
    """Lower steady noise (tape hiss, surface, amplifiers) by its print, and leave what is over it.

    Log-spectral amplitude estimation in two passes: decision-directed, then again from the first estimates
    averaged over the frames before and after; channels share their gains, so the stereo image stands still.
    The noise print is a finding: what was heard where the program pauses, or the floor under a program that
    never does. Where the noise shifts along the recording there are several, which fade into each other, by
    time from the first sample on. None is adapted along the way. A `NoisePrint` serves as findings too, for
    the whole recording.

    References
    ----------
    .. [1] Y. Ephraim, D. Malah, "Speech enhancement using a minimum mean-square error log-spectral amplitude
       estimator", IEEE Trans. ASSP 33(2), 1985.
    """

    id = "wavemend.denoise"
    name = "Denoise"
    place = Step.BROADBAND
    findings_type = NoiseSegments

    reduction_db: float = number(
        default=12.0,
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

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        hop = hop_length(sample_rate, FRAME_SECONDS)
        return Framing(hop=_FRAMES * hop, latency=(OVERLAP - 1 + _LOOK_AHEAD) * hop)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        learned = findings.density_dbfs_hz.shape[1]
        if learned != channels:
            raise FindingsError(f"a noise print of {learned} channels cannot serve {channels} channels")
        return _Subtract(sample_rate, findings)

    def analyser(self, sample_rate: float, channels: int) -> NoiseSegmentsAnalyser:
        """See `Stage.analyser`."""
        return NoiseSegmentsAnalyser(sample_rate, channels)

    def range_analyser(
        self, sample_rate: float, channels: int, ranges: Sequence[tuple[int, int]]
    ) -> PrintRangesAnalyser:
        """See `Stage.range_analyser`."""
        return PrintRangesAnalyser(sample_rate, channels, ranges)

    def accepted(self, findings: Findings | None) -> Findings | None:
        """See `Stage.accepted`; one `NoisePrint` serves a whole recording."""
        return super().accepted(NoiseSegments.of(findings) if isinstance(findings, NoisePrint) else findings)
