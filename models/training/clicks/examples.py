"""What Declick's search takes for possible clicks, measured, and whether each is one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from bench.material.takes import Take
from bench.material.tuning.routes import ROUTES
from bench.material.tuning.shapes import SHAPES
from bench.material.tuning.transfer import transferred
from models.training.clicks.played import FAMILIES, played, single_strokes
from models.training.clicks.strokes import STROKES, clipping, struck
from wavemend.kernels.impulses.click_figures import FIGURES, HeardBands, click_figures
from wavemend.kernels.pulses.rings import RingSearch, ring_poles
from wavemend.plugins.declick.search import ClickSearch
from wavemend.plugins.declick.times import Times

from bench.material import takes

Array = npt.NDArray[np.float64]

# source: this training's own material
SECONDS = 10.0
SOURCES = (("music", 1, 5), ("hard", 1, 8), ("speech", 2, 2))  # of `takes.KINDS`: kind, place, takes at most
PIECES = 2  # of each family of instruments
THOROUGH = 15  # so many takes are heard by all routes, and with strokes over them; the others by three
ROUTED = ("as it is", "low-pass 12 kHz", "96 kHz by sox", "MP3 128", "MP3 320", "48 kHz by sox")
STRENGTHS = (5.0, 15.0, 50.0)
BEDS_DB = (0.0, -20.0, -60.0)  # of the recordings that strokes are added to, in turn
NEAR_S = 0.7e-3  # a candidate so near a click is one


class Lot(NamedTuple):
    """What was found in one recording.

    Attributes
    ----------
    kind
        "clean", "strokes", "clipping", or the clicks' strength.
    route
        Of `ROUTED`.
    figures
        Of each candidate.
    clicks
        Whether each is one.
    """

    kind: str
    route: str
    figures: list[Array]
    clicks: list[bool]


class Collecting(ClickSearch):
    """A search that measures what it finds, and keeps none of it."""

    def __init__(self, sample_rate: float, channels: int) -> None:
        times = Times.at(sample_rate, 6.0, 0.0)
        slowest = float(np.exp(-np.log(1000.0) / (2 * times.longest)))
        rings = RingSearch(2 * times.lead, ring_poles(sample_rate, slowest), slowest, 0)
        super().__init__(times, sample_rate, channels, rings, 1.0)
        self.found: list[tuple[int, int, int, Array]] = []
        self.origin = -times.size

    def _odds(self, channel: int, spans: Array, bounds: npt.NDArray[np.int64]) -> Array:
        others = np.delete(self._e, channel, axis=0)
        heard = HeardBands(self._x[channel], self._e[channel], others, self._low.e[channel], self._low.factor)
        for span in spans:
            figures = np.empty(FIGURES)
            if click_figures(heard, span, self._known(bounds), figures):
                place = int(span[0]) + self.origin, int(span[1]) + self.origin
                self.found.append((channel, *place, figures))
        return np.full(len(spans), -np.inf)

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


def examples(
    audio: Array, rate: int, spans: Array | None = None, struck_in: Array | None = None
) -> tuple[list[Array], list[bool]]:
    """Return the figures of candidates, and whether each is a click.

    Parameters
    ----------
    audio
        Shape (channels, n).
    rate
        In Hz.
    spans
        Of the clicks, shape (clicks, 2), in samples; beside them nothing is an example. None: there is none,
        and none of the candidates is a click.
    struck_in
        Which channels each is in, shape (clicks, channels).
    """
    search = Collecting(rate, len(audio))
    search.hear(np.ascontiguousarray(audio))
    near = round(NEAR_S * rate)
    figures, truth = [], []
    for channel, start, stop, figure in search.found:
        on_click = False
        if spans is not None:
            here = np.ones(len(spans), bool) if struck_in is None else struck_in[:, channel]
            on_click = bool(np.any(here & (start < spans[:, 1] + near) & (stop > spans[:, 0] - near)))
        if spans is None or on_click:
            figures.append(figure)
            truth.append(on_click)
    return figures, truth


def material() -> list[Take]:
    """Return the takes that clicks are added to: recordings, renders, and pieces that are played for this."""
    recorded = [
        take
        for kind, place, count in SOURCES
        for take in islice(takes.KINDS[kind][place]("tuning", SECONDS), count)
    ]
    pieces = [
        played(family, seed, SECONDS)
        for k, family in enumerate(FAMILIES)
        for seed in range(2 * k, 2 * k + PIECES)
    ]
    return recorded + pieces


def with_clicks(take: Take, strength: float, seed: int, routes: tuple[str, ...]) -> Iterator[Lot]:
    """Yield what is found of clicks of every kind at one strength."""
    # What clicks cost to draw is drawn once; routes are linear enough that a click stays where it is.
    damaged = transferred(
        take.audio, take.sample_rate, kinds=tuple(SHAPES), strength=strength, route="as it is", seed=seed
    )
    spans = np.column_stack([damaged.starts, damaged.stops])
    for route in routes:
        audio, rate = ROUTES[route](damaged.audio, take.sample_rate)
        found = examples(audio, rate, spans * rate // take.sample_rate, damaged.struck)
        yield Lot(f"{strength:g}", route, *found)


def gathered(take: Take, number: int) -> Iterator[Lot]:
    """Yield what is found in one take: clean, with clicks, with clipped ones, and with strokes over it."""
    thorough = number < THOROUGH
    turn = [ROUTED[(number + k) % len(ROUTED)] for k in range(len(ROUTED))]
    for route in turn if thorough else turn[:3]:
        yield Lot("clean", route, *examples(*ROUTES[route](take.audio, take.sample_rate)))
    for k, strength in enumerate(STRENGTHS, 1):
        routes = (turn[k], turn[(k + 3) % len(turn)]) if thorough else (turn[k],)
        yield from with_clicks(take, strength, number + 100 * k, routes)
    clipped, spans = clipping(take.audio, take.sample_rate, number)
    for route in dict.fromkeys(("as it is", turn[0])):
        audio, rate = ROUTES[route](clipped, take.sample_rate)
        yield Lot("clipping", route, *examples(audio, rate, spans * rate // take.sample_rate))
    if not thorough:
        return
    every = [*STROKES.values(), *single_strokes("tuning")]
    for k in range(0, len(every), 2):
        which = (k + number) % len(every)
        bed = 10 ** (BEDS_DB[(number + k // 2) % len(BEDS_DB)] / 20.0) * take.audio
        added = struck(bed, take.sample_rate, strokes=every[which], seed=len(every) * number + which)
        for route in (turn[k % len(turn)], turn[(k + 3) % len(turn)]):
            yield Lot("strokes", route, *examples(*ROUTES[route](added, take.sample_rate)))
