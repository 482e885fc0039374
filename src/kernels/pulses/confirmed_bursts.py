"""Bursts of noise that stand out of a recording, less those that a click explains better."""

from __future__ import annotations

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Positions, Vector
from .clicks import estimate_burst, estimate_click
from .rings import RingSearch
from .sound_models import fit_around


@compiled
def confirm_bursts(
    x: Vector,
    bursts: Matrix,
    clicks: Positions,
    bounds: Positions,
    model: int,
    order: int,
    search: RingSearch,
) -> int:
    """Keep, in place, the bursts that noise was added in, and that no click explains better; return how many.

    Parameters
    ----------
    bursts
        Rows of (start, stop, score).
    clicks
        Rows of (start, stop): the clicks that were found.
    x, bounds
        As of `click_repair.repair_spans`.
    model, order, search
        Of `click_repair.RepairSettings`.
    """
    models = np.ones((2, order + 1))
    a = models[0]
    band = np.ones(2)
    kept = 0
    click = np.empty(x.size)
    for k in range(bursts.shape[0]):
        start, stop = int(bursts[k, 0]), int(bursts[k, 1])
        if start - order < bounds[0] or stop >= bounds[1]:
            continue
        damaged = np.zeros(x.size, np.bool_)
        damaged[start:stop] = True
        variance = fit_around(x, start, stop, bounds, model, damaged, band, models)[0]
        if not variance > 0.0:
            continue
        sigma = np.sqrt(variance)
        length, evidence = estimate_burst(x, start, stop, bounds[1], a, sigma, click)
        better = length > 0
        for q in range(clicks.shape[0]):
            first, last = clicks[q]
            if better and first < stop and last > start and first - order >= bounds[0] and last < bounds[1]:
                room = click[: bounds[1] - first]
                better = estimate_click(x, first, last, bounds[1], a, sigma, search, room)[2] < evidence
        if better:
            bursts[kept] = bursts[k]
            kept += 1
    return kept
