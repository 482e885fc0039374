"""Models of the sound around a click, which compete: how long and fine a model serves differs by the place.

A held note is predicted best by hundreds of coefficients over a tenth of a second, a consonant or a bow's
noise by a few over some milliseconds; and the better the sound is predicted, the less of it is taken for
click. So a click is estimated under those that know best what follows it given what was before, whatever is
under the click, and what is likeliest counts: the samples' own likelihood, and the evidence for the click.
Coefficients cost nothing, as they do in G. Schwarz, "Estimating the dimension of a model", Annals of
Statistics 6(2), 1978: they are fitted to other samples than those that count.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...audio.arrays import Mask
from ..compilation.compilation import compiled
from ..prediction.bands import band_cholesky, band_solve
from ..prediction.models import Matrix, Positions, Vector, covariance_model, excitation_of, span_equations
from ..prediction.voids import filling_noise_from, followed_edge
from .clicks import Shapes, estimate_whole_click, likely_shapes, sounds_own, unknown_shapes
from .rings import RingSearch

_RIDGE = 1e-10  # guard: no band may be empty
# tuned: bench.material.tuning, all kinds at 5 and 15 times by four routes, and table clicks, tuning set,
# 2026-11-29; of 6, 15 and 25 dB
_UNDER_DB = 6.0  # how far the noise that fills a void lies under the top of the band
_NOWHERE = -(2**40)  # guard: further before any sample than models reach
_AFTER = 8  # tuned: by hand, 2026-11-29; orders of the first model after a click that a likelihood is of
# tuned: for speed against dB, by hand, 2026-11-29; log evidence, a part of it, and the most of both
_RIVAL, _PART, _MOST_RIVAL = 20.0, 0.05, 60.0
_WORSE = 25.0  # tuned: groups and all kinds at 5 times, tuning set, 2026-11-30; log likelihood


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
    noises
        Variance of the noise that fills the void for each, shape (count,).
    places
        Sample that each was fitted around, shape (count,).
    """

    models: Matrix
    orders: Positions
    variances: Vector
    noises: Vector
    places: Positions


@compiled
def empty_sounds(order: int, others: Positions) -> Sounds:
    """Return room for a first model of `order` and for the `others`; see `fit_others`."""
    longest = order
    for k in range(others.shape[0]):
        longest = max(longest, others[k, 0])
    count = 1 + others.shape[0]
    orders, places = np.zeros(count, np.int64), np.full(count, _NOWHERE)
    noises = np.full(count, -1.0)  # of none that is fitted yet
    return Sounds(np.zeros((count, longest + 1)), orders, np.zeros(count), noises, places)


@compiled
def use_model(sounds: Sounds, place: int, a: Vector, variance: float, noise: float) -> None:
    """Take a model that was fitted around a place as the first; see `Sounds`."""
    sounds.models[0, : a.size] = a
    sounds.orders[0] = a.size - 1
    sounds.variances[0] = max(variance, 0.0)
    sounds.noises[0], sounds.places[0] = noise, place


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
    sounds: Sounds,
) -> None:
    """Fit the models after the first to what is whole around a span, unless they are known as the first is.

    Parameters
    ----------
    others
        Rows of (order, samples to either side), shape (count - 1, 2).
    sounds
        Filled from row 1 on. The void is filled as for the first: a finer one sees a cliff's own shape.
    """
    noise = sounds.noises[0]
    for k in range(1, sounds.orders.size):
        order, reach = others[k - 1]
        if sounds.places[k] == sounds.places[0] and sounds.noises[k] == noise:
            continue
        low, high = max(span[0] - reach, bounds[0]), min(span[1] + reach, bounds[1])
        sounds.orders[k], sounds.places[k], sounds.noises[k] = 0, sounds.places[0], noise
        if span[0] - order < bounds[0]:
            continue
        variance = covariance_model(x, low, high, damaged, _RIDGE, noise, sounds.models[k, : order + 1])
        if variance > 0.0:
            sounds.orders[k], sounds.variances[k] = order, variance


@compiled
def fit_again(
    x: Vector,
    place: tuple[int, int, int],
    bounds: Positions,
    reach: int,
    damaged: Mask,
    sounds: Sounds,
) -> None:
    """Fit the first model again, as more is damaged than was known; the others are then to be, too."""
    start, stop, _ = place
    low, high = max(start - reach, bounds[0]), min(stop + reach, bounds[1])
    a = np.empty(sounds.orders[0] + 1)
    variance = covariance_model(x, low, high, damaged, _RIDGE, sounds.noises[0], a)
    if variance > 0.0:
        use_model(sounds, _NOWHERE - start, a, variance, sounds.noises[0])


class First(NamedTuple):
    """A click as it is under the first model of the sound.

    Attributes
    ----------
    length, evidence, plain, whole
        As `estimate_whole_click` has them.
    own
        Evidence for the sound's own excitation: whether there is a click is decided under the first model,
        for a longer one calls a drum's stroke the likelier a click the better it knows the sound before.
    shapes
        What is known of the click's own models.
    """

    length: int
    evidence: float
    plain: float
    whole: Vector
    own: float
    shapes: Shapes


@compiled
def estimate_first(
    x: Vector, place: tuple[int, int, int], sounds: Sounds, search: RingSearch, click: Vector
) -> First:
    """Estimate a click under the first model of the sound; see `estimate_whole_click`."""
    a, sigma = sounds.models[0, : sounds.orders[0] + 1], np.sqrt(sounds.variances[0])
    shapes = unknown_shapes(place[1] - place[0])
    length, evidence, plain, whole = estimate_whole_click(x, place, a, sigma, search, shapes, click)
    own = sounds_own(whole, place[0], place[1], place[2], a, sigma)
    return First(length, evidence, plain, whole, own, shapes)


@compiled
def explained(first: First) -> bool:
    """Whether a ring, or a few samples, were all that a click needed: nothing that is driven was tried."""
    return not np.any(first.shapes.variances > 0.0)


@compiled
def _likelihood_around(x: Vector, start: int, stop: int, last: int, a: Vector, variance: float) -> float:
    """Return the log likelihood of ``x[stop:last]`` given what is before `start`; between is unknown."""
    e = excitation_of(x, start, last, a)
    band, g = span_equations(a, e, np.arange(stop - start), e.size - 1)
    if not band_cholesky(band):
        return -np.inf
    unknown = g.copy()
    band_solve(band, unknown)
    energy, spread = 0.0, 0.0
    for value in e:
        energy += value * value
    for t in range(unknown.size):
        energy -= g[t] * unknown[t]
        spread += np.log(band[t, 0])
    return float(-0.5 * (energy / variance + (e.size - unknown.size) * np.log(variance)) - spread)


@compiled
def _close(evidence: float) -> float:
    """Return by how much log evidence may differ between models of the sound: the more the louder a click."""
    return float(min(_far(evidence), _MOST_RIVAL))


@compiled
def _far(evidence: float) -> float:
    """Return the same where it is not certain what a click of this log evidence is."""
    return _RIVAL + _PART * max(evidence, 0.0)


@compiled
def estimate_likeliest(
    x: Vector,
    place: tuple[int, int, int],
    sounds: Sounds,
    search: RingSearch,
    first: First,
    click: Vector,
) -> tuple[int, float, Vector, int]:
    """Estimate a click under the likeliest model of the sound.

    Models are tried that know what follows about as well as the best of them does, whatever is under the
    click; of those that count which are likeliest with the click that was found.

    Parameters
    ----------
    x, place, sounds, search
        As of `estimate_first`.
    first
        What that has found: only what was likely under the first model is tried under another.
    click
        The estimate under the first model; filled with that under the likeliest.

    Returns
    -------
    length, evidence, whole, which
        See `estimate_whole_click`; and the model: its row in `Sounds`.
    """
    start, stop, end = place
    last = min(stop + _AFTER * sounds.orders[0], end)
    around = likelihoods_around(x, place, sounds)
    least = np.max(around) - _close(first.evidence)
    finer = max(around[0] - _WORSE, least)
    if explained(first):  # so that no driven model was tried, which another sound may need
        least = finer = np.max(around) - _far(first.evidence)
    length, evidence, whole, which = first.length, first.evidence, first.whole, 0
    likeliest = evidence + _likelihood(x, start, last, sounds, 0)
    tried = np.empty(click.size)
    for k in range(1, around.size):
        if not around[k] >= (least if sounds.orders[k] < sounds.orders[0] else finer):
            continue
        a, sigma = sounds.models[k, : sounds.orders[k] + 1], np.sqrt(sounds.variances[k])
        shapes = likely_shapes(first.shapes)
        size, odds, _, mended = estimate_whole_click(x, place, a, sigma, search, shapes, tried)
        own = odds + _likelihood(x, start, last, sounds, k)
        if own > likeliest:
            likeliest = own
            length, evidence, whole, which = size, odds, mended, k
            click[:size] = tried[:size]
    return length, evidence, whole, which


@compiled
def _likelihood(x: Vector, start: int, last: int, sounds: Sounds, k: int) -> float:
    """Return the log likelihood of ``x[start:last]`` under model `k`."""
    e = excitation_of(x, start, last, sounds.models[k, : sounds.orders[k] + 1])
    return float(-0.5 * (np.sum(e * e) / sounds.variances[k] + e.size * np.log(sounds.variances[k])))


@compiled
def evidence_under_first(
    x: Vector, place: tuple[int, int, int], sounds: Sounds, evidence: float, which: int
) -> float:
    """Return what evidence for a click under one model of the sound counts beside that under the first."""
    start, stop, end = place
    last = min(stop + _AFTER * sounds.orders[0], end)
    likelier = _likelihood(x, start, last, sounds, which) - _likelihood(x, start, last, sounds, 0)
    return float(evidence + likelier)


@compiled
def likelihoods_around(x: Vector, place: tuple[int, int, int], sounds: Sounds) -> Vector:
    """Return how well each model of the sound knows what follows a click, whatever is under the click.

    Logarithms of likelihoods, shape (count,); -inf where there is no model.
    """
    start, stop, end = place
    last = min(stop + _AFTER * sounds.orders[0], end)
    around = np.full(sounds.orders.size, -np.inf)
    for k in range(around.size):
        if sounds.orders[k] and start >= sounds.orders[k]:
            a = sounds.models[k, : sounds.orders[k] + 1]
            around[k] = _likelihood_around(x, start, stop, last, a, sounds.variances[k])
    return around
