"""Crackle of worn discs over a clean take, passed with it through a route, and the truth about it.

Arrivals are Poisson at a rate that the disc modulates: it swells and fades once a turn (an uneven pressing,
or a centre that is off), is higher in one worn sector, and part of what arrives comes in groups. Heights have
a heavy tail: on vinyl Pareto's, as on a real record, on shellac, whose filler wears, log-normal. Each
impulse is what a stylus does at a flaw (climbs a grain and falls off it, skids over grit, or swings after
it), as velocity, so it passes the playback curve that the music's own recording curve undoes, then the
cartridge and the converter. It is in both walls alike (lateral), against each other, or in one.

Level: the strongest hundredth of the impulses peaks over ``strength`` times the RMS of the take as the
converter hears it, behind all band limits, and none over twice that, but where they lie on each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.signal import lfilter
from scipy.special import ndtri

from bench.material.reporting.channel import FINE, RATE, Analogue, Response
from bench.material.reporting.clicks import HEADROOM, SPAN_DOWN, Faulty, Heard, beyond

FINE_MS = FINE * RATE / 1000

# source: a real record's surface, 437 peaks over five times its noise in 8 s: their heights have Hill's
# exponent 1.6 to 2.0, whatever the threshold; counts in 100 ms have 1.3 to 1.5 times a Poisson's variance.
PARETO = (1.6, 2.0)
GROUPED = 0.15  # share that comes in groups
GROUP = (2, 6)

LOG_NORMAL = (0.7, 1.0)  # sigma, 6 to 9 dB; tuned: by hand, no record
GAP_MS = (0.5, 4.0)  # mean, within a group; tuned: by hand, no record
SECTOR, WORN = (0.1, 0.3), (1.3, 2.5)  # share of a turn, rate there; tuned: by hand, no record
GRID_S = 0.001  # of the rate; guard: far finer than a sector

STRONGEST = 0.01  # of the impulses peak over the strength asked for; source: this module's rule for the level
MOST = 2.0  # times the strength; guard: what is higher is a pop

# Time in the channel. At 0.2 to 0.5 m/s (vinyl) and 0.5 to 1.2 m/s (shellac) 10 to 200 um take as long.
FLAW_MS = (0.02, 0.4)  # derived: that length over that speed
TIP_MS = (0.06, 0.18)  # derived: twice the length of contact, 10 to 25 um at 0.3, 25 to 70 at 0.8 m/s
RISE = (0.2, 0.5)  # share of a flaw's length, climbing; tuned: to two-sided pulses as on that real record
SKID_MS = ((0.02, 0.08), (0.03, 0.15))  # swell and fading, time constants; tuned: the same
GRIT_MS = (0.02, 0.1)  # correlation of what a tip skids over; tuned: the same
SWING_HZ, SWING_MS = (1500.0, 6000.0), (0.04, 0.15)  # source: cantilevers on vinyl, well under the tip's
SWING = (0.2, 0.6)  # of the flaw's own peak; tuned: by hand, no record
DOWN = 1e-3  # where envelopes end, 60 dB down; source: the recipe of published comparisons
DIFFERENT = 256  # shapes in a take; guard: drawing ten thousand would take minutes
WALLS_DB = 4.0  # largest difference between the walls; source: 32 clicks of that real record

Drawn = Callable[[np.random.Generator, int], np.ndarray]


def _pareto(draw: np.random.Generator, count: int) -> np.ndarray:
    """Draw heights; the strongest hundredth is over 1."""
    exponent = draw.uniform(*PARETO)
    return (draw.random(count) / STRONGEST) ** (-1 / exponent)


def _log_normal(draw: np.random.Generator, count: int) -> np.ndarray:
    """Draw heights; the strongest hundredth is over 1."""
    sigma = draw.uniform(*LOG_NORMAL)
    return np.exp(sigma * (draw.standard_normal(count) + ndtri(STRONGEST)))


@dataclass(frozen=True)
class Disc:
    """What a kind of disc crackles like.

    Attributes
    ----------
    turns_per_s : float
    curves : sequence of str
        The playback curves that it is heard through.
    swish : pair of float
        Least and greatest depth of the rate's swing once a turn, 0 to 1.
    lateral, vertical : float
        Share of the impulses in both walls alike, and against each other; the others are in one.
    heights : callable
        Draws so many heights.
    """

    turns_per_s: float
    curves: tuple[str, ...]
    swish: tuple[float, float]
    lateral: float
    vertical: float
    heights: Drawn


# source: speeds of IEC 60098 (33 1/3 and 78.26 a minute); vinyl's walls: the real record's, three of four in
# both channels. Tuned by hand, no record: the swish, and that a mono disc crackles laterally more often.
DISCS = {
    "vinyl": Disc(100 / 3 / 60, ("riaa",), (0.1, 0.5), 0.5, 0.15, _pareto),
    "shellac": Disc(78.26 / 60, ("bs78", "aes"), (0.3, 0.7), 0.65, 0.1, _log_normal),
}


@dataclass(frozen=True)
class Shapes:
    """Impulses of one take: as the groove gives them, and what of them is heard.

    Attributes
    ----------
    waves : np.ndarray [shape=(shapes, m)]
        Drawn at four times the rate; their peak in front of the converter is 1.
    before, after : np.ndarray [shape=(shapes,)]
        Samples at the rate from where a wave begins to where it is heard (40 dB down) and no longer.
    """

    waves: np.ndarray
    before: np.ndarray
    after: np.ndarray


@dataclass(frozen=True)
class Train:
    """Impulses of shape (channels, n) in front of the converter, and the span of each in samples."""

    added: np.ndarray
    starts: np.ndarray
    stops: np.ndarray


def crackle(heard: Heard, disc: str, per_second: float, strength: float, seed: int) -> Faulty:
    """Return a take with the crackle of a disc, through its route.

    Parameters
    ----------
    heard : Heard
        The take, played from a groove.
    disc : {"vinyl", "shellac"}
    per_second : float
        Impulses, mean over the take.
    strength : float
        Peak of the strongest hundredth over the take's RMS.
    seed : int

    Raises
    ------
    ValueError
        An unknown disc.
    """
    if disc not in DISCS:
        raise ValueError(f"disc={disc!r} must be one of {', '.join(DISCS)}")
    kind = DISCS[disc]
    draw = np.random.default_rng([seed, 6, *disc.encode()])
    through = beyond(heard.route, str(draw.choice(kind.curves)))
    rms = np.sqrt(np.mean(heard.audio**2))
    train = impulses(
        kind,
        heard.analogue,
        through,
        shape=heard.audio.shape,
        per_second=per_second,
        height=strength * rms,
        draw=draw,
    )
    gain = float(HEADROOM / max(np.max(np.abs(heard.audio + train.added)), np.max(np.abs(heard.audio))))
    damaged = heard.converted(gain * heard.audio + gain * train.added)
    return heard.arrived(gain, damaged, list(zip(train.starts.tolist(), train.stops.tolist(), strict=True)))


def impulses(
    disc: Disc,
    analogue: Analogue,
    through: Sequence[Response],
    *,
    shape: tuple[int, ...],
    per_second: float,
    height: float,
    draw: np.random.Generator,
) -> Train:
    """Return the impulses of a disc as they are in front of the converter.

    Parameters
    ----------
    disc : Disc
    analogue : Analogue
        What music and impulses pass.
    through : sequence of callables
        What the impulses pass besides.
    shape : tuple of int
        Channels, and samples at 44.1 kHz.
    per_second : float
    height : float
        Peak of the strongest hundredth.
    draw : np.random.Generator
    """
    shapes = drawn_shapes(partial(analogue.pulses, through=through), draw)
    channels, length = shape

    times = arrivals(disc, per_second, length / RATE, draw)
    at = np.floor(times * RATE * FINE).astype(int)
    which = draw.integers(DIFFERENT, size=len(at))
    heights = height * np.minimum(disc.heights(draw, len(at)), MOST)
    peaks = heights * draw.choice((-1, 1), len(at)) * walls(disc, channels, len(at), draw)

    span = shapes.waves.shape[1]
    train = np.zeros((channels, FINE * length + span))
    for first, wave, peak in zip(at, which, peaks.T, strict=True):
        train[:, first : first + span] += peak[:, None] * shapes.waves[wave]
    passed, onset = analogue.pulses(train[:, : FINE * length], through=through)

    starts = np.clip(at // FINE + shapes.before[which], 0, length - 1)
    stops = np.clip(at // FINE + shapes.after[which], starts + 1, length)
    return Train(passed[:, onset : onset + length], starts, stops)


def arrivals(disc: Disc, per_second: float, seconds: float, draw: np.random.Generator) -> np.ndarray:
    """Draw when impulses arrive, in seconds, in order: Poisson at a modulated rate, part in groups."""
    time = np.arange(0, seconds, GRID_S)
    turns = time * disc.turns_per_s + draw.random()
    rate = 1 + draw.uniform(*disc.swish) * np.cos(2 * np.pi * turns)
    rate[(turns + draw.random()) % 1 < draw.uniform(*SECTOR)] *= draw.uniform(*WORN)
    edges = np.append(time, seconds)
    passed = np.concatenate([[0.0], np.cumsum(rate * np.diff(edges))])

    count = draw.poisson(per_second * seconds)
    grouped = draw.binomial(count, GROUPED)
    sizes = draw.integers(*GROUP, size=grouped // GROUP[0] + 1, endpoint=True)
    sizes = np.minimum(sizes, np.maximum(grouped - np.cumsum(sizes) + sizes, 0))
    sizes = np.concatenate([np.ones(count - grouped, dtype=int), sizes[sizes > 0]])
    heads = np.interp(draw.random(len(sizes)) * passed[-1], passed, edges)

    gaps = np.repeat(1e-3 * draw.uniform(*GAP_MS, size=len(sizes)), sizes) * draw.exponential(size=count)
    firsts = np.cumsum(sizes) - sizes
    gaps[firsts] = 0
    since = np.cumsum(gaps)
    times = np.repeat(heads - since[firsts], sizes) + since
    return np.sort(times[times < seconds])


def walls(disc: Disc, channels: int, count: int, draw: np.random.Generator) -> np.ndarray:
    """Draw the gain of each impulse in each channel, shape (channels, count), the larger 1."""
    kind = draw.random(count)
    less = 10 ** (-draw.uniform(0, WALLS_DB, count) / 20)
    less[kind > disc.lateral] *= -1
    less[kind > disc.lateral + disc.vertical] = 0
    gains = np.tile(less, (channels, 1))
    gains[draw.integers(channels, size=count), np.arange(count)] = 1
    return gains


def drawn_shapes(passed: Callable[[np.ndarray], tuple[np.ndarray, int]], draw: np.random.Generator) -> Shapes:
    """Draw impulses and give them their height behind what they pass."""
    each = [(grain, skid, swing)[draw.integers(3)](draw) for _ in range(DIFFERENT)]
    longest = max(map(len, each))
    ways = np.stack([np.pad(way, (0, longest - len(way))) for way in each])
    waves = np.diff(ways, prepend=0, append=0)  # a pickup gives velocity
    pulses, onset = passed(waves)
    peaks = np.max(np.abs(pulses), axis=1, keepdims=True)
    over = np.abs(pulses) > SPAN_DOWN * peaks
    before = np.argmax(over, axis=1) - onset
    after = over.shape[1] - np.argmax(over[:, ::-1], axis=1) - onset
    return Shapes(waves / peaks, before, after)


def grain(draw: np.random.Generator) -> np.ndarray:
    """Return the way of a tip that climbs a grain, or falls into a pit, and comes back."""
    length = _log_uniform(draw, *FLAW_MS) * FINE_MS
    rise = max(round(length * draw.uniform(*RISE)), 1)
    fall = max(round(length) - rise, 1)
    return _traced(np.concatenate([_half_wave(rise), 1 - _half_wave(fall)]), draw)


def skid(draw: np.random.Generator) -> np.ndarray:
    """Return the way of a tip over grit: noise that swells and fades."""
    swell, fading = (_log_uniform(draw, *range_ms) * FINE_MS for range_ms in SKID_MS)
    reach = -np.log(DOWN)
    before, after = np.arange(-round(reach * swell), 0), np.arange(round(reach * fading))
    envelope = np.concatenate([np.exp(before / swell), np.exp(-after / fading)])
    memory = np.exp(-1 / (_log_uniform(draw, *GRIT_MS) * FINE_MS))
    grit = lfilter([1.0], [1.0, -memory], draw.standard_normal(len(envelope)))
    return _traced(envelope * grit, draw)


def swing(draw: np.random.Generator) -> np.ndarray:
    """Return the way of a tip whose cantilever swings after a grain."""
    struck = grain(draw)
    tau = _log_uniform(draw, *SWING_MS) * FINE_MS
    time = np.arange(round(-np.log(DOWN) * tau))
    cycles = _log_uniform(draw, *SWING_HZ) / (FINE * RATE) * time
    ring = draw.choice((-1, 1)) * draw.uniform(*SWING) * np.exp(-time / tau) * np.sin(2 * np.pi * cycles)
    at = len(struck) // 2
    way = np.pad(struck, (0, max(at + len(ring) - len(struck), 0)))
    way[at : at + len(ring)] += np.max(np.abs(struck)) * ring
    return way


def _traced(way: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Return a way as a tip of some width takes it."""
    tip = np.hanning(round(draw.uniform(*TIP_MS) * FINE_MS) + 2)
    return np.convolve(way, tip)


def _half_wave(length: int) -> np.ndarray:
    """Return a smooth way from 0 to 1."""
    return np.sin(np.pi / 2 * np.arange(1, length + 1) / length) ** 2


def _log_uniform(draw: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(draw.uniform(np.log(low), np.log(high))))
