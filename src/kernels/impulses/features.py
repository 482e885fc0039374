"""What a click shows in: waveform, prediction errors forwards and backwards, and rings of low pitch.

A prediction error shows how a sample differs from what its surroundings foretell: forwards a click's onset,
backwards its end. A pop rings for a millisecond or more, so low that no sample of the error stands out; the
errors of its whole length do together. So they are correlated with what rings would leave in them, which is
the matched filter in coloured noise (Kay, Fundamentals of Statistical Signal Processing II, 1998, section
4.4). All are divided by the median of what surrounds them: loudness says nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.signal import firwin

from ..compilation.compilation import compiled
from ..prediction.gaps import Outliers, whole_model
from ..prediction.models import Matrix, Vector, add_filtered, hann
from ..samples.ranks import SIGMA, replace_ranked

Rows = npt.NDArray[np.float32]

# tuned: by hand, 2026-11-21, no record; the trained model holds them fast
RATE = 45_000.0  # nominal, in Hz: kernels work at 40 to 50 kHz
ORDER = 64
BLOCK = 1024
CELL = 64
STEP = 8  # samples a step of the rings
RINGS_HZ = (350.0, 600.0, 950.0, 1400.0)
DECAY_S = 0.5e-3
RING_STEPS = 14  # derived: five times the decay
HALF = 72  # of the low-pass before the rings, samples
AFTER = HALF + STEP * RING_STEPS  # samples of the error that a block's rings reach into
MARGIN = BLOCK // 2 + ORDER  # samples a block's model and errors need before and after it
PADDING = MARGIN + BLOCK  # samples that rows need before and after them
SIDE = BLOCK // CELL  # cells on each side that a scale is the median of
CELL_ROWS = 5  # derived: the rows of `Shown.cells`
PEAK_ROW = 1  # derived: the one of them that holds the error's peak

# tuned: by hand, 2026-11-21, no record; the trained model holds them fast
_LONGEST = 400  # longest run of outliers that is bridged before a model is fitted again, samples
_OUTLIER = 6.0
_SPARSE = 4
RING_SIGMA = 1.745  # derived: `SIGMA` times the median of a magnitude in two phases, 1.18 deviations of one
_FLOOR = 2.0**-17  # least scale; derived: a quarter of a step of 16 bits
_RING_FLOOR = 1e-9  # guard: no division by zero
_RIDGE = 1e-8  # of the power; guard: keeps bands without sound from making the problem singular


class RingFilters(NamedTuple):
    """What prediction errors are correlated with.

    Attributes
    ----------
    taps
        Of the low-pass before the rings, shape (2 * HALF + 1,).
    cosines, sines
        Decaying, shape (rings, RING_STEPS).
    """

    taps: Vector
    cosines: Matrix
    sines: Matrix


class Shown(NamedTuple):
    """What shows clicks in a stretch of sound: of one channel, or, with one axis more in front, of several.

    Attributes
    ----------
    rows
        Waveform and both prediction errors over their local scales, compressed, shape (3, n).
    rings
        The rings, likewise, shape (rings, n / STEP).
    cells
        In octaves: median and peak of the error, RMS of the waveform, mean and peak of the rings over their
        scales, shape (CELL_ROWS, n / CELL).
    scale
        Of the prediction error and of the rings, shape (1 + rings, n / CELL); of several channels that of the
        error alone, shape (channels, n / CELL).
    """

    rows: Rows
    rings: Rows
    cells: Rows
    scale: Matrix


def ring_filters() -> RingFilters:
    """Lay out the filters for what kernels work at."""
    t = STEP / RATE * np.arange(RING_STEPS)
    turns = 2.0 * np.pi * np.outer(RINGS_HZ, t)
    low_pass = firwin(2 * HALF + 1, 2 * 2750.0 / 44_100.0, window=("kaiser", 11.0))
    return RingFilters(low_pass, np.exp(-t / DECAY_S) * np.cos(turns), np.exp(-t / DECAY_S) * np.sin(turns))


FILTERS = ring_filters()


@compiled
def fit_models(x: Vector, models: Matrix, deviation: Vector) -> None:
    """Fit one model to each block, in a Hann window of two blocks around it, and again without outliers.

    Parameters
    ----------
    x
        `MARGIN` samples, whole blocks, and `MARGIN` samples more.
    models
        Filled, shape (blocks, ORDER + 1).
    deviation
        Filled with the prediction error's standard deviation, shape (blocks,).
    """
    taper = hann(2 * BLOCK)
    for k in range(models.shape[0]):
        low = MARGIN + k * BLOCK - BLOCK // 2
        stretch = x[low : low + 2 * BLOCK].copy()
        energy = whole_model(
            stretch, taper, _RIDGE, Outliers(_OUTLIER, _SPARSE, _LONGEST, ORDER // 4), models[k]
        )
        deviation[k] = np.sqrt(energy / (0.75 * BLOCK)) + _FLOOR  # the taper's squares sum up to that


@compiled
def _filtered(x: Vector, taps: Vector, out: Vector) -> None:
    """Write the convolution of `x` and `taps`, from the first sample that it is whole at."""
    out[:] = 0.0
    add_filtered(x, taps.size - 1, taps, 0, out)


@compiled
def prediction_errors(
    x: Vector, models: Matrix, deviation: Vector, filters: RingFilters, errors: Matrix, rings: Matrix
) -> None:
    """Write the errors of predicting each sample from those before and after it, and the rings in them.

    Parameters
    ----------
    x, models, deviation
        As in `fit_models`.
    filters
        `FILTERS`.
    errors
        Filled, shape (2, blocks * BLOCK): forwards and backwards.
    rings
        Filled, shape (rings, blocks * BLOCK / STEP): the magnitude of a ring that starts there.
    """
    forward = np.empty(HALF + BLOCK + AFTER + ORDER)
    weighted = np.empty(HALF + BLOCK + AFTER)
    low = np.empty(BLOCK // STEP + RING_STEPS)
    for k in range(models.shape[0]):
        start = MARGIN + k * BLOCK
        span = slice(k * BLOCK, (k + 1) * BLOCK)
        backwards = models[k, ::-1].copy()
        _filtered(x[start - HALF - ORDER : start + BLOCK + AFTER + ORDER], models[k], forward)
        _filtered(x[start : start + BLOCK + ORDER], backwards, errors[1, span])
        _filtered(forward, backwards, weighted)
        errors[0, span] = forward[HALF : HALF + BLOCK]
        low[:] = 0.0
        for i in range(filters.taps.size):
            tap = filters.taps[i] / deviation[k]
            for m in range(low.size):
                low[m] += tap * weighted[STEP * m + i]
        for ring in range(rings.shape[0]):
            for m in range(BLOCK // STEP):
                cosine = sine = 0.0
                for j in range(RING_STEPS):
                    cosine += filters.cosines[ring, j] * low[m + j]
                    sine += filters.sines[ring, j] * low[m + j]
                rings[ring, k * BLOCK // STEP + m] = np.sqrt(cosine * cosine + sine * sine)


@compiled
def _medians(values: Vector, cell: int, sparse: int, out: Vector) -> None:
    for k in range(out.size):
        out[k] = np.median(np.abs(values[k * cell : (k + 1) * cell : sparse]))


@compiled
def _scales(medians: Vector, floor: float, scale: Vector) -> None:
    """Write the robust scale of each cell: of its median and those of `SIDE` cells on either side."""
    ranked = np.sort(medians[: 2 * SIDE + 1])
    for k in range(scale.size):
        if k:  # the window moves on by a cell
            replace_ranked(ranked, medians[k - 1], medians[k + 2 * SIDE])
        scale[k] = max(SIGMA * ranked[SIDE], floor)


@compiled
def compressed(value: float) -> float:
    """Return a value that grows as the fourth root of large ones: ``u = v / sqrt(1 + |v|)``, twice."""
    once = value / np.sqrt(1.0 + abs(value))
    return float(once / np.sqrt(1.0 + abs(once)))


@compiled
def _compress(values: Vector, over: float, row: Rows) -> None:
    for t in range(values.size):
        value = values[t] * over
        once = value / np.sqrt(1.0 + abs(value))
        row[t] = once / np.sqrt(1.0 + abs(once))


@compiled
def impulse_rows(x: Vector, filters: RingFilters, models: Matrix, deviation: Vector, shown: Shown) -> None:
    """Write everything that shows a click in whole blocks of sound.

    Parameters
    ----------
    x
        `PADDING` samples, the blocks, and `PADDING` samples more.
    filters
        `FILTERS`.
    models, deviation
        Filled, for these blocks and one on either side, shapes (blocks + 2, ORDER + 1) and (blocks + 2,).
    shown
        Filled, of one channel.
    """
    fit_models(x, models, deviation)
    wave = x[MARGIN : x.size - MARGIN]
    errors = np.empty((2, wave.size))
    ringing = np.empty((shown.rings.shape[0], wave.size // STEP))
    prediction_errors(x, models, deviation, filters, errors, ringing)
    medians = np.empty(shown.cells.shape[1] + 2 * SIDE)
    _show_wave(wave, medians, shown)
    _show_errors(errors, medians, shown)
    _show_rings(ringing, medians, shown)


@compiled
def _show_wave(wave: Vector, medians: Vector, shown: Shown) -> None:
    _medians(wave, CELL, 2, medians)
    own = np.empty(shown.cells.shape[1])
    _scales(medians, _FLOOR, own)
    for k in range(own.size):
        span = slice(BLOCK + k * CELL, BLOCK + (k + 1) * CELL)
        _compress(wave[span], 1.0 / own[k], shown.rows[0, k * CELL : (k + 1) * CELL])
        shown.cells[2, k] = 0.5 * np.log2(np.mean(wave[span] ** 2) + _FLOOR**2)


@compiled
def _show_errors(errors: Matrix, medians: Vector, shown: Shown) -> None:
    _medians(errors[0], CELL, 2, medians)
    scale = shown.scale[0]
    _scales(medians, _FLOOR, scale)
    for k in range(scale.size):
        span = slice(BLOCK + k * CELL, BLOCK + (k + 1) * CELL)
        for side in range(2):
            _compress(errors[side, span], 1.0 / scale[k], shown.rows[1 + side, k * CELL : (k + 1) * CELL])
        peak = max(np.max(np.abs(errors[0, span])), np.max(np.abs(errors[1, span])))
        shown.cells[0, k] = np.log2(SIGMA * medians[SIDE + k] + _FLOOR)
        shown.cells[1, k] = np.log2(peak + _FLOOR)


@compiled
def _show_rings(ringing: Matrix, medians: Vector, shown: Shown) -> None:
    mean, peak = shown.cells[3], shown.cells[4]
    mean[:] = 0.0
    peak[:] = 0.0
    steps = CELL // STEP
    for ring in range(ringing.shape[0]):
        _medians(ringing[ring], steps, 1, medians)
        _scales(medians, _RING_FLOOR, shown.scale[1 + ring])
        for k in range(mean.size):
            span = slice(BLOCK // STEP + k * steps, BLOCK // STEP + (k + 1) * steps)
            over = RING_SIGMA / shown.scale[1 + ring, k]
            _compress(ringing[ring, span], over, shown.rings[ring, k * steps : (k + 1) * steps])
            mean[k] += over * np.mean(ringing[ring, span])
            peak[k] = max(peak[k], over * np.max(ringing[ring, span]))
    for k in range(mean.size):
        mean[k] = np.log2(mean[k] / ringing.shape[0] + 0.1)
        peak[k] = np.log2(peak[k] + 0.1)
