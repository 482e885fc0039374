"""Pieces whose medium, band, rumble and hum are known, for what looks at a recording and says what it is.

A medium is told by several things at once, as it is in reality: surface, turns, ticks, band, hiss, fading,
channels. Everything passes a converter; what has ticks passes the cartridge and the playback curve.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from bench.material.reporting.channel import RATE, ROUTES, Analogue, Response
from bench.material.reporting.clicks import Heard
from bench.material.reporting.crackle import crackle
from bench.material.reporting.grounds import coloured, unit
from bench.material.reporting.noise import KINDS as NOISES
from bench.material.reporting.noise import RADIO, noisy
from bench.material.takes import Take
from bench.measuring.measures import active_level_db

# Bands of media in Hz, and the order of what ends them. source: the usual limits of each, by hand
SHELLAC_HZ, LP_HZ, TAPE_HZ, SHORTWAVE_HZ, WAX_HZ = 6000.0, 15_000.0, 13_000.0, 3200.0, 3500.0
GROOVE_ORDER, TAPE_ORDER = 6, 5

# tuned: by hand, no record: noise under the program, dB; impulses a second, the strongest over the RMS
SURFACE_DB = {"78": 20.0, "LP": 38.0, "cylinder": 14.0, "tape": 32.0, "AM": 26.0, "shortwave": 14.0}
TICKS = {"78": (40.0, 4.0), "LP": (2.0, 4.0)}
RUMBLE_DB, RUMBLE_HZ = 34.0, ((4, -30), (8, 0), (24, 0), (40, -24), (100, -80), (20_000, -80))
WHISTLE_HZ, WHISTLE_DB = 1370.0, 26.0  # of a station beside; under the program

# tuned: by hand, no record: chords of men and women, Hz. Partials come in formants, with gaps between them.
CHORDS = ((147, 220, 294, 370), (131, 196, 262, 330), (165, 247, 330, 415), (123, 185, 247, 311))
CHORD_S, GLIDE_S, VIBRATO, VIBRATO_HZ, SUNG_TOP_HZ = 2.5, 0.03, 0.006, 5.5, 3400.0
HOP = 441  # of what moves slowly, samples; guard: far under a glide
FORMANTS = ((500.0, 120.0, 0.0), (1000.0, 150.0, -6.0), (2800.0, 250.0, -14.0))  # Hz, width, dB


@dataclass(frozen=True)
class Truth:
    """What is true of a piece.

    Attributes
    ----------
    presets : sequence of str or None
        What an engineer would reach for; None is nothing.
    top_hz : float
        Where the sound ends, -3 dB; infinite where it has no end, 0 where that is not known.
    turns_per_minute : float
        0 where nothing turns.
    rumble, noise : bool
        Whether there is any that ought to be told of.
    """

    presets: tuple[str | None, ...]
    top_hz: float = 0.0
    turns_per_minute: float = 0.0
    rumble: bool = False
    noise: bool = False


@dataclass(frozen=True)
class Piece:
    """A recording of shape (channels, n) at 44.1 kHz, and what is true of it."""

    audio: np.ndarray
    truth: Truth


Made = Callable[[Take, int], Piece]
TAPES = ("voice-on-tape", "music-on-tape")


def piece(take: Take, medium: str, seed: int) -> Piece:
    """Return a clean take as a medium gives it.

    Raises
    ------
    ValueError
        An unknown medium.
    """
    if medium not in MEDIA:
        raise ValueError(f"medium={medium!r} must be one of {', '.join(MEDIA)}")
    return MEDIA[medium](take, seed)


def ended(top_hz: float, order: int) -> Response:
    """Return a limit of a band that falls by 6 dB an octave and order, in linear phase; -3 dB at its end."""
    return lambda hz: 1 / np.sqrt(1 + (hz / top_hz) ** (2 * order))


def _limited(take: Take, top_hz: float, order: int, *, mono: bool = False) -> Take:
    audio = np.mean(take.audio, axis=0, keepdims=True) if mono else take.audio
    return replace(take, audio=Analogue([ended(top_hz, order)]).music(audio))


def _under(take: Take, noise: str, below_db: float, seed: int) -> Take:
    return replace(take, audio=noisy(take, NOISES[noise], below_db, seed).audio)


def _ticked(take: Take, disc: str, of: str, seed: int) -> np.ndarray:
    heard = Heard(take, ROUTES["44.1"], groove=True, seed=seed)
    return crackle(heard, disc, *TICKS[of], seed=seed).audio


def _rumbling(take: Take, seed: int) -> Take:
    """Return a take over the rumble of a turntable, in phase in both channels but for a part."""
    draw = np.random.default_rng([seed, 31])
    rumble = coloured((1, take.audio.shape[1]), RUMBLE_HZ, draw)
    own = coloured(take.audio.shape, RUMBLE_HZ, draw)
    level, _ = active_level_db(take.audio, RATE)
    return replace(take, audio=take.audio + 10 ** ((level - RUMBLE_DB) / 20) * unit(rumble + 0.5 * own))


def _shellac(take: Take, seed: int) -> Piece:
    music = _rumbling(_limited(take, SHELLAC_HZ, GROOVE_ORDER, mono=True), seed)
    disc = _under(music, "78 surface", SURFACE_DB["78"], seed)
    truth = Truth(("shellac",), 0.0, 78.26, rumble=True, noise=True)
    return Piece(_ticked(disc, "shellac", "78", seed), truth)


def _lp(take: Take, seed: int) -> Piece:
    music = _rumbling(_limited(take, LP_HZ, GROOVE_ORDER), seed)
    disc = _under(music, "swish 33", SURFACE_DB["LP"], seed)
    return Piece(_ticked(disc, "vinyl", "LP", seed), Truth(("vinyl",), 0.0, 100 / 3, rumble=True))


def _cylinder(take: Take, seed: int) -> Piece:
    music = _limited(take, WAX_HZ, GROOVE_ORDER, mono=True)
    return Piece(
        _under(music, "cylinder", SURFACE_DB["cylinder"], seed).audio,
        Truth(("shellac",), NOISES["cylinder"].route.top_hz, 160.0, noise=True),
    )


def _tape(take: Take, seed: int) -> Piece:
    music = _limited(take, TAPE_HZ, TAPE_ORDER)
    return Piece(_under(music, "tape hiss", SURFACE_DB["tape"], seed).audio, Truth(TAPES, noise=True))


def _am(take: Take, seed: int) -> Piece:
    mono = replace(take, audio=np.mean(take.audio, axis=0, keepdims=True))
    audio = _under(mono, "AM", SURFACE_DB["AM"], seed).audio
    return Piece(audio, Truth((*TAPES, None), RADIO.top_hz, noise=True))


def _shortwave(take: Take, seed: int) -> Piece:
    mono = _limited(replace(take, audio=np.mean(take.audio, axis=0, keepdims=True)), SHORTWAVE_HZ, 12)
    time = np.arange(mono.audio.shape[1]) / RATE
    level, _ = active_level_db(mono.audio, RATE)
    whistle = 10 ** ((level - WHISTLE_DB) / 20) * np.sqrt(2) * np.sin(2 * np.pi * WHISTLE_HZ * time)
    on_air = replace(mono, audio=mono.audio + whistle)
    audio = _under(on_air, "AM fading", SURFACE_DB["shortwave"], seed).audio
    return Piece(audio, Truth((*TAPES, None), RADIO.top_hz, noise=True))


def _studio(take: Take, seed: int) -> Piece:
    return Piece(Heard(take, ROUTES["44.1"], groove=False, seed=seed).clean(), Truth((None,)))


def _sung_studio(take: Take, seed: int) -> Piece:
    made = _studio(replace(take, audio=sung(take.audio.shape, seed)), seed)
    return replace(made, truth=replace(made.truth, top_hz=np.inf))


def _sung_lp(take: Take, seed: int) -> Piece:
    made = _lp(replace(take, audio=sung(take.audio.shape, seed)), seed)
    return replace(made, truth=replace(made.truth, top_hz=np.inf))


def sung(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Return voices that hold chords: partials in formants up to 3.4 kHz, and little but breath between."""
    draw = np.random.default_rng([seed, 37])
    length = shape[1]
    time = np.arange(length) / RATE
    grid = np.arange(0, length + HOP, HOP)
    which = (grid / (CHORD_S * RATE)).astype(int)
    order = draw.integers(len(CHORDS), size=which[-1] + 1)
    audio = np.zeros(length)
    for voice in range(4):
        notes = np.array([CHORDS[chord][voice] for chord in order], dtype=float)[which]
        notes = gaussian_filter1d(notes, GLIDE_S * RATE / HOP, mode="nearest")
        phase = 2 * np.pi * np.cumsum(np.interp(np.arange(length), grid, notes)) / RATE
        phase += VIBRATO * notes[0] / VIBRATO_HZ * np.sin(2 * np.pi * VIBRATO_HZ * time + draw.uniform(0, 6))
        turn, power = np.exp(1j * phase), np.ones(length, dtype=complex)
        for h in range(1, int(SUNG_TOP_HZ / notes.min()) + 1):
            power *= turn
            start = np.exp(1j * draw.uniform(0, 6))
            audio += np.interp(np.arange(length), grid, _formants(h * notes)) * (power * start).real
    breath = unit(coloured((1, length), ((20, -30), (300, 0), (3000, 0), (8000, -20), (20_000, -40)), draw))
    swell = 0.7 + 0.3 * np.cos(2 * np.pi * time / CHORD_S + np.pi)
    voices = 0.12 * swell * (unit(audio) + 10 ** (-45 / 20) * breath[0])
    return np.broadcast_to(voices, shape).copy()


def _formants(hz: np.ndarray) -> np.ndarray:
    """Return how loud a partial is."""
    loud = sum(10 ** (db / 20) / (1 + ((hz - at) / width) ** 2) for at, width, db in FORMANTS)
    return np.where(hz < SUNG_TOP_HZ, loud, 0.0)


MEDIA: dict[str, Made] = {
    "78": _shellac,
    "LP": _lp,
    "cylinder": _cylinder,
    "tape": _tape,
    "AM radio": _am,
    "shortwave": _shortwave,
    "studio": _studio,
    "sung LP": _sung_lp,
    "sung studio": _sung_studio,
}
