"""Hum under a clean take as mains, transports and dimmers give it, through the channel, and the truth.

What hums is a phase that wanders and, for each harmonic, an amplitude and a phase that change slowly. The
mains wander by a standard deviation of 0.002 to 0.003 Hz within ten seconds, as a recorded grid does; a
transport in proportion to the frequency, by slow drift and by a swing once a turn: its lines have sidebands.

Level: the take's active level over the RMS of the hum where it hums. The take is heard with the hum and with
its inverse, with the same dither, so that what is left of either can be told apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench.material.reporting.channel import RATE, ROUTES, Route, convert
from bench.material.reporting.courses import GRID_S, recorded_grid, slow, transport, wander
from bench.material.takes import Take
from bench.measuring.measures import active_level_db

HEADROOM = 0.8  # of full scale; guard: no resampler clips between samples

# tuned: by hand, to the lines of four real hums
HARMONICS = 24  # of the mains
FALL = (0.7, 1.3)  # exponent of the harmonics' fall
SPREAD_DB, EVEN_DB = 5.0, 8.0  # of one harmonic; even under odd

COURSE_S, COURSE = 8.0, (0.10, 0.15)  # how slowly, by what share and radians; source: the published recipe

# tuned: by hand, a dimmer a third to three quarters open; radians, Hz, share by which half waves differ
CUT_ANGLE, CUT_MOVES = (0.7, 2.4), 0.03
BUZZ_TOP_HZ = 6000.0
HALVES_DIFFER = 0.1

# source: excerpts of real transfers, which begin with hum alone, fade in, or start out of silence
LEAD_S, FADE_S, SILENT_S = 1.0, 3.0, 1.0

# source: the lower B flat of a double bass; its notes, level under the take's, partials by hand
NOTE_HZ, NOTE_S, NOTE_DB, NOTE_PARTIALS = 58.27, (0.7, 1.6), -8.0, 5

# source: television's lines, a carrier beside, a whistle; how far each wanders by hand
LINES_HZ, LINES_WANDER_HZ = (15_625.0, 9000.0, 3120.0), (0.02, 0.1, 2.0)

# source: the mains of the world, of railways, and transfers at another speed that were measured
MAINS_HZ, RAIL_HZ, OFF_SPEED_HZ = (50.0, 60.0), (50 / 3, 25.0), (59.35, 56.4)


@dataclass(frozen=True)
class Hummed:
    """A take with hum under it, and with the hum's inverse, at the end of its route.

    Attributes
    ----------
    plus, minus, clean : np.ndarray [shape=(channels, n)]
    where : slice
        Where it hums, in samples.
    named_hz : float
        What an engineer would name; 0 where there is no fundamental to name.
    sample_rate : int
    coded : bool
        Whether a codec's own error differs between the two.
    """

    plus: np.ndarray
    minus: np.ndarray
    clean: np.ndarray
    where: slice
    named_hz: float
    sample_rate: int
    coded: bool


@dataclass(frozen=True)
class Drawn:
    """A hum of shape (n,), its fundamental, where it is, and the take that it lies under."""

    hum: np.ndarray
    named_hz: float
    where: slice
    music: np.ndarray


Draw = Callable[[np.ndarray, np.random.Generator], Drawn]


def hummed(take: Take, kind: str, below_db: float, seed: int, route: Route = ROUTES["44.1"]) -> Hummed:
    """Return a take with a kind of hum under its active level, in phase in all channels.

    Parameters
    ----------
    take : Take
        At 44.1 kHz.
    kind : str
        One of `KINDS`.
    below_db : float
        The take's active level over the hum's RMS where it hums.
    seed : int
    route : Route

    Raises
    ------
    ValueError
        An unknown kind, or a take at another rate.
    """
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r} must be one of {', '.join(KINDS)}")
    if take.sample_rate != RATE:
        raise ValueError(f"sample_rate={take.sample_rate} of {take.name} must be {RATE}")
    draw = np.random.default_rng([seed, 23, *kind.encode()])
    drawn = KINDS[kind](route.analogue().music(take.audio), draw)
    level, _ = active_level_db(drawn.music, RATE)
    hum = drawn.hum * 10 ** ((level - below_db) / 20) / np.sqrt(np.mean(drawn.hum[drawn.where] ** 2))
    scale = HEADROOM / np.max(np.abs(drawn.music) + np.abs(hum))
    plus, minus, clean = (
        route.journey(convert(scale * x, route.bits, seed))
        for x in (drawn.music + hum, drawn.music - hum, drawn.music)
    )
    where = slice(*(round(at * route.rate / RATE) for at in (drawn.where.start, drawn.where.stop)))
    return Hummed(plus, minus, clean, where, drawn.named_hz, route.rate, route.codec)


def _along(course: np.ndarray, length: int) -> np.ndarray:
    """Return a course, one value every 0.1 s, at every sample."""
    return np.interp(np.arange(length) / RATE, GRID_S * np.arange(len(course)), course)


def _phase(hz: np.ndarray, length: int) -> np.ndarray:
    return 2 * np.pi * np.cumsum(_along(hz, length)) / RATE


def comb(hz: np.ndarray, levels: np.ndarray, length: int, draw: np.random.Generator) -> np.ndarray:
    """Return harmonics of a fundamental that wanders, each with a slow course of its own.

    Parameters
    ----------
    hz : np.ndarray [shape=(frames,)]
        The fundamental, every 0.1 s.
    levels : np.ndarray [shape=(harmonics,) or (harmonics, frames)]
        Complex amplitudes.
    length : int
    draw : np.random.Generator
    """
    turn = np.exp(1j * _phase(hz, length))
    levels = np.broadcast_to(levels if levels.ndim == 2 else levels[:, None], (len(levels), len(hz)))
    hum, power = np.zeros(length), np.ones(length, dtype=complex)
    for level in levels:
        power *= turn
        course = (1 + COURSE[0] * slow(len(hz), COURSE_S, draw)) * np.exp(
            1j * COURSE[1] * slow(len(hz), COURSE_S, draw)
        )
        each = level * course
        hum += _along(each.real, length) * power.real - _along(each.imag, length) * power.imag
    return hum


def _mains_levels(draw: np.random.Generator) -> np.ndarray:
    """Draw harmonics that fall, odd ones stronger, each somewhere around the fall, at phases of their own."""
    h = np.arange(1, HARMONICS + 1)
    db = -20 * draw.uniform(*FALL) * np.log10(h) + draw.uniform(-1, 1, len(h)) * SPREAD_DB
    db[1::2] -= draw.uniform(0, EVEN_DB)
    return 10 ** (db / 20) * np.exp(2j * np.pi * draw.random(len(h)))


def _dimmer_levels(base_hz: float, frames: int, draw: np.random.Generator) -> np.ndarray:
    """Return the harmonics of a wave that a dimmer cuts, as coupling by capacity brings them across.

    Each half wave begins at the angle at which the dimmer fires; coupling raises harmonic h by h.
    """
    top = int(BUZZ_TOP_HZ / base_hz)
    h = np.arange(1, top + 1)[:, None, None]
    fires = draw.uniform(*CUT_ANGLE) + CUT_MOVES * slow(frames, COURSE_S, draw)
    x = (np.arange(4 * top) + 0.5) * 2 * np.pi / (4 * top)
    levels = np.empty((top, frames), dtype=complex)
    for frame, angle in enumerate(fires.tolist()):
        wave = np.where(np.mod(x, np.pi) > angle, np.sin(x), 0.0) * np.where(x < np.pi, 1, 1 - HALVES_DIFFER)
        levels[:, frame] = np.fft.rfft(wave)[1 : top + 1]
    return levels * h[:, :, 0] / (1 + h[:, :, 0] * base_hz / BUZZ_TOP_HZ * 2)


def _led(music: np.ndarray) -> np.ndarray:
    return np.pad(music, ((0, 0), (round(LEAD_S * RATE), 0)))


def _all(music: np.ndarray) -> slice:
    return slice(0, music.shape[1])


def _grid(base_hz: float, music: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    return base_hz + wander(music.shape[1] / RATE, draw)


def _mains_comb(base_hz: float, music: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    return comb(_grid(base_hz, music, draw), _mains_levels(draw), music.shape[1], draw)


def _mains(music: np.ndarray, draw: np.random.Generator) -> Drawn:
    base, music = float(draw.choice(MAINS_HZ)), _led(music)
    return Drawn(_mains_comb(base, music, draw), base, _all(music), music)


def _without_lead(music: np.ndarray, draw: np.random.Generator) -> Drawn:
    base = float(draw.choice(MAINS_HZ))
    return Drawn(_mains_comb(base, music, draw), base, _all(music), music)


def _buzz(music: np.ndarray, draw: np.random.Generator) -> Drawn:
    base, music = float(draw.choice(MAINS_HZ)), _led(music)
    hz = _grid(base, music, draw)
    return Drawn(
        comb(hz, _dimmer_levels(base, len(hz), draw), music.shape[1], draw), base, _all(music), music
    )


def _recorded(music: np.ndarray, draw: np.random.Generator) -> Drawn:
    """Draw a stretch of a recorded grid."""
    music, grid = _led(music), recorded_grid()
    frames = round(music.shape[1] / RATE / GRID_S) + 2
    start = int(draw.integers(len(grid) - frames))
    hz = MAINS_HZ[0] + grid[start : start + frames]
    return Drawn(comb(hz, _mains_levels(draw), music.shape[1], draw), MAINS_HZ[0], _all(music), music)


def _part(music: np.ndarray, draw: np.random.Generator) -> Drawn:
    """Let half of the recording hum: the first, the last or the middle half."""
    base, length = float(draw.choice(MAINS_HZ)), music.shape[1]
    start = length // 4 * int(draw.integers(3))
    where = slice(start, start + length // 2)
    on = np.zeros(length)
    on[where] = 1
    ramp = np.hanning(2 * RATE // 100)
    return Drawn(
        np.convolve(on, ramp / ramp.sum(), "same") * _mains_comb(base, music, draw), base, where, music
    )


def _two(music: np.ndarray, draw: np.random.Generator) -> Drawn:
    """Draw a copy's mains, and those recorded on the medium, both swung by the copy's transport."""
    music = _led(music)
    moves = transport(music.shape[1] / RATE, draw)
    base = float(draw.choice(MAINS_HZ))
    first, second = base * moves, base * draw.choice((0.945, 0.975, 1.03)) * moves**2
    one, other = (comb(hz, _mains_levels(draw), music.shape[1], draw) for hz in (first, second))
    both = one / one.std() + 10 ** (draw.uniform(-6, 0) / 20) * other / other.std()
    return Drawn(both, base, _all(music), music)


def _off_speed(music: np.ndarray, draw: np.random.Generator) -> Drawn:
    """Hum of the medium, played off speed: it wanders with a transport."""
    base, music = float(draw.choice(OFF_SPEED_HZ)), _led(music)
    hz = base * (1 + 0.3 * (transport(music.shape[1] / RATE, draw) - 1))
    return Drawn(comb(hz, _mains_levels(draw), music.shape[1], draw), base, _all(music), music)


def _rail(music: np.ndarray, draw: np.random.Generator) -> Drawn:
    base, music = float(draw.choice(RAIL_HZ)), _led(music)
    return Drawn(_mains_comb(base, music, draw), base, _all(music), music)


def _lines(music: np.ndarray, draw: np.random.Generator) -> Drawn:
    """Lines of no comb: television's, a carrier's beside the station, and a whistle that wanders by Hz."""
    music = _led(music)
    length = music.shape[1]
    hum = np.zeros(length)
    for hz, moves in zip(LINES_HZ, LINES_WANDER_HZ, strict=True):
        course = hz + moves * slow(round(length / RATE / GRID_S) + 2, COURSE_S, draw)
        hum += draw.uniform(0.5, 1) * np.cos(_phase(course, length))
    return Drawn(hum, 0.0, _all(music), music)


def _faded(music: np.ndarray, draw: np.random.Generator) -> Drawn:
    """Take and hum fade in from digital silence within three seconds."""
    base, music = float(draw.choice(MAINS_HZ)), _led(music)
    fade, silent = round(FADE_S * RATE), round(SILENT_S * RATE)
    gain = np.ones(music.shape[1])
    gain[:silent] = 0
    gain[silent : silent + fade] = np.linspace(0, 1, fade) ** 2
    where = slice(silent, music.shape[1])
    return Drawn(gain * _mains_comb(base, music, draw), base, where, gain * music)


def _gated(music: np.ndarray, draw: np.random.Generator) -> Drawn:
    """Digital silence, then hum and take at once."""
    base, silent = float(draw.choice(MAINS_HZ)), round(SILENT_S * RATE)
    padded = np.pad(music, ((0, 0), (silent, 0)))
    on = (np.arange(padded.shape[1]) >= silent).astype(float)
    return Drawn(on * _mains_comb(base, padded, draw), base, slice(silent, padded.shape[1]), padded)


def _beside_bass(music: np.ndarray, draw: np.random.Generator) -> Drawn:
    """Hum at 60 Hz under a bass that plays B flat, 58.27 Hz, again and again."""
    music = _led(music)
    bass = bass_notes(music.shape[1] - round(LEAD_S * RATE), draw)
    level, _ = active_level_db(music, RATE)
    with_bass = music.copy()
    with_bass[:, round(LEAD_S * RATE) :] += 10 ** ((level + NOTE_DB) / 20) * bass / bass.std()
    return Drawn(_mains_comb(60.0, music, draw), 60.0, _all(music), with_bass)


def bass_notes(length: int, draw: np.random.Generator) -> np.ndarray:
    """Return plucked notes of 58.27 Hz, shape (n,)."""
    bass = np.zeros(length)
    at = 0
    while at < length - RATE // 4:
        size = min(round(draw.uniform(*NOTE_S) * RATE), length - at)
        time = np.arange(size) / RATE
        partials = [
            np.sin(2 * np.pi * NOTE_HZ * h * time + draw.uniform(0, 6)) * np.exp(-(0.6 + 0.4 * h) * time) / h
            for h in range(1, NOTE_PARTIALS + 1)
        ]
        edge = np.minimum(np.minimum(time / 0.01, (time[-1] - time) / 0.03), 1)
        bass[at : at + size] += edge * draw.uniform(0.6, 1) * np.sum(partials, axis=0)
        at += size
    return bass


KINDS: dict[str, Draw] = {
    "mains": _mains,
    "mains without a lead": _without_lead,
    "a recorded grid": _recorded,
    "buzz": _buzz,
    "part-way": _part,
    "two hums": _two,
    "off speed": _off_speed,
    "railway": _rail,
    "lines": _lines,
    "faded start": _faded,
    "gated start": _gated,
    "beside a bass": _beside_bass,
}
