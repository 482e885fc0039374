"""Noise under a clean take as media and transfers give it, through the channel with it, and the truth.

Level: the take's active level stands ``below_db`` over the RMS of the noise, both as the converter hears
them, before a gate, a fade or an automatic gain. The clean take passes the same way with the same dither, the
same fade and the same gain; the error is the difference. Full scale is over the peak of the sum.

A second of noise is heard alone before the take and half a second after it, but where a kind has only pauses
in the take itself, or only a gate's first moment. ``alone`` is the stretch that an engineer would mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from bench.material.reporting import grounds
from bench.material.reporting.channel import (
    RATE,
    ROUTES,
    Response,
    Route,
    by_codec,
    cartridge,
    convert,
    playback,
)
from bench.material.reporting.grounds import Ground
from bench.material.reporting.real_noises import Source, real_noise
from bench.material.takes import Take
from bench.measuring.measures import active_level_db

HEADROOM = 0.8  # of full scale; guard: no resampler clips between samples
LEAD_S, TAIL_S = 1.0, 0.5  # source: excerpts of real transfers have that much, or less
PAUSES = 3  # in a take; source: this module's rule
JOIN_S = 0.03  # fades beside a pause; guard: no click
PICKUP = (16_000.0, 1.2)  # Hz, Q; source: cartridges' data sheets

# An automatic gain and a gate; source: their service manuals' usual figures, by hand, no record.
GAIN_ATTACK_S, GAIN_RELEASE_S, GAIN_MOST_DB, GAIN_RATIO = 0.02, 1.5, 12.0, 0.6
GATE_UNDER_DB, GATE_HOLD_S, GATE_RAMP_S, GATE_OPENS_S = 30.0, 0.15, 0.02, 0.25


@dataclass(frozen=True)
class Kind:
    """A kind of noise, and what else is done to the recording.

    Attributes
    ----------
    ground : callable
        Draws it; `grounds` has them.
    responses : sequence of callables
        What take and noise pass before the converter.
    curve : str
        The playback curve that the noise passes and the music does not; "" for none.
    route : Route
    pause_s : float
        Length of the only pauses, in the take; 0 where noise is alone before and after it.
    fade_s : float
        At the end, of take and noise; then digital silence follows.
    rides : bool
        Whether an automatic gain rides on both.
    gated : bool
        Whether a gate closes in pauses.
    """

    ground: Ground
    responses: tuple[Response, ...] = ()
    curve: str = ""
    route: Route = ROUTES["44.1"]
    pause_s: float = 0.0
    fade_s: float = 0.0
    rides: bool = False
    gated: bool = False


def _codec(name: str, encoder: str, kbit_s: int, top_hz: float, rate: int = RATE) -> Route:
    suffix = "opus" if encoder == "libopus" else "mp3"
    return Route(name, rate, by_codec(encoder, kbit_s, suffix, rate), top_hz=top_hz, codec=True)


DISC = (cartridge(*PICKUP),)
RADIO = Route("radio", top_hz=4500.0, before=True)  # source: the usual width of a receiver
CODED = {
    "MP3 64": _codec("MP3 64", "libmp3lame", 64, 11_000.0),
    "Opus 96": _codec("Opus 96", "libopus", 96, 20_000.0, 48_000),
}

# source: turns of IEC 60098 (33 1/3, 45, 78.26 a minute), and 160 of cylinders
KINDS = {
    "tape hiss": Kind(grounds.tape),
    "swish 33": Kind(partial(grounds.swish, turns_per_s=100 / 180), DISC, "riaa"),
    "swish 45": Kind(partial(grounds.swish, turns_per_s=45 / 60), DISC, "riaa"),
    "swish 78": Kind(partial(grounds.swish, turns_per_s=78.26 / 60), DISC, "bs78"),
    "78 surface": Kind(grounds.shellac, DISC, "bs78"),
    "cylinder": Kind(grounds.cylinder, route=Route("cylinder", top_hz=5000.0, before=True)),
    "radio static": Kind(grounds.static, route=RADIO),
    "AM": Kind(grounds.receiver, route=RADIO),
    "AM fading": Kind(grounds.fading, route=RADIO),
    "automatic gain": Kind(grounds.tape, rides=True),
    "drift": Kind(grounds.drifting),
    "gated": Kind(grounds.tape, gated=True),
    "fade 5 s": Kind(grounds.tape, fade_s=5.0),
    "fade 12 s": Kind(grounds.tape, fade_s=12.0),
    "pause 0.3 s": Kind(grounds.tape, pause_s=0.3),
    "pause 0.5 s": Kind(grounds.tape, pause_s=0.5),
    "pause 1 s": Kind(grounds.tape, pause_s=1.0),
    "MP3 128": Kind(grounds.tape, route=ROUTES["MP3 128"]),
    "MP3 64": Kind(grounds.tape, route=CODED["MP3 64"]),
    "Opus 96": Kind(grounds.tape, route=CODED["Opus 96"]),
}


def real_kind(source: Source, route: Route = ROUTES["44.1"]) -> Kind:
    """Return the kind that a real noise is: it has passed its own channel."""

    def ground(music: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        return real_noise(source, len(music), music.shape[1], draw)

    return Kind(ground, route=route)


@dataclass(frozen=True)
class Noisy:
    """A take with noise under it, at the end of its route.

    Attributes
    ----------
    audio, clean : np.ndarray [shape=(channels, n)]
    program : slice
        Where the take is, in samples.
    alone : slice
        The longest stretch of noise alone.
    sample_rate : int
    """

    audio: np.ndarray
    clean: np.ndarray
    program: slice
    alone: slice
    sample_rate: int


def noisy(take: Take, kind: Kind, below_db: float, seed: int) -> Noisy:
    """Return a take with noise under its active level.

    A noise that must stay in one piece and is too short cuts the take.

    Parameters
    ----------
    take : Take
        At 44.1 kHz.
    kind : Kind
    below_db : float
        The take's active level over the noise's RMS.
    seed : int

    Raises
    ------
    ValueError
        A take at another rate, or too short.
    """
    if take.sample_rate != RATE or take.audio.shape[1] < 2 * RATE:
        raise ValueError(f"take={take.name} must be at {RATE} Hz and last 2 s or longer")
    draw = np.random.default_rng([seed, 17])
    analogue = kind.route.analogue(*kind.responses)
    music, program, alone = _laid_out(analogue.music(take.audio), kind)
    ground = kind.ground(music, draw)
    music = music[:, : ground.shape[1]]
    if kind.curve:
        ground = kind.route.analogue(*kind.responses, playback(kind.curve)).music(ground)
    elif kind.route.before:
        ground = analogue.music(ground)
    level, _ = active_level_db(music, RATE)
    ground = ground * 10 ** ((level - below_db) / 20) / np.sqrt(np.mean(ground**2))
    gain = _gain(music, kind, level)
    sums = [gain * (music + _gate(music, kind, level) * ground), gain * music]
    scale = HEADROOM / np.max(np.abs(sums[0]))
    audio, clean = (kind.route.journey(convert(scale * x, kind.route.bits, seed)) for x in sums)
    stop = min(program.stop, music.shape[1])
    where = _at_rate(slice(program.start, stop), kind.route), _at_rate(alone, kind.route)
    return Noisy(audio, clean, *where, kind.route.rate)


def _at_rate(where: slice, route: Route) -> slice:
    return slice(*(round(sample * route.rate / RATE) for sample in (where.start, where.stop)))


def _laid_out(music: np.ndarray, kind: Kind) -> tuple[np.ndarray, slice, slice]:
    """Return the music with its pauses, where in it the take is, and where noise will be alone."""
    if not kind.pause_s:
        lead, tail = round(LEAD_S * RATE), round(TAIL_S * RATE)
        padded = np.pad(music, ((0, 0), (lead, tail)))
        heard = round(GATE_OPENS_S * RATE) if kind.gated else lead
        return padded, slice(lead, lead + music.shape[1]), slice(0, heard)
    fade = round(JOIN_S * RATE)
    ramp = np.sin(np.pi / 2 * (np.arange(fade) + 0.5) / fade) ** 2
    bounds = np.linspace(0, music.shape[1], PAUSES + 2).astype(int)
    pause = np.zeros((len(music), round(kind.pause_s * RATE)))
    parts = []
    for first, last in pairwise(bounds.tolist()):
        part = music[:, first:last].copy()
        part[:, :fade] *= ramp
        part[:, -fade:] *= ramp[::-1]
        parts += [part, pause]
    whole = np.concatenate(parts[:-1], axis=1)
    start = int(bounds[1])
    return whole, slice(0, whole.shape[1]), slice(start, start + pause.shape[1])


def _gain(music: np.ndarray, kind: Kind, level_db: float) -> np.ndarray:
    """Return what the transfer's gain does, shape (n,): a fade at the end, or an automatic gain."""
    length = music.shape[1]
    if kind.rides:
        return 10 ** (_automatic_db(_envelope_db(music, GAIN_ATTACK_S) - level_db) / 20)
    gain = np.ones(length)
    if kind.fade_s:
        fade, silent = round(kind.fade_s * RATE), round(TAIL_S * RATE)
        down = 10 ** (np.linspace(0, -60, fade) / 20) * np.linspace(1, 0, fade) ** 0.2
        first = max(length - silent - fade, 0)
        gain[first:] = 0
        gain[first : length - silent] = down[-(length - silent - first) :]
    return gain


def _automatic_db(over_db: np.ndarray) -> np.ndarray:
    """Return what a gain that holds the level does: down at once, up slowly, in steps of a millisecond."""
    hop = RATE // 1000
    rise = GAIN_MOST_DB / GAIN_RELEASE_S * hop / RATE
    wanted = -GAIN_RATIO * np.clip(over_db[::hop], -GAIN_MOST_DB / GAIN_RATIO, GAIN_MOST_DB)
    held = np.empty_like(wanted)
    now = 0.0
    for at, target in enumerate(wanted.tolist()):
        now = min(target, now + rise)
        held[at] = now
    return np.interp(np.arange(len(over_db)), hop * np.arange(len(held)), held)


def _gate(music: np.ndarray, kind: Kind, level_db: float) -> np.ndarray:
    """Return what a gate leaves of the noise, shape (n,): nothing in pauses, but for the first moment."""
    if not kind.gated:
        return np.ones(music.shape[1])
    hold, ramp = (round(s * RATE) for s in (GATE_HOLD_S, GATE_RAMP_S))
    opened = (_envelope_db(music, GATE_RAMP_S) > level_db - GATE_UNDER_DB).astype(float)
    opened[: round(GATE_OPENS_S * RATE)] = 1
    return uniform_filter1d(maximum_filter1d(opened, 2 * hold + 1), ramp)


def _envelope_db(music: np.ndarray, seconds: float) -> np.ndarray:
    power = uniform_filter1d(np.mean(music**2, axis=0), round(seconds * RATE))
    return 10 * np.log10(np.maximum(power, 1e-12))
