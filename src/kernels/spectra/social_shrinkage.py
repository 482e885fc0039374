"""Shrinkage of time-frequency coefficients by the energy of those around them, and frames added up.

Persistent empirical Wiener shrinkage: M. Kowalski, K. Siedenburg, M. Dörfler, "Social sparsity! Neighborhood
systems enrich structured shrinkage operators", IEEE Transactions on Signal Processing 61 (2013), equation 19.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..compilation.compilation import compiled

Spectra = npt.NDArray[np.complex64]
Frames = npt.NDArray[np.float32]

FRAMES_BESIDE = 3
"""Frames to either side that belong to a coefficient's neighbours, and one bin to either side; source: 3 by 7
coefficients, K. Siedenburg, M. Kowalski, M. Dörfler, "Audio declipping with social sparsity", ICASSP 2014,
section 4."""

_SILENT = 1e-30  # guard: no division by the energy of silence


@compiled
def shrink(spectra: Spectra, dual: Spectra, threshold: float, relaxation: float, sums: Frames) -> None:
    """Shrink ``spectra + dual``, relax, and leave what the next step of the method of multipliers needs.

    Parameters
    ----------
    spectra
        Analysis of the signal as it is, shape (frames, bins). Out: the shrunk coefficients, relaxed, less the
        dual: what is synthesised next.
    dual
        Scaled dual variable, same shape. Out: the dual less the shrunk coefficients, to which the next
        analysis is added.
    threshold
        Coefficients whose neighbourhood has the energy of its square, or less, become 0.
    relaxation
        1 for none, under 2.
    sums
        Scratch, same shape.
    """
    frames, bins = spectra.shape
    power = np.zeros(bins + 2, np.float32)
    # loops over bins alone do one thing each, so that they are compiled to vector instructions
    for frame in range(frames):
        heard, off, row = spectra[frame], dual[frame], sums[frame]
        for i in range(bins):
            value = heard[i] + off[i]
            power[i + 1] = value.real * value.real + value.imag * value.imag
        for i in range(bins):
            row[i] = power[i] + power[i + 1] + power[i + 2]
    least, relaxed = np.float32(threshold * threshold), np.float32(relaxation)
    kept = np.float32(1.0) - relaxed
    energy = np.empty(bins, np.float32)
    for frame in range(frames):
        heard, off = spectra[frame], dual[frame]
        energy[:] = np.float32(_SILENT)
        for near in range(max(frame - FRAMES_BESIDE, 0), min(frame + FRAMES_BESIDE + 1, frames)):
            row = sums[near]
            for i in range(bins):
                energy[i] += row[i]
        for i in range(bins):
            energy[i] = max(np.float32(1.0) - least / energy[i], np.float32(0.0)) * relaxed
        for i in range(bins):
            shrunk = energy[i] * (heard[i] + off[i]) + kept * heard[i]
            heard[i] = shrunk - off[i]
            off[i] -= shrunk


@compiled
def add_up(frames: Frames, window: Frames, hop: int, signal: Frames) -> None:
    """Window the frames and add them up where they lie.

    Parameters
    ----------
    frames
        Shape (count, length).
    window
        Shape (length,).
    hop
        Samples between the starts of frames.
    signal
        Out, shape (hop * (count - 1) + length,) or longer.
    """
    signal[:] = 0.0
    for frame in range(frames.shape[0]):
        start = frame * hop
        for i in range(window.size):
            signal[start + i] += frames[frame, i] * window[i]
