"""Clicks of every kind in a clean take, passed with it through a route, and the truth about them.

Level: a click is given its height where the converter hears it, after cartridge, curve and band limit (a
limit after the converter too): its peak is ``strength`` times the RMS of the clean take, as heard there, over
10 ms on either side, in the channels that it is in. So a narrow band does not make clicks smaller. One click
every 0.25 to 0.45 s, where that RMS is over -60 dBFS as recorded.

A click that clips: the transfer's gain is set so that full scale is at ``strength`` times the take's median
RMS, yet over its peak; pops 1.5 to 4 times as high come where the RMS is within a factor of 2 of that. What
is recorded of them, full scale, is the height that counts; where no place is like that, there are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.material.reporting import shapes
from bench.material.reporting.channel import (
    CURVES,
    FINE,
    RATE,
    TOP_HZ,
    Analogue,
    Response,
    Route,
    band_limit,
    cartridge,
    convert,
    playback,
    resampled,
)
from bench.material.takes import Take
from bench.measuring.measures import active_level_db

# source: the recipe of published comparisons (audiojs/audio), for all of this paragraph.
SPACING_S = (0.25, 0.45)
NEAR_S = 0.010
LEAST_RMS = 1e-3
DROPOUT_S = (0.002, 0.020)
FAINTEST = 0.2  # of crackle, of the loudest

ROOM_S = 0.15  # from the edges of a take; guard: the longest thump fits
HEADROOM = 0.8  # of full scale; guard: no resampler clips between samples
SPAN_DOWN = (
    0.01  # a span ends where a click stays 40 dB down; source: the truth's convention, bench/README.md
)
SOFT_PART_DB = -6.0  # of the active level: where mouth clicks are; tuned: by hand, no record
ZEROS_S = (0.0002, 0.005)  # tuned: by hand, from 9 samples to a block that a player lost
DROPOUT_DB = (20.0, 60.0)  # tuned: by hand, no record
RESONANCE_HZ = (12_000.0, 20_000.0)  # source: cartridges' data sheets, tip on vinyl
RESONANCE_Q = (0.9, 1.6)  # tuned: by hand, to the rise of 1 to 4 dB that measured curves of cartridges have
OVER = (1.5, 4.0)  # a clipped pop over full scale; tuned: by hand, 3.5 to 12 dB
LATERAL, VERTICAL = 0.55, 0.15  # shares; source: in phase, against it, else in one channel: 32 real clicks
WALLS_DB = 4.0  # largest difference between the walls; source: the same real clicks
WALL_SHARE = 0.125  # of crackle; source: 4 of 32 real clicks have half of their energy below 1 kHz
DIFFERENT = 64  # shapes in a take's crackle; guard: drawing thousands would take minutes


@dataclass(frozen=True)
class Recipe:
    """A kind of click.

    Attributes
    ----------
    draw : callable or None
        Its shape; None is a fault of level: a dropout, or zeros.
    groove : bool
        Whether it comes from a disc, so that take and click pass a cartridge.
    velocity : bool
        Whether it passes the playback curve, which the music's own recording curve undoes.
    digital : bool
        Whether it comes after the converter: samples of its own.
    clips : bool
        Whether the converter clips it.
    soft_parts : bool
        Whether it comes in pauses and soft parts alone.
    """

    draw: shapes.Shape | None
    groove: bool = True
    velocity: bool = False
    digital: bool = False
    clips: bool = False
    soft_parts: bool = False


RECIPES = {
    "tick": Recipe(shapes.tick),
    "soft": Recipe(shapes.soft),
    "wall": Recipe(shapes.wall, velocity=True),
    "noise": Recipe(shapes.noise),
    "group": Recipe(shapes.group),
    "two modes": Recipe(shapes.two_mode),
    "cut": Recipe(shapes.cut),
    "pop": Recipe(shapes.pop),
    "clipped": Recipe(shapes.pop, clips=True),
    "scratch": Recipe(shapes.scratch),
    "glitch": Recipe(shapes.glitch, groove=False, digital=True),
    "mouth": Recipe(shapes.mouth, groove=False, soft_parts=True),
    "dropout": Recipe(None, groove=False),
    "zeros": Recipe(None, groove=False, digital=True),
}


@dataclass(frozen=True)
class Faulty:
    """A take with faults, at the end of its route.

    Attributes
    ----------
    audio, clean : np.ndarray [shape=(channels, n)]
        Damaged and not, both through the whole route. For a codec their noise differs everywhere, so only
        what is near a click may be compared.
    subtracted : np.ndarray [shape=(channels, n)]
        As far as a repair can come: the damaged take less its clicks as they went into a codec. Where there
        is no codec, `clean`.
    starts, stops : np.ndarray [shape=(clicks,)]
        Spans, in samples at ``sample_rate``.
    sample_rate : int
    """

    audio: np.ndarray
    clean: np.ndarray
    subtracted: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    sample_rate: int


@dataclass(frozen=True)
class _Click:
    """A click as the converter hears it: its span, and its waves from a sample on."""

    start: int
    stop: int
    at: int
    waves: np.ndarray = field(repr=False)


class Heard:
    """A clean take in front of the converter, after cartridge and band limit, which many kinds share.

    Parameters
    ----------
    take : Take
        At 44.1 kHz.
    route : Route
    groove : bool
        Whether it is played from a disc; the cartridge is drawn from the seed.
    seed : int
        Of the cartridge and the dither.

    Raises
    ------
    ValueError
        The take is at another rate.
    """

    def __init__(self, take: Take, route: Route, *, groove: bool, seed: int) -> None:
        if take.sample_rate != RATE:
            raise ValueError(f"sample_rate={take.sample_rate} of {take.name} must be {RATE}")
        draw = np.random.default_rng([seed, 1])
        pickup = cartridge(draw.uniform(*RESONANCE_HZ), draw.uniform(*RESONANCE_Q))
        self.route, self.seed = route, seed
        self.analogue = route.analogue(*([pickup] if groove else []))
        self.audio = self.analogue.music(take.audio)
        self._arrived: tuple[float, np.ndarray] | None = None

    def converted(self, audio: np.ndarray) -> np.ndarray:
        """Return audio after the converter, with the dither that all of this take's have."""
        return convert(audio, self.route.bits, self.seed)

    def clean(self, gain: float = 1.0) -> np.ndarray:
        """Return the clean take at the end of the route; ``gain`` is set before the converter."""
        if self._arrived is None or self._arrived[0] != gain:
            self._arrived = gain, self.route.journey(self.converted(gain * self.audio))
        return self._arrived[1]

    def arrived(self, gain: float, damaged: np.ndarray, spans: Sequence[tuple[int, int]]) -> Faulty:
        """Send a converted damaged take along the route."""
        route = self.route
        clean, audio = self.clean(gain), route.journey(damaged)
        subtracted = clean
        if route.codec:
            added = damaged - self.converted(gain * self.audio)
            heard = Analogue(top_hz=route.top_hz).music(added)
            subtracted = audio - resampled(heard, route.rate)[:, : audio.shape[1]]
        edges = np.round(np.array(spans).reshape(-1, 2) * route.rate / RATE).astype(int)
        return Faulty(audio, clean, subtracted, edges[:, 0], edges[:, 1], route.rate)


def faulty(heard: Heard, kind: str, strength: float, seed: int) -> Faulty:
    """Return a take with faults of one kind, through the route.

    Parameters
    ----------
    heard : Heard
        The take, played from a disc where `RECIPES` says so of the kind.
    kind : str
        One of `RECIPES`.
    strength : float
        Peak over the RMS nearby; it says nothing to dropouts and zeros.
    seed : int
        Of the places and the shapes.

    Raises
    ------
    ValueError
        An unknown kind.
    """
    if kind not in RECIPES:
        raise ValueError(f"kind={kind!r} must be one of {', '.join(RECIPES)}")
    recipe = RECIPES[kind]
    draw = np.random.default_rng([seed, 2, *kind.encode()])
    gain = _gain(heard.audio, strength, clips=recipe.clips)
    clean = gain * heard.audio
    places = _places(clean, recipe, strength, draw)
    if recipe.draw is None:
        return _level_faults(heard, gain, places, draw, digital=recipe.digital)
    clicks = [_click(heard, recipe, recipe.draw, clean, strength=strength, at=at, draw=draw) for at in places]
    added = np.zeros_like(clean)
    for click in clicks:
        first = max(click.at, 0)
        waves = click.waves[:, first - click.at :][:, : clean.shape[1] - first]
        added[:, first : first + waves.shape[1]] += waves
    if recipe.digital:
        damaged = np.clip(heard.converted(clean) + added, -1, 1)
    else:
        damaged = heard.converted(clean + added)
    return heard.arrived(gain, damaged, [(click.start, click.stop) for click in clicks])


def crackled(heard: Heard, per_second: float, strength: float, seed: int) -> Faulty:
    """Return a take with crackle, through the route: Poisson times, heights up to ``strength`` times its RMS.

    Specks, and steps in the walls, log-uniform from a fifth of that on, in both channels or in one.
    """
    draw = np.random.default_rng([seed, 3, round(per_second)])
    peak, rms = np.max(np.abs(heard.audio)), np.sqrt(np.mean(heard.audio**2))
    gain = float(HEADROOM / (peak + strength * rms))
    clean = gain * heard.audio
    channels, length = clean.shape
    shares = {shapes.speck: (1 - WALL_SHARE, None), shapes.wall: (WALL_SHARE, "riaa")}
    added = np.zeros_like(clean)
    starts: list[int] = []
    for shape, (share, curve) in shares.items():
        train = np.zeros((channels, FINE * length))
        through = beyond(heard.route, curve)
        waves = [_of_peak_one(heard, shape(draw), through) for _ in range(DIFFERENT)]
        for at in draw.integers(0, FINE * length, draw.poisson(share * per_second * length / RATE)):
            height = strength * gain * rms * FAINTEST ** draw.random() * draw.choice((-1, 1))
            wave = waves[draw.integers(DIFFERENT)][: FINE * length - at]
            train[:, at : at + len(wave)] += height * _sides(channels, draw)[:, None] * wave
            starts.append(at // FINE)
        heard_train, onset = heard.analogue.pulses(train, through=through)
        added += heard_train[:, onset : onset + length]
    damaged = heard.converted(clean + added)
    return heard.arrived(gain, damaged, [(at, at + 1) for at in sorted(starts)])


def _of_peak_one(heard: Heard, wave: np.ndarray, through: Sequence[Response]) -> np.ndarray:
    """Return a wave whose peak in front of the converter is 1."""
    return wave / np.max(np.abs(heard.analogue.pulses(wave, through=through)[0]))


def beyond(route: Route, curve: str | None) -> list[Response]:
    """Return what a click passes and the music in front of the converter does not, or not yet."""
    through = [] if curve is None else [playback(curve)]
    return through if route.before else [*through, band_limit(route.top_hz)]


def _gain(audio: np.ndarray, strength: float, *, clips: bool) -> float:
    """Return the transfer's gain: with room for the highest click, or for the music and hardly more."""
    peak = np.max(np.abs(audio))
    rms = _rms_nearby(audio)
    if not clips:
        return float(HEADROOM / (peak + strength * np.max(rms)))
    loud = rms[rms > LEAST_RMS]
    return float(1 / max(peak / HEADROOM, strength * np.median(loud) if len(loud) else 0.0))


def _rms_nearby(audio: np.ndarray) -> np.ndarray:
    """Return the RMS over 10 ms on either side, all channels together, shape (n,)."""
    half = round(NEAR_S * RATE)
    power = np.mean(audio**2, axis=0)
    sums = np.concatenate([[0.0], np.cumsum(np.pad(power, half))])
    return np.sqrt(np.maximum(sums[2 * half :] - sums[: -2 * half], 0)[: len(power)] / (2 * half))


def _places(clean: np.ndarray, recipe: Recipe, strength: float, draw: np.random.Generator) -> list[int]:
    """Draw where clicks begin."""
    rms = _rms_nearby(clean)
    fits = rms > LEAST_RMS
    if recipe.clips:  # full scale is 1
        fits &= (strength * rms > 0.5) & (strength * rms < 2)
    if recipe.soft_parts:
        level, _ = active_level_db(clean, RATE)
        fits &= rms < 10 ** ((level + SOFT_PART_DB) / 20)
    places, at = [], round(ROOM_S * RATE)
    while (at := at + round(draw.uniform(*SPACING_S) * RATE)) < len(rms) - round(ROOM_S * RATE):
        if fits[at]:
            places.append(at)
    return places


def _click(
    heard: Heard,
    recipe: Recipe,
    shape: shapes.Shape,
    clean: np.ndarray,
    *,
    strength: float,
    at: int,
    draw: np.random.Generator,
) -> _Click:
    """Draw one click and give it its height."""
    wave = shape(draw)
    if recipe.digital:
        pulse, onset = wave, 0
        height = np.max(np.abs(_limited(heard.route, wave)))
    else:
        curve = str(draw.choice(list(CURVES))) if recipe.velocity else None
        late = np.pad(wave, (draw.integers(FINE), 0))  # onsets fall between samples
        pulse, onset = heard.analogue.pulses(late, through=beyond(heard.route, curve))
        height = np.max(np.abs(pulse))
    peak = int(np.argmax(np.abs(pulse))) + at - onset
    near = slice(max(peak - round(NEAR_S * RATE), 0), peak + round(NEAR_S * RATE))
    sides = _sides(len(clean), draw)
    rms = np.sqrt(np.mean(clean[sides != 0, near] ** 2))
    target = draw.uniform(*OVER) if recipe.clips else strength * rms
    stop = int(np.flatnonzero(np.abs(pulse) > SPAN_DOWN * np.max(np.abs(pulse)))[-1]) + 1
    waves = target * draw.choice((-1, 1)) / height * sides[:, None] * pulse
    return _Click(at, at + stop - onset, at - onset, waves)


def _limited(route: Route, wave: np.ndarray) -> np.ndarray:
    """Return samples after the limit of a route that has one after the converter."""
    if route.before or route.top_hz == TOP_HZ:
        return wave
    return Analogue(top_hz=route.top_hz).music(wave[None])


def _sides(channels: int, draw: np.random.Generator) -> np.ndarray:
    """Draw the gain in each channel, the larger 1: lateral, vertical, or one wall alone."""
    kind, loud = draw.random(), draw.integers(channels)
    less = 10 ** (-draw.uniform(0, WALLS_DB) / 20)
    if kind > LATERAL:
        less = -less if kind < LATERAL + VERTICAL else 0.0
    sides = np.full(channels, less)
    sides[loud] = 1.0
    return sides


def _level_faults(
    heard: Heard, gain: float, places: Sequence[int], draw: np.random.Generator, *, digital: bool
) -> Faulty:
    """Return a take whose level falls towards zero and comes back, or with zeros in place of samples."""
    clean = gain * heard.audio
    level = np.ones(clean.shape[1])
    spans = []
    for at in places:
        length = round(draw.uniform(*(ZEROS_S if digital else DROPOUT_S)) * RATE)
        level[at : at + length] = 0.0 if digital else _dip(length, draw)
        spans.append((at, at + length))
    damaged = level * heard.converted(clean) if digital else heard.converted(level * clean)
    return heard.arrived(gain, damaged, spans)


def _dip(length: int, draw: np.random.Generator) -> np.ndarray:
    """Draw a fall of the level with round edges, and back."""
    edge = max(round(length * draw.uniform(0.15, 0.5)), 1)
    rise = np.sin(np.pi / 2 * (np.arange(edge) + 1) / edge) ** 2
    depth = np.ones(length)
    depth[:edge] = rise
    depth[-edge:] = np.minimum(depth[-edge:], rise[::-1])
    return 1 - (1 - 10 ** (-draw.uniform(*DROPOUT_DB) / 20)) * depth
