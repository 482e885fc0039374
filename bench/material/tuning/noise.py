"""Noise as recordings have it, under tuning takes: little to learn it from, and fades, gains and gates.

Noise is made here, or is a simulator's loop or the pauses of a home recording that belong to the tuning set.
What it was learnt from is there for others too: noise alone before the program, or a pause.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import soundfile
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, lfilter, resample_poly, sosfilt

from bench.material.fetch_audio import CACHE
from bench.material.takes import split_of
from bench.material.tuning.routes import as_it_is, coded
from bench.measuring.measures import active_level_db

# source: this material's own definitions
LEAD_S, TAIL_S = 1.0, 0.5
LOOPS = ("Noise", "Static", "Rumble", "Crackle")
_LOWEST_HZ = 40.0  # of loops and pauses: below it a stage for rumble does the work
_HOME_PAUSE_S, _JOIN_S = 0.15, 0.05
_AGC_DB, _AGC_ATTACK_S, _AGC_RELEASE_S = 14.0, 0.02, 0.6
FADES_S = {"fade out 5": 5.0, "fade out 12": 12.0, "fade in 5": 5.0}
COURSES = ("lead", "pause 0.3", "pauses 0.3", "gain", "gated", *FADES_S)

Made = Callable[[int, int, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Noisy:
    """A take with noise, beside the same take without it, both by the same route.

    Attributes
    ----------
    audio, clean : np.ndarray [shape=(channels, n)]
    sample_rate : int
        In Hz.
    alone, program : slice
        Noise alone, as an engineer would show it, and where the gain is measured.
    """

    audio: np.ndarray
    clean: np.ndarray
    sample_rate: int
    alone: slice
    program: slice


def noisy(
    take: np.ndarray, sample_rate: int, *, kind: str, below_db: float, seed: int, course: str = "lead"
) -> Noisy:
    """Add noise of a kind to a take of shape (channels, n), so far under its active level.

    Parameters
    ----------
    take : np.ndarray [shape=(channels, n)]
    sample_rate : int
        In Hz.
    kind : str
        Of `KINDS`, or of `CODED`: hiss that passes a codec with the program.
    below_db : float
    seed : int
    course : str
        Of `COURSES`: a second of noise before and half a one after; nothing but one pause of 0.3 s, or three;
        a gain that rides; silence up to a quarter of a second before the program; fades of the whole.
    """
    draw = np.random.default_rng(seed)
    rate = sample_rate
    lead, tail = (0, 0) if course.startswith("pause") else (round(LEAD_S * rate), round(TAIL_S * rate))
    program = np.pad(take, ((0, 0), (lead, tail)))
    stop = program.shape[1]
    alone, where = slice(0, lead), slice(lead, stop - tail)
    if course.startswith("pause"):
        shares = (0.45,) if course == "pause 0.3" else (0.2, 0.5, 0.8)
        gain, alone = _pauses(stop, rate, shares)
        program = program * gain
    made = CODED.get(kind)
    added = KINDS["hiss" if made else kind](stop, rate, draw)[: len(program)]
    level, _ = active_level_db(take, rate)
    added = added * 10 ** ((level - below_db) / 20) / np.sqrt(np.mean(added**2))
    gain = _course(course, program + added, rate, lead)
    if course == "gated":
        alone = slice(lead - round(0.25 * rate), lead)
    route = made or as_it_is
    heard, _ = route(gain * (program + added), rate)
    clean, new_rate = route(gain * program, rate)
    alone, where = (slice(s.start * new_rate // rate, s.stop * new_rate // rate) for s in (alone, where))
    return Noisy(heard, clean, new_rate, alone, where)


def _pauses(n: int, rate: int, shares: tuple[float, ...]) -> tuple[np.ndarray, slice]:
    """Return a gain that is 0 for 0.3 s at each share of the way, and the first of these places."""
    gain, size = np.ones(n), round(0.3 * rate)
    for share in shares:
        gain[round(share * n) : round(share * n) + size] = 0.0
    start = round(shares[0] * n)
    return uniform_filter1d(gain, round(0.01 * rate)), slice(start, start + size)


def _course(course: str, heard: np.ndarray, rate: int, lead: int) -> np.ndarray:
    """Return the gain along a recording, shape (n,)."""
    n = heard.shape[1]
    seconds = np.arange(n) / rate
    if course == "gain":
        return _riding(heard, rate)
    if course == "gated":
        return np.where(np.arange(n) < lead - round(0.25 * rate), 0.0, 1.0)
    if course in FADES_S:
        place = seconds if course.startswith("fade in") else seconds[::-1]
        return np.minimum(place / FADES_S[course], 1.0) ** 2
    return np.ones(n)


def _riding(heard: np.ndarray, rate: int) -> np.ndarray:
    """Return what an automatic gain makes: down at once where it is loud, up again within a second."""
    hop = rate // 100
    frames = heard.shape[1] // hop
    power = heard[:, : frames * hop].reshape(len(heard), frames, hop) ** 2
    level = 10 * np.log10(np.mean(power, axis=(0, 2)))
    wanted = np.clip(np.quantile(level, 0.9) - level, 0.0, _AGC_DB)
    gain_db, now = np.empty(frames), wanted[0]
    for at, want in enumerate(wanted):
        now += (want - now) * (0.01 / (_AGC_ATTACK_S if want < now else _AGC_RELEASE_S))
        gain_db[at] = now
    return 10 ** ((np.interp(np.arange(heard.shape[1]), hop * np.arange(frames), gain_db) - _AGC_DB) / 20)


# -- noises, shape (2, n) ------------------------------------------------------------------------------


def _hiss(n: int, rate: int, draw: np.random.Generator) -> np.ndarray:
    """Draw a tape's: flat, more of it in the bass, other in each channel."""
    white = draw.standard_normal((2, n))
    return white + 0.8 * lfilter([0.05], [1.0, -0.95], 4 * draw.standard_normal((2, n)))


def _received(
    n: int, rate: int, draw: np.random.Generator, *, band: tuple[float, float], fading: float
) -> np.ndarray:
    """Draw a receiver's: band-limited, the same in both channels, fading slowly by some dB, with statics."""
    sos = butter(4, band, "bandpass", fs=rate, output="sos")
    noise = draw.standard_normal(n) * (1 + 6 * (draw.random(n) < 20 / rate) * draw.standard_normal(n))
    seconds = np.arange(n // rate + 2)
    slow = np.interp(np.arange(n), rate * seconds, fading * draw.standard_normal(seconds.size))
    return np.tile(sosfilt(sos, noise) * 10 ** (slow / 20), (2, 1))


def _static(n: int, rate: int, draw: np.random.Generator) -> np.ndarray:
    """Draw a surface's: impulses of all heights, tens a second, over a little hiss."""
    impulses = (draw.random((2, n)) < 60 / rate) * draw.standard_t(3, (2, n))
    grains = lfilter([1.0, -0.9], [1.0, -1.2, 0.5], impulses)
    return grains / grains.std() + 0.4 * draw.standard_normal((2, n))


def _motor(n: int, rate: int, draw: np.random.Generator) -> np.ndarray:
    """Draw a drive's: noise through some resonances that swells with the revolution, and weak lines."""
    seconds = np.arange(n) / rate
    turn = draw.uniform(9.0, 14.0)
    swell = 1 + 0.5 * np.sin(2 * np.pi * turn * seconds)
    noise = np.zeros((2, n))
    for hz in draw.uniform(200.0, 7000.0, 5):
        sos = butter(1, (0.8 * hz, 1.25 * hz), "bandpass", fs=rate, output="sos")
        noise += sosfilt(sos, draw.standard_normal((2, n)))
    lines = sum(np.sin(2 * np.pi * h * 4 * turn * seconds + h) / h for h in range(1, 30))
    return noise * swell + 0.02 * lines + 0.1 * draw.standard_normal((2, n))


def _crinkle(n: int, rate: int, draw: np.random.Generator) -> np.ndarray:
    """Draw paper's and clothes': bursts of noise of some milliseconds, in groups, over room noise."""
    times = np.flatnonzero(draw.random(n) < 40 / rate)
    envelope = np.zeros(n)
    envelope[times] = draw.exponential(1.0, times.size) ** 1.5
    envelope = lfilter([1.0], [1.0, -np.exp(-1 / (0.004 * rate))], envelope)
    sos = butter(2, (500.0, 9000.0), "bandpass", fs=rate, output="sos")
    bursts = sosfilt(sos, draw.standard_normal((2, n)) * envelope)
    return bursts / bursts.std() + 0.15 * lfilter([0.1], [1.0, -0.9], draw.standard_normal((2, n)))


def _swish(n: int, rate: int, draw: np.random.Generator) -> np.ndarray:
    """Draw a disc's: hiss that swells by 10 dB for a third of each turn, above 1 kHz."""
    seconds = np.arange(n) / rate
    turn = draw.choice([60 / 33.333, 60 / 78.26])
    swell = 10 ** (0.5 * np.maximum(np.sin(2 * np.pi * seconds / turn), 0.0))
    white = draw.standard_normal((2, n))
    high = sosfilt(butter(1, 1000.0, "highpass", fs=rate, output="sos"), white)
    return white * 0.5 + high * swell


def _loop(n: int, rate: int, draw: np.random.Generator, *, name: str) -> np.ndarray:
    """Return a simulator's loop, made longer out of pieces."""
    heard, was = soundfile.read(next((CACHE / "calf-plugins").glob(f"{name}-0-*.flac")), always_2d=True)
    left = _at(heard.T[0], was, rate)
    return _longer([np.stack([left, np.roll(left, left.size // 2)])], n, rate, draw)


def _home(n: int, rate: int, draw: np.random.Generator) -> np.ndarray:
    """Return the pauses of letters that were read at home, in a language of the tuning set."""
    pieces = []
    for folder in sorted((CACHE / "klettres-data").iterdir()):
        if not folder.is_dir() or split_of(f"klettres-data/{folder.name}") != "tuning":
            continue
        for path in sorted(folder.glob("**/*.flac")):
            audio, was = soundfile.read(path, always_2d=True)
            pieces += _quiet(_at(audio.T[0], was, rate), rate)
    level = np.median([np.mean(one**2) for one in pieces])
    pieces = [np.tile(one, (2, 1)) for one in pieces if 0.5 < np.mean(one**2) / level < 2.0]
    return _longer(pieces, n, rate, draw)


def _quiet(audio: np.ndarray, rate: int) -> list[np.ndarray]:
    """Return the parts of a letter that are within 6 dB of its quietest fifth, at least 0.15 s long."""
    hop = rate // 50
    power = np.mean(audio[: audio.size // hop * hop].reshape(-1, hop) ** 2, axis=1)
    if not power.size or np.quantile(power, 0.1) < 1e-9:
        return []
    quiet = np.r_[0, power < 4 * np.quantile(power, 0.2), 0].astype(int)
    edges = np.flatnonzero(np.diff(quiet)).reshape(-1, 2) * hop
    return [audio[a:b] for a, b in edges if b - a > _HOME_PAUSE_S * rate]


def _longer(pieces: list[np.ndarray], n: int, rate: int, draw: np.random.Generator) -> np.ndarray:
    """Join pieces, or parts of one, by crossfades of equal power, without what lies under 40 Hz."""
    join = round(_JOIN_S * rate)
    rise = np.sin(np.linspace(0.0, np.pi / 2, join))
    made, at = np.zeros((2, n + rate)), 0
    while at < n:
        piece = pieces[draw.integers(len(pieces))]
        start = int(draw.integers(0, max(piece.shape[1] // 2, 1))) if len(pieces) == 1 else 0
        piece = np.array(piece[:, start : start + n + rate - at])
        piece[:, :join] *= rise
        piece[:, -join:] *= rise[::-1]
        made[:, at : at + piece.shape[1]] += piece
        at += max(piece.shape[1] - join, join)
    return sosfilt(butter(4, _LOWEST_HZ, "highpass", fs=rate, output="sos"), made)[:, :n]


def _at(audio: np.ndarray, was: int, rate: int) -> np.ndarray:
    common = np.gcd(was, rate)
    return resample_poly(audio, rate // common, was // common) if was != rate else audio


KINDS: dict[str, Made] = {
    "hiss": _hiss,
    "AM": partial(_received, band=(150.0, 4500.0), fading=0.0),
    "SSB": partial(_received, band=(300.0, 2700.0), fading=3.0),
    "static": _static,
    "motor": _motor,
    "crinkle": _crinkle,
    "swish": _swish,
    **{f"simulator's {name.lower()}": partial(_loop, name=name) for name in LOOPS},
    "home": _home,
}
CODED = {
    "MP3 128": partial(coded, codec="mp3", kbits=128),
    "MP3 64": partial(coded, codec="mp3", kbits=64),
    "Opus 32": partial(coded, codec="opus", kbits=32),
}
