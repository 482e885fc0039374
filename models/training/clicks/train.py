"""Train the odds of clicks: ``python -m models.training.clicks.train`` from the repository's root.

Material: the tuning halves of dance-band renders (mma with FluidR3 GM, MIT), of loops and single sounds of
sonic-pi-samples (CC0) and of festvox-ru (BSD-like) from ``bench/cache``; pieces played with FluidR3 GM
(`played`); and strokes that are made up (`strokes`). Nothing else goes into the weights. What Declick's
search takes for possible clicks is measured (`examples`). Seeded: the same material gives the same weights.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np
import numpy.typing as npt
from models.training.clicks.examples import Lot, gathered, material
from wavemend.kernels.impulses.click_figures import FIGURES, LATE

Array = npt.NDArray[np.float64]

# tuned: on recordings of the tuning set that are not in here (orchestral, metal, other speech), 2026-11-30
SEED = 20261130
NETWORKS, HIDDEN, PENALTY = 4, 12, 4e-3  # as many are averaged
STEPS, BATCH, RATE_OF_LEARNING = 2500, 1024, 5e-3
WEIGHS = {"clean": 2.0, "strokes": 1.0, "clipping": 1.0, "5": 1.0, "15": 1.0, "50": 0.3}
LASTING_DB, SHORT_WEIGHS = 6.0, 0.05  # what is louder 15 ms after a stroke, and a stroke that is over by then
PLAYED_WEIGHS = 0.3  # what is in pieces that are played for this, against what is in recordings and renders
CLIP = 4.0  # derived: as `click_figures`
SHORT = 80  # derived: characters of a line
TARGET = Path(__file__).parents[3] / "src" / "kernels" / "impulses" / "click_weights.py"


def weights_of(lot: Lot, name: str) -> list[float]:
    """Return how much each example of a lot weighs, in a take of this name.

    A stroke that is over in 15 ms is as a click is, so it says little.
    """
    share = WEIGHS[lot.kind] * (1.0 if "/" in name else PLAYED_WEIGHS)
    lasts = [lot.kind != "strokes" or figure[LATE] > LASTING_DB for figure in lot.figures]
    return [share if lasting else SHORT_WEIGHS for lasting in lasts]


def train(figures: Array, truth: Array, weights: Array, draw: np.random.Generator) -> list[Any]:
    """Fit the network by Adam (Kingma and Ba, 2015), and return its parts in the order of `Network`."""
    mean, scale = figures.mean(axis=0), figures.std(axis=0) + 1e-9
    z = np.clip((figures - mean) / scale, -CLIP, CLIP)
    parts = [
        draw.normal(0.0, FIGURES**-0.5, (FIGURES, HIDDEN)),
        np.zeros(HIDDEN),
        draw.normal(0.0, HIDDEN**-0.5, HIDDEN),
        np.zeros(1),
    ]
    first, second = [np.zeros_like(part) for part in parts], [np.zeros_like(part) for part in parts]
    for step in range(1, STEPS + 1):
        chosen = draw.integers(len(z), size=BATCH)
        hidden = np.tanh(z[chosen] @ parts[0] + parts[1])
        odds = hidden @ parts[2] + parts[3][0]
        wrong = (1.0 / (1.0 + np.exp(-odds)) - truth[chosen]) * weights[chosen] / BATCH
        inner = np.outer(wrong, parts[2]) * (1.0 - hidden**2)
        slopes = [
            z[chosen].T @ inner + PENALTY * parts[0],
            inner.sum(axis=0),
            hidden.T @ wrong + PENALTY * parts[2],
            np.array([wrong.sum()]),
        ]
        rate = RATE_OF_LEARNING * (1.0 - step / STEPS)
        for k, slope in enumerate(slopes):
            first[k] = 0.9 * first[k] + 0.1 * slope
            second[k] = 0.999 * second[k] + 0.001 * slope**2
            moved = first[k] / (1.0 - 0.9**step) / (np.sqrt(second[k] / (1.0 - 0.999**step)) + 1e-8)
            parts[k] = parts[k] - rate * moved
    return [mean, scale, *parts[:3], float(parts[3][0])]


def averaged(each: list[list[Any]]) -> list[Any]:
    """Return the mean of networks of the same figures, as one network with all of their hidden units."""
    inner = np.concatenate([parts[2] for parts in each], axis=1)
    bias = np.concatenate([parts[3] for parts in each])
    outer = np.concatenate([parts[4] for parts in each]) / len(each)
    return [*each[0][:2], inner, bias, outer, float(np.mean([parts[5] for parts in each]))]


def module(parts: list[Any]) -> str:
    """Return the module of weights."""
    lines = [
        '"""Weights of the odds of clicks, written by ``python -m models.training.clicks.train``."""',
        "",
    ]
    lines += ["# fmt: off"]
    for name, part in zip(("MEAN", "SCALE", "INNER", "BIAS", "OUTER", "CONSTANT"), parts, strict=True):
        numbers = str(np.round(part, 5).tolist())
        source = "# source: models/clicks-2.md"
        if len(numbers) < SHORT:
            lines.append(f"{name} = {numbers}  {source}")
        else:
            lines += [
                source,
                f"{name} = (",
                *wrap(numbers, SHORT, initial_indent="    ", subsequent_indent="    "),
                ")",
            ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Collect, fit, and write the module of weights."""
    parser = argparse.ArgumentParser(prog="python -m models.training.clicks.train", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=SEED, help=f"of the networks; the packaged ones' is {SEED}"
    )
    parser.add_argument("--target", type=Path, default=TARGET, help="module to write")
    given = parser.parse_args()
    figures: list[Array] = []
    truth: list[bool] = []
    weights: list[float] = []
    for number, take in enumerate(material()):
        for lot in gathered(take, number):
            figures += lot.figures
            truth += lot.clicks
            weights += weights_of(lot, take.name)
        print(f"{take.name}: {len(truth)} candidates, {sum(truth)} clicks", file=sys.stderr, flush=True)
    draw = np.random.default_rng(given.seed)
    known = np.array(figures), np.array(truth, float), np.array(weights)
    parts = averaged([train(*known, draw) for _ in range(NETWORKS)])
    given.target.write_text(module(parts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
