"""Train the odds of clicks: ``python -m models.training.clicks.train`` from the repository's root.

Material: the tuning halves of dance-band renders (mma with FluidR3 GM, MIT), loops of sonic-pi-samples (CC0)
and festvox-ru (BSD-like) from ``bench/cache``, clean and with the damage of ``bench.material.tuning`` by its
routes. Nothing else goes into the weights. What Declick's search takes for possible clicks is measured; what
lies on a click is one, what is in a clean take is none. Seeded: the same material gives the same weights.
"""

from __future__ import annotations

import argparse
import sys
from itertools import islice
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np
import numpy.typing as npt
from bench.material.takes import Take
from bench.material.tuning.routes import ROUTES
from bench.material.tuning.shapes import SHAPES
from bench.material.tuning.transfer import Transferred, transferred
from wavemend.kernels.impulses.click_figures import FIGURES, HeardBands, click_figures
from wavemend.kernels.pulses.rings import RingSearch, ring_poles
from wavemend.plugins.declick.search import ClickSearch
from wavemend.plugins.declick.times import Times

from bench.material import takes

Array = npt.NDArray[np.float64]

# tuned: on recordings of the tuning set that are not in here (orchestral, metal, other speech), 2026-11-29
SEED = 20261129
NETWORKS, HIDDEN, PENALTY, FALSE_WEIGHS = 4, 12, 1e-3, 3.0  # as many are averaged
STEPS, BATCH, RATE_OF_LEARNING = 5000, 1024, 5e-3
CLIP = 4.0  # derived: as `click_figures`
SHORT = 80  # derived: characters of a line
SECONDS = 10.0
SOURCES = (("music", 1, 5), ("hard", 1, 8), ("speech", 2, 2))  # of `takes.KINDS`: kind, place, takes at most
ROUTED = ("as it is", "low-pass 12 kHz", "96 kHz by sox", "MP3 128")
KINDS = tuple(kind for kind in SHAPES if kind != "mouth")
STRENGTHS = (5.0, 15.0)
NEAR_S = 0.7e-3  # a candidate so near a click is one
TARGET = Path(__file__).parents[3] / "src" / "kernels" / "impulses" / "click_weights.py"


class Collecting(ClickSearch):
    """A search that measures what it finds, and keeps none of it."""

    def __init__(self, sample_rate: float, channels: int) -> None:
        times = Times.at(sample_rate, 6.0, 0.0)
        slowest = float(np.exp(-np.log(1000.0) / (2 * times.longest)))
        rings = RingSearch(2 * times.lead, ring_poles(sample_rate, slowest), slowest, 0)
        super().__init__(times, sample_rate, channels, rings, 1.0)
        self.found: list[tuple[int, int, int, Array]] = []
        self.origin = -times.size

    def _weighed(self, channel: int, spans: Array, bounds: npt.NDArray[np.int64]) -> Array:
        others = np.delete(self._e, channel, axis=0)
        heard = HeardBands(self._x[channel], self._e[channel], others, self._low.e[channel], self._low.factor)
        for span in spans:
            figures = np.empty(FIGURES)
            if click_figures(heard, span, self._known(bounds), figures):
                place = int(span[0]) + self.origin, int(span[1]) + self.origin
                self.found.append((channel, *place, figures))
        return np.empty((0, 4))

    def hear(self, audio: Array) -> None:
        """Search a whole recording."""
        hop, size = self._times.hop, self._times.size
        length = audio.shape[1]
        padded = np.pad(audio, ((0, 0), (0, size + hop)))
        for start in range(0, length + size, hop):
            self.advance(padded[:, start : start + hop])
            self.origin = start + hop - size
            bounds = np.array([max(-self.origin, 0), max(min(size, length - self.origin), 0)])
            self.find(self._x, bounds, 1.0)


def examples(audio: Array, rate: int, clicks: Transferred | None) -> tuple[list[Array], list[bool]]:
    """Return the figures of candidates, and whether each is a click; without clicks none is."""
    search = Collecting(rate, len(audio))
    search.hear(np.ascontiguousarray(audio))
    near = round(NEAR_S * rate)
    figures, truth = [], []
    for channel, start, stop, figure in search.found:
        on_click = clicks is not None and bool(
            np.any(clicks.struck[:, channel] & (start < clicks.stops + near) & (stop > clicks.starts - near))
        )
        if clicks is None or on_click:
            figures.append(figure)
            truth.append(on_click)
    return figures, truth


def material() -> list[Take]:
    """Return the takes."""
    return [
        take
        for kind, place, count in SOURCES
        for take in islice(takes.KINDS[kind][place]("tuning", SECONDS), count)
    ]


def train(figures: Array, truth: Array, draw: np.random.Generator) -> list[Any]:
    """Fit the network by Adam (Kingma and Ba, 2015), and return its parts in the order of `Network`."""
    mean, scale = figures.mean(axis=0), figures.std(axis=0) + 1e-9
    z = np.clip((figures - mean) / scale, -CLIP, CLIP)
    weight = np.where(truth > 0.0, 1.0, FALSE_WEIGHS)
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
        wrong = (1.0 / (1.0 + np.exp(-odds)) - truth[chosen]) * weight[chosen] / BATCH
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
        source = "# source: models/clicks-1.md"
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
    for number, take in enumerate(material()):
        for route in ROUTED:
            audio, rate = ROUTES[route](take.audio, take.sample_rate)
            found = [examples(audio, rate, None)]
            for strength in STRENGTHS:
                damaged = transferred(
                    take.audio,
                    take.sample_rate,
                    kinds=tuple(SHAPES),
                    strength=strength,
                    route=route,
                    seed=number,
                )
                found.append(examples(damaged.audio, damaged.sample_rate, damaged))
            for some, which in found:
                figures += some
                truth += which
        print(f"{take.name}: {len(truth)} candidates, {sum(truth)} clicks", file=sys.stderr, flush=True)
    draw = np.random.default_rng(given.seed)
    parts = averaged([train(np.array(figures), np.array(truth, float), draw) for _ in range(NETWORKS)])
    given.target.write_text(module(parts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
