"""Windowed-sinc filters in polyphase form: peaks between samples, and decimation.

Loops run over outputs inside and taps outside, so that vector instructions never reorder a sum.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..compilation.compilation import compiled

Audio = npt.NDArray[np.float64]

# Positions looked at together: few enough that quiet ones are passed over, many enough for vectors.
_STRIDE = 64  # tuned: for speed, 2026-11-21, no record


def interpolator(factor: int, taps: int) -> Audio:
    """Return the phases of a windowed-sinc interpolator that lie between samples.

    Parameters
    ----------
    factor
        Oversampling.
    taps
        Samples each output is made of, even.

    Returns
    -------
    Audio
        Shape (factor - 1, taps): phase p lies (p + 1) / factor past the sample before the middle. Each sums
        to 1. Kaiser window, beta 6.
    """
    offset = np.arange(1, factor)[:, np.newaxis] / factor - (np.arange(taps) - (taps // 2 - 1))
    window = np.i0(6.0 * np.sqrt(np.maximum(1 - (offset / (taps / 2)) ** 2, 0.0))) / np.i0(6.0)
    phases = np.sinc(offset) * window
    return np.asarray(phases / phases.sum(axis=1, keepdims=True))


@compiled
def peak_between(audio: Audio, phases: Audio, least: Audio) -> Audio:
    """Largest magnitude between the samples of each channel, where it is above `least`.

    Stretches whose samples are too small to reach it, whatever their signs, are passed over: the result is
    the same, ten times sooner.

    Parameters
    ----------
    audio
        Shape (channels, n); the first ``taps - 1`` samples are those before the frame.
    phases
        Of `interpolator`, shape (factor - 1, taps).
    least
        Peak of each channel so far, shape (channels,).

    Returns
    -------
    Audio
        The larger of `least` and the peak, shape (channels,).
    """
    peaks = least.copy()
    taps = phases.shape[1]
    reach = 0.0
    for p in range(phases.shape[0]):
        reach = max(reach, np.sum(np.abs(phases[p])))
    values = np.empty(_STRIDE)
    held = np.zeros(_STRIDE + taps - 1)  # loops of a constant length over one small array are unrolled
    for channel in range(audio.shape[0]):
        x = audio[channel]
        for start in range(0, x.size - taps + 1, _STRIDE):
            stop = min(start + held.size, x.size)
            largest = 0.0
            for t in range(start, stop):
                largest = max(largest, abs(x[t]))
            if largest * reach <= peaks[channel]:
                continue
            held[: stop - start] = x[start:stop]
            held[stop - start :] = 0.0
            for p in range(phases.shape[0]):
                values[:] = 0.0
                for k in range(taps):
                    tap = phases[p, k]
                    for t in range(_STRIDE):
                        values[t] += tap * held[k + t]
                for t in range(min(_STRIDE, x.size - taps + 1 - start)):
                    peaks[channel] = max(peaks[channel], abs(values[t]))
    return peaks


def decimator(factor: int, taps: int) -> Audio:
    """Return a low-pass filter for decimation by `factor`, shape (taps, factor), that sums to 1.

    Its cut-off is 0.8 of the new half rate; Hann window. Row k holds the taps that meet the k-th group of
    `factor` samples, oldest first.
    """
    length = taps * factor
    offset = np.arange(length) - (length - 1) / 2
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(length) + 0.5) / length)
    response = np.sinc(0.8 * offset / factor) * window
    return np.asarray((response / response.sum()).reshape(taps, factor))


@compiled
def decimate(audio: Audio, low_pass: Audio) -> Audio:
    """Filter and keep one sample of each group.

    Parameters
    ----------
    audio
        Shape (channels, (taps - 1 + n) * factor): the ``taps - 1`` groups before the frame, and the frame.
    low_pass
        Of `decimator`, shape (taps, factor).

    Returns
    -------
    Audio
        Shape (channels, n).
    """
    taps, factor = low_pass.shape
    groups = audio.shape[1] // factor
    out = np.zeros((audio.shape[0], groups - taps + 1))
    part = np.empty(groups)
    for channel in range(audio.shape[0]):
        for phase in range(factor):
            for g in range(groups):
                part[g] = audio[channel, g * factor + phase]
            for k in range(taps):
                tap = low_pass[k, phase]
                for g in range(out.shape[1]):
                    out[channel, g] += tap * part[g + k]
    return out


@compiled
def interpolate(audio: Audio, low_pass: Audio) -> Audio:
    """Undo `decimate`: put back what its filter lets through, where it lay.

    Parameters
    ----------
    audio
        Shape (channels, n + taps - 1): what `decimate` gave, or would have given, for n groups and the
        ``taps - 1`` after them.
    low_pass
        Of `decimator`, shape (taps, factor).

    Returns
    -------
    Audio
        Shape (channels, n * factor).
    """
    taps, factor = low_pass.shape
    groups = audio.shape[1] - taps + 1
    out = np.zeros((audio.shape[0], groups * factor))
    part = np.empty(groups)
    for channel in range(audio.shape[0]):
        for phase in range(factor):
            part[:] = 0.0
            for k in range(taps):
                tap = factor * low_pass[k, phase]
                for g in range(groups):
                    part[g] += tap * audio[channel, g + taps - 1 - k]
            for g in range(groups):
                out[channel, g * factor + phase] = part[g]
    return out
