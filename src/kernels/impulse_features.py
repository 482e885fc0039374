"""What the impulse detector hears: the waveform and its prediction errors, against local robust scales.

A prediction error shows how a sample differs from what its surroundings foretell: forwards a click's onset,
backwards its end. All three are divided by the median of what surrounds them, so that loudness says nothing.
"""

# ruff: noqa: PLR0917 - kernels take plain arrays by position

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from .autoregression import Matrix, Vector, autocorrelation, levinson, prediction_error
from .impulses import SIGMA, bridge_outliers

Features = npt.NDArray[np.float32]

ORDER = 32
BLOCK = 1024
CELL = 64
SIDE = BLOCK // CELL  # cells on each side that a scale is the median of
MARGIN = BLOCK // 2 + ORDER  # samples a block's model and errors need before and after it
PADDING = MARGIN + BLOCK  # samples that features need before and after them
_LONGEST = 264  # longest run of outliers that is bridged before a model is fitted again, samples
_OUTLIER = 6.0
_FLOOR = 2.0**-17  # least scale: a quarter of a step of 16 bits
_RIDGE = 1e-8  # of the power: keeps bands without sound from making the problem singular


@njit(cache=True, nogil=True)
def fit_models(x: Vector, models: Matrix) -> None:
    """Fit one model to each block, in a Hann window of two blocks around it, and again without outliers.

    Parameters
    ----------
    x
        `MARGIN` samples, whole blocks, and `MARGIN` samples more.
    models
        Filled, shape (blocks, ORDER + 1).
    """
    taper = 0.5 - 0.5 * np.cos(2.0 * np.pi * (np.arange(2 * BLOCK) + 0.5) / (2 * BLOCK))
    for k in range(models.shape[0]):
        low = MARGIN + k * BLOCK - BLOCK // 2
        stretch = x[low : low + 2 * BLOCK].copy()
        for again in range(2):
            r = autocorrelation(stretch * taper, ORDER)
            r[0] *= 1.0 + _RIDGE
            levinson(r, models[k])
            if again or not bridge_outliers(stretch, models[k], _LONGEST, _OUTLIER, 1, ORDER // 4):
                break


@njit(cache=True, nogil=True)
def prediction_errors(x: Vector, models: Matrix, forward: Vector, backward: Vector) -> None:
    """Write the errors of predicting each sample from those before, and from those after, it.

    Parameters
    ----------
    x, models
        As in `fit_models`.
    forward, backward
        Filled, shape (blocks * BLOCK,).
    """
    length = BLOCK + ORDER
    error = np.empty(length)
    for k in range(models.shape[0]):
        start = MARGIN + k * BLOCK
        prediction_error(x[start - ORDER : start + BLOCK].copy(), ORDER, length, models[k], error)
        forward[k * BLOCK : (k + 1) * BLOCK] = error[ORDER:]
        prediction_error(x[start : start + length][::-1].copy(), ORDER, length, models[k], error)
        backward[k * BLOCK : (k + 1) * BLOCK] = error[ORDER:][::-1]


@njit(cache=True, nogil=True)
def local_scale(values: Vector, scale: Vector) -> None:
    """Write the robust scale of each cell: of the medians of it and of the `SIDE` cells on either side.

    Parameters
    ----------
    values
        Whole cells, `BLOCK` samples of them before and after those that are asked for.
    scale
        Filled, shape (cells,).
    """
    medians = np.empty(scale.size + 2 * SIDE)
    for k in range(medians.size):
        medians[k] = np.median(np.abs(values[k * CELL : (k + 1) * CELL : 2]))
    for k in range(scale.size):
        scale[k] = max(SIGMA * np.median(medians[k : k + 2 * SIDE + 1]), _FLOOR)


@njit(cache=True, nogil=True)
def impulse_features(x: Vector, models: Matrix, scale: Vector, features: Features) -> None:
    """Write waveform, forward and backward prediction error over their local scales: v / sqrt(1 + |v|).

    Parameters
    ----------
    x
        `PADDING` samples, whole blocks that features are wanted of, and `PADDING` samples more.
    models
        Filled with the models of these blocks and of one on either side, shape (blocks + 2, ORDER + 1).
    scale
        Filled with the prediction error's scale, shape (cells,).
    features
        Filled, shape (3, blocks * BLOCK).
    """
    fit_models(x, models)
    values = np.empty((3, models.shape[0] * BLOCK))
    values[0] = x[MARGIN : x.size - MARGIN]
    prediction_errors(x, models, values[1], values[2])
    own = np.empty(scale.size)
    local_scale(values[0], own)
    local_scale(values[1], scale)
    for row in range(3):
        by = own if row == 0 else scale
        for k in range(scale.size):
            over = 1.0 / by[k]
            for t in range(k * CELL, (k + 1) * CELL):
                value = values[row, BLOCK + t] * over
                features[row, t] = value / np.sqrt(1.0 + abs(value))


@njit(cache=True, nogil=True)
def probable_runs(probability: Features, at: int, low: float, high: float, gap: int, state: Vector,
                  runs: Matrix) -> int:  # fmt: skip
    """Follow the runs of samples over `low` that reach `high`, over pauses of up to `gap` samples.

    Parameters
    ----------
    probability
        The next samples of one channel, shape (n,); the first is number `at` of the recording.
    state
        Of the run that is open, shape (3,): start, stop and highest probability. Before the first call
        ``(0, -1, 0)``, which is none.
    runs
        Filled with rows (start, stop, highest probability) of the runs that are over; n + 1 rows will do.

    Returns
    -------
    int
        How many.
    """
    count = 0
    for t in range(probability.size):
        now = at + t
        if state[1] >= 0.0 and now - state[1] >= gap:
            if state[2] >= high:
                runs[count] = state
                count += 1
            state[1] = -1.0
        if probability[t] > low:
            if state[1] < 0.0:
                state[0] = now
                state[2] = 0.0
            state[1] = now + 1
            state[2] = max(state[2], probability[t])
    return count
