"""Takes as a medium leaves them, with what is known of each: medium, speed, where the band ends.

Every take passes what its medium does, a route to the file, and half the time a fade or a gate. Two sets of
ranges draw what a medium is like: tuning may look at `RANGES[0]`; those of `RANGES[1]` reach further, lie
elsewhere, and belong with takes that tuning never heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, ellip, sosfilt

from bench.material.tuning.routes import ROUTES
from bench.material.tuning.wear import (
    Draw,
    Span,
    clicked,
    coloured,
    crackled,
    flutter,
    rumble,
    swish,
    under,
    walk,
    wowed,
)

# source: this material's own definitions
RANGES: tuple[Mapping[str, Span], ...] = (
    {
        "lp noise": (34, 50), "lp clicks": (20, 200), "swish": (1.0, 5.0),
        "rumble": (24, 40), "wow": (3e-4, 2e-3),
        "78 noise": (12, 26), "78 top": (4500, 7500), "horn top": (2600, 4500), "78 crackle": (20, 200),
        "78 rpm": (74, 82), "cylinder noise": (6, 16), "cylinder top": (2600, 4800),
        "cylinder rpm": (155, 165),
        "tape hiss": (24, 42), "tape top": (8000, 15000), "wire top": (4500, 7000), "wire hiss": (18, 30),
        "radio top": (4400, 5200), "radio noise": (18, 34), "shortwave top": (2800, 4200),
        "shortwave noise": (8, 20), "telephone noise": (28, 45),
    },
    {
        "lp noise": (30, 54), "lp clicks": (10, 400), "swish": (0.5, 7.0),
        "rumble": (20, 44), "wow": (2e-4, 3e-3),
        "78 noise": (9, 30), "78 top": (4000, 9000), "horn top": (2200, 5200), "78 crackle": (8, 400),
        "78 rpm": (62, 88), "cylinder noise": (4, 20), "cylinder top": (2200, 5500),
        "cylinder rpm": (140, 185),
        "tape hiss": (20, 46), "tape top": (7000, 17000), "wire top": (4000, 8000), "wire hiss": (15, 34),
        "radio top": (4200, 5600), "radio noise": (14, 38), "shortwave top": (2500, 4800),
        "shortwave noise": (6, 24), "telephone noise": (24, 50),
    },
)  # fmt: skip
ROUTE_NAMES = ("as it is", "16 bits", "48 kHz by sox", "96 kHz by sox", "MP3 128")
COURSES = ("whole", "whole", "faded", "gated")
DISC, SHELLAC, TAPES = ("vinyl",), ("shellac",), ("voice-on-tape", "music-on-tape")


@dataclass(frozen=True)
class Known:
    """What is known: presets that are right, turns a minute (0: none), where the band ends (0: not known)."""

    presets: tuple[str | None, ...]
    rpm: float = 0.0
    top_hz: float = 0.0


@dataclass(frozen=True)
class Piece:
    """A recording of shape (channels, n), its rate in Hz, the medium's name, and what is known of it."""

    audio: np.ndarray
    sample_rate: int
    medium: str
    known: Known


Made = tuple[np.ndarray, Known]
Medium = Callable[[np.ndarray, int, Draw, Mapping[str, Span]], Made]


def piece(audio: np.ndarray, sample_rate: int, medium: str, seed: int, *, held_out: bool = False) -> Piece:
    """Return a take of shape (channels, n) from a medium of `MEDIA`, by a drawn route and course."""
    draw = np.random.default_rng([seed, sorted(MEDIA).index(medium)])
    audio = audio * 0.1 / np.sqrt(np.mean(audio**2))
    made, known = MEDIA[medium](audio, sample_rate, draw, RANGES[held_out])
    made = _course(str(draw.choice(COURSES)), made, sample_rate, draw)
    routed, rate = ROUTES[str(draw.choice(ROUTE_NAMES))](made, sample_rate)
    return Piece(0.7 * routed / np.max(np.abs(routed)), rate, medium, known)


def sung(seconds: float, sample_rate: int, seed: int) -> np.ndarray:
    """Return a voice that sings one vowel after the other, shape (1, n): gaps of 200 to 700 Hz in between."""
    draw = np.random.default_rng(seed)
    n = round(seconds * sample_rate)
    t = np.arange(n) / sample_rate
    wave = np.zeros(n)
    at = 0.0
    while at < seconds:
        lasts = draw.uniform(0.6, 2.0)
        inside = (t >= at) & (t < at + lasts)
        here = t[inside] - at
        f0 = float(draw.choice((220, 247, 262, 294, 330, 392, 440, 523, 587, 659)))
        hz = f0 * (1 + draw.uniform(0.003, 0.015) * np.sin(2 * np.pi * draw.uniform(4.5, 6.5) * here))
        phase = 2 * np.pi * np.cumsum(hz) / sample_rate
        formants = draw.uniform((350, 800, 2300), (850, 1900, 3100))
        for h in range(1, int(9000 / f0)):
            level = sum(1 / (1 + ((h * f0 - f) / (60 + 0.08 * f)) ** 2) for f in formants) + 0.01
            wave[inside] += (
                level / h**0.7 * np.sin(h * phase) * np.clip(np.minimum(here, lasts - here) / 0.08, 0, 1)
            )
        at += lasts * draw.uniform(1.0, 1.3)
    room = draw.standard_normal(round(1.2 * sample_rate)) * np.exp(
        -np.arange(round(1.2 * sample_rate)) / (0.25 * sample_rate)
    )
    wet = np.fft.irfft(np.fft.rfft(wave, 2 * n) * np.fft.rfft(room, 2 * n))[:n]
    return (wave + 0.3 * np.std(wave) / np.std(wet) * wet)[np.newaxis]


def _lp(audio: np.ndarray, rate: int, draw: Draw, of: Mapping[str, Span], *, rpm: float = 100 / 3) -> Made:
    audio = np.repeat(audio, 2, axis=0) if len(audio) == 1 else audio
    if draw.random() < 0.3:
        audio = np.repeat(audio.mean(axis=0, keepdims=True), 2, axis=0)
    audio = wowed(audio, rate, rpm, draw, of["wow"])
    if draw.random() < 0.5:
        audio = sosfilt(butter(2, draw.uniform(11_000, 16_000), fs=rate, output="sos"), audio)
    surface = coloured(audio.shape, rate, draw, slope=draw.uniform(-6, -1)) * swish(
        audio.shape[1], rate, rpm, draw, of["swish"]
    )
    audio = audio + under(audio, rate, surface, draw.uniform(*of["lp noise"]))
    audio = audio + under(audio, rate, rumble(audio.shape, rate, rpm, draw), draw.uniform(*of["rumble"]))
    per_minute = np.exp(draw.uniform(*np.log(of["lp clicks"])))
    return clicked(audio, rate, draw, rpm=rpm, per_minute=per_minute, heights=(1.0, 6.0)), Known(DISC, rpm)


def _single(audio: np.ndarray, rate: int, draw: Draw, of: Mapping[str, Span]) -> Made:
    return _lp(audio, rate, draw, of, rpm=45.0)


def _grooves(
    audio: np.ndarray,
    rate: int,
    draw: Draw,
    of: Mapping[str, Span],
    *,
    low: Span,
    top: str,
    noise: str,
    rpm: float,
    gain: float = 1.0,
) -> Made:
    """Return a coarse groove's sound: a narrow band, and a surface that reaches far above it."""
    top_hz, order = draw.uniform(*of[top]), int(draw.choice((3, 4, 6, 8)))
    mono = audio.mean(axis=0, keepdims=True)
    mono = sosfilt(butter(2, draw.uniform(*low), "high", fs=rate, output="sos"), mono)
    mono = sosfilt(butter(order, top_hz, fs=rate, output="sos"), mono)
    mono = wowed(mono, rate, rpm, draw, of["wow"])
    program = np.repeat(mono, 2 if draw.random() < 0.5 else 1, axis=0)
    both = program
    surface = coloured(both.shape, rate, draw, slope=draw.uniform(-3, 1))
    surface = sosfilt(butter(1, draw.uniform(6000, 14_000), fs=rate, output="sos"), surface)
    both = both + under(
        both, rate, surface * swish(both.shape[1], rate, rpm, draw, of["swish"]), draw.uniform(*of[noise])
    )
    both = both + under(both, rate, rumble(both.shape, rate, rpm, draw), draw.uniform(*of["rumble"]))
    both = crackled(both, rate, np.exp(draw.uniform(*np.log(of["78 crackle"]))), draw)
    worn = clicked(both, rate, draw, rpm=rpm, per_minute=draw.uniform(40, 400), heights=(1.0, 5.0))
    return worn - (1 - gain) * program, Known(SHELLAC, rpm, top_hz)


def _electric(audio: np.ndarray, rate: int, draw: Draw, of: Mapping[str, Span]) -> Made:
    return _grooves(
        audio, rate, draw, of, low=(50, 110), top="78 top", noise="78 noise", rpm=draw.uniform(*of["78 rpm"])
    )


def _acoustic(audio: np.ndarray, rate: int, draw: Draw, of: Mapping[str, Span]) -> Made:
    rpm = draw.uniform(*of["78 rpm"])
    return _grooves(audio, rate, draw, of, low=(150, 260), top="horn top", noise="78 noise", rpm=rpm)


def _cylinder(audio: np.ndarray, rate: int, draw: Draw, of: Mapping[str, Span]) -> Made:
    rpm = draw.uniform(*of["cylinder rpm"])
    return _grooves(
        audio, rate, draw, of, low=(150, 300), top="cylinder top", noise="cylinder noise", rpm=rpm
    )


def _surface_alone(audio: np.ndarray, rate: int, draw: Draw, of: Mapping[str, Span]) -> Made:
    """Return a gramophone's surface without the music."""
    rpm = draw.uniform(*of["78 rpm"])
    made, _ = _grooves(
        audio, rate, draw, of, low=(150, 260), top="horn top", noise="78 noise", rpm=rpm, gain=1e-3
    )
    return made, Known(SHELLAC, rpm)


def _tape(
    audio: np.ndarray,
    rate: int,
    draw: Draw,
    of: Mapping[str, Span],
    *,
    top: str = "tape top",
    hiss: str = "tape hiss",
) -> Made:
    order = int(draw.choice((1, 2, 3)))
    dull = sosfilt(butter(order, min(draw.uniform(*of[top]), 0.45 * rate), fs=rate, output="sos"), audio)
    dull = flutter(dull, rate, draw)
    return dull + under(
        dull, rate, coloured(dull.shape, rate, draw, slope=draw.uniform(0, 3)), draw.uniform(*of[hiss])
    ), Known(TAPES)


def _wire(audio: np.ndarray, rate: int, draw: Draw, of: Mapping[str, Span]) -> Made:
    return _tape(audio.mean(axis=0, keepdims=True), rate, draw, of, top="wire top", hiss="wire hiss")


def _radio(
    audio: np.ndarray,
    rate: int,
    draw: Draw,
    of: Mapping[str, Span],
    *,
    top: str = "radio top",
    noise: str = "radio noise",
    low: float = 60.0,
) -> Made:
    """Return one channel whose noise and static end with the program, at a steep filter."""
    top_hz = draw.uniform(*of[top])
    mono = audio.mean(axis=0, keepdims=True)
    added = under(
        mono, rate, coloured(mono.shape, rate, draw, slope=draw.uniform(-1, 1)), draw.uniform(*of[noise])
    )
    static = crackled(np.zeros_like(mono), rate, draw.uniform(0.1, 6.0), draw, level=float(np.std(mono)))
    heard = mono + added + static * (draw.random() < 0.6)
    heard = sosfilt(ellip(8, 0.2, draw.uniform(50, 80), top_hz, fs=rate, output="sos"), heard)
    heard = sosfilt(butter(2, low, "high", fs=rate, output="sos"), heard)
    heard = heard + 10 ** (draw.uniform(-80, -65) / 20) * draw.standard_normal(heard.shape)
    return np.repeat(heard, 2 if draw.random() < 0.4 else 1, axis=0), Known(TAPES, 0.0, top_hz)


def _shortwave(audio: np.ndarray, rate: int, draw: Draw, of: Mapping[str, Span]) -> Made:
    """Return a station that fades, between a second and ten, with noise that an automatic gain brings up."""
    n = audio.shape[1]
    faded_db = walk(n, rate, draw.uniform(0.5, 3.0), draw)
    made, known = _radio(
        audio * 10 ** (draw.uniform(2, 5) * faded_db / 20),
        rate,
        draw,
        of,
        top="shortwave top",
        noise="shortwave noise",
        low=120.0,
    )
    return made * 10 ** (-draw.uniform(1, 3) * faded_db / 20), known


def _telephone(audio: np.ndarray, rate: int, draw: Draw, of: Mapping[str, Span]) -> Made:
    mono = audio.mean(axis=0, keepdims=True)
    mono = mono + under(
        mono, rate, coloured(mono.shape, rate, draw, slope=0.0), draw.uniform(*of["telephone noise"])
    )
    top_hz = draw.uniform(3250, 3550)
    band = ellip(6, 0.3, 50, (draw.uniform(200, 330), top_hz), "bandpass", fs=rate, output="sos")
    heard = sosfilt(band, mono)
    return heard + 1e-4 * draw.standard_normal(heard.shape), Known(TAPES, 0.0, top_hz)


def _clean(audio: np.ndarray, rate: int, draw: Draw, of: Mapping[str, Span]) -> Made:
    return audio, Known((None,), 0.0, np.inf)


def _low_rate(audio: np.ndarray, rate: int, draw: Draw, of: Mapping[str, Span]) -> Made:
    codec = ROUTES["MP3 128"]
    return sosfilt(
        ellip(10, 0.1, 90, top := draw.uniform(9000, 15_000), fs=rate, output="sos"), codec(audio, rate)[0]
    ), Known((None,), 0.0, top)


MEDIA: dict[str, Medium] = {
    "LP": _lp, "single": _single, "electric 78": _electric, "acoustic 78": _acoustic, "cylinder": _cylinder,
    "surface alone": _surface_alone, "tape": _tape, "wire": _wire, "AM radio": _radio,
    "shortwave": _shortwave, "telephone": _telephone, "clean": _clean, "low rate": _low_rate,
}  # fmt: skip

FAMILIES: dict[str, str] = {
    **dict.fromkeys(("LP", "single"), "microgroove"), **dict.fromkeys(("tape", "wire"), "tape"),
    **dict.fromkeys(("electric 78", "acoustic 78", "cylinder", "surface alone"), "coarse groove"),
    **dict.fromkeys(("AM radio", "shortwave", "telephone"), "radio"),
    **dict.fromkeys(("clean", "low rate"), "digital"),
}  # fmt: skip
"""What each is called where media are told."""


def _course(course: str, audio: np.ndarray, rate: int, draw: Draw) -> np.ndarray:
    gain = np.ones(audio.shape[1])
    if course == "faded":
        size = min(round(draw.uniform(1.0, 4.0) * rate), gain.size // 2)
        gain[:size] = np.linspace(0, 1, size) ** 2
        gain[-size:] *= np.linspace(1, 0, size) ** 2
    elif course == "gated":
        gain[: round(draw.uniform(0.3, 2.0) * rate)] = 0.0
    return audio * gain
