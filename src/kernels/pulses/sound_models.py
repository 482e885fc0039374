"""Models of the sound around a click, which compete: how long and fine a model serves differs by the place.

A held note is predicted best by hundreds of coefficients over a tenth of a second, a consonant or a bow's
noise by a few over some milliseconds; and the better the sound is predicted, the less of it is taken for
click. So every click is estimated under each, and what is likeliest counts: the samples' own likelihood under
the model, and the evidence for the click under it. Coefficients cost nothing, as they do in G. Schwarz,
"Estimating the dimension of a model", Annals of Statistics 6(2), 1978: they are fitted to other samples than
those that count.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...audio.arrays import Mask
from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Positions, Vector, covariance_model, excitation_of
from ..prediction.voids import filling_noise_from, followed_edge
from .clicks import estimate_whole_click, sounds_own
from .rings import RingSearch

_RIDGE = 1e-10  # guard: no band may be empty
# tuned: bench.material.tuning, all kinds at 5 and 15 times by four routes, and table clicks, tuning set,
# 2026-11-29; of 6, 15 and 25 dB
_UNDER_DB = 6.0  # how far the noise that fills a void lies under the top of the band
_AFTER = 8  # tuned: by hand, 2026-11-29; orders of the first model after a click that a likelihood is of


class Sounds(NamedTuple):
    """Models of the sound around one place.

    Attributes
    ----------
    models
        Each in the beginning of a row, shape (count, longest + 1).
    orders
        Of each, shape (count,); 0 where there is none.
    variances
        Of each one's excitation, shape (count,).
    """

    models: Matrix
    orders: Positions
    variances: Vector


@compiled
def empty_sounds(order: int, others: Positions) -> Sounds:
    """Return room for a first model of `order` and for the `others`; see `fit_others`."""
    longest = order
    for k in range(others.shape[0]):
        longest = max(longest, others[k, 0])
    count = 1 + others.shape[0]
    return Sounds(np.zeros((count, longest + 1)), np.zeros(count, np.int64), np.zeros(count))


@compiled
def use_model(sounds: Sounds, a: Vector, variance: float) -> None:
    """Take a model, and its excitation's variance, as the first."""
    sounds.models[0, : a.size] = a
    sounds.orders[0] = a.size - 1
    sounds.variances[0] = max(variance, 0.0)


@compiled
def fit_around(
    x: Vector,
    start: int,
    stop: int,
    bounds: Positions,
    model: int,
    damaged: Mask,
    band: Vector,
    models: Matrix,
) -> tuple[float, float, float, float]:
    """Fit a model to what is whole around a span, or to all of it where damage leaves too little.

    Where no edge of the band is to be seen, it is where it was last; see `followed_edge`.

    Returns
    -------
    variance, unfilled, edge, noise
        Of the excitation by ``models[0]``, negative where there is none; by ``models[1]``, for which the void
        above the band is not filled; the band's end, as a part of half the rate; and the variance of the
        noise that fills the void.
    """
    a = models[0]
    low, high = max(start - model, bounds[0]), min(stop + model, bounds[1])
    variance = covariance_model(x, low, high, damaged, _RIDGE, 0.0, a)
    if variance < 0.0:
        damaged = np.zeros(x.size, np.bool_)
        variance = covariance_model(x, low, high, damaged, _RIDGE, 0.0, a)
    if not variance > 0.0:
        return float(variance), float(variance), 1.0, 0.0
    unfilled, noise = variance, 0.0
    models[1] = a
    edge = followed_edge(a, band)
    if edge < 1.0:
        noise = filling_noise_from(a, variance, edge, _UNDER_DB)
        variance = covariance_model(x, low, high, damaged, _RIDGE, noise, a)
    return float(variance), float(unfilled), float(edge), float(noise)


@compiled
def fit_others(
    x: Vector,
    span: tuple[int, int],
    bounds: Positions,
    others: Positions,
    damaged: Mask,
    noise: float,
    sounds: Sounds,
) -> None:
    """Fit the models after the first to what is whole around a span.

    Parameters
    ----------
    others
        Rows of (order, samples to either side), shape (count - 1, 2).
    noise
        Variance of the noise that fills the void, as the first model has it: a finer one would see a cliff's
        own shape.
    sounds
        Filled from row 1 on.
    """
    for k in range(others.shape[0]):
        order, reach = others[k]
        low, high = max(span[0] - reach, bounds[0]), min(span[1] + reach, bounds[1])
        a = sounds.models[k + 1, : order + 1]
        sounds.orders[k + 1] = 0
        if span[0] - order < bounds[0]:
            continue
        variance = covariance_model(x, low, high, damaged, _RIDGE, noise, a)
        if variance > 0.0:
            sounds.orders[k + 1] = order
            sounds.variances[k + 1] = variance


class Likeliest(NamedTuple):
    """A click as it is under the likeliest of several models of the sound.

    Attributes
    ----------
    length, whole
        As `estimate_whole_click` has them.
    evidence
        Logarithm of the evidence for the click, and under the first model alone.
    plain, own
        Evidence for a click that has a click's shape, and for the sound's own excitation: whether there is a
        click is decided under the first model, for a longer one calls a drum's stroke the likelier a click
        the better it knows the sound before.
    which
        The model: its row in `Sounds`.
    """

    length: int
    whole: Vector
    evidence: tuple[float, float]
    plain: float
    own: float
    which: int


@compiled
def estimate_likeliest(
    x: Vector, start: int, stop: int, end: int, sounds: Sounds, search: RingSearch, click: Vector
) -> Likeliest:
    """Estimate a click under each of several models of the sound; see `estimate_whole_click`."""
    last = min(stop + _AFTER * sounds.orders[0], end)
    tried = np.empty(click.size)
    first, plain, own = -np.inf, -np.inf, 0.0
    length, evidence, whole, which = 0, -np.inf, x, 0
    likeliest = -np.inf
    for k in range(sounds.orders.size):
        if not sounds.orders[k] or start < sounds.orders[k]:
            continue
        a, variance = sounds.models[k, : sounds.orders[k] + 1], sounds.variances[k]
        size, odds, shaped, mended = estimate_whole_click(
            x, start, stop, end, a, np.sqrt(variance), search, tried
        )
        if k == 0:
            first, plain = odds, shaped
            own = sounds_own(mended, start, stop, end, a, np.sqrt(variance))
        e = excitation_of(x, start, last, a)
        likelihood = odds - 0.5 * (np.sum(e * e) / variance + e.size * np.log(variance))
        if k == 0 or likelihood > likeliest:
            likeliest = likelihood
            length, evidence, whole, which = size, odds, mended, k
            click[:size] = tried[:size]
    return Likeliest(length, whole, (evidence, first), plain, own, which)
