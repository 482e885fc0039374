"""Stations as receivers give them: carriers that fade, whistles of other carriers, Morse, splatter, static.

Everything is made at the receiver's middle frequency, as complex baseband: the station's carrier and its
sidebands come by several paths, each with its own fading, other stations lie beside it, a filter selects,
and an envelope or a product detector gives the sound. So a carrier that fades distorts, and one that lies
1 kHz off whistles. In two kinds whistles are added to the sound, so that they hold still whatever fades.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, fftconvolve, firwin, lfilter, resample_poly, sosfilt

from bench.material.tuning.routes import ROUTES
from bench.measuring.measures import active_level_db

# source: this material's own definitions
KINDS = (
    "AM", "AM at night", "shortwave", "shortwave whistle", "Morse", "SSB", "steady whistle", "local whistle",
    "AM static",
)  # fmt: skip
_ADDED = ("steady whistle", "local whistle")
_BASEBAND_HZ = 24_000
_DEPTH = (0.3, 0.9)
_TOPS_HZ = {"AM": (4000.0, 5200.0), "shortwave": (2600.0, 4500.0)}
_NOISE_DB = {"AM": (22.0, 45.0), "shortwave": (12.0, 32.0)}  # under the program
_WHISTLE_DB = (8.0, 34.0)  # of another carrier, under this one's
_WHISTLE_HZ = (150.0, 3500.0)
_DRIFT_HZ = (0.0, 0.02, 0.5, 10.0, 60.0)  # a whistle moves by so many in 10 s
_MORSE_S = (0.05, 0.1)  # of a dot
_PULSE_S = 0.5  # least time constant of an automatic gain


@dataclass(frozen=True)
class Broadcast:
    """Sound of a receiver, shape (channels, n), its rate in Hz, and what was drawn for it."""

    audio: np.ndarray
    sample_rate: int
    said: str


def broadcast(
    audio: np.ndarray, sample_rate: int, kind: str, seed: int, route: str = "as it is"
) -> Broadcast:
    """Return a take of shape (channels, n) as a receiver gives it; `kind` of `KINDS`, `route` of `ROUTES`."""
    draw = np.random.default_rng([seed, KINDS.index(kind)])
    family = "AM" if kind.startswith("AM") else "shortwave"
    mono = resample_poly(audio.mean(axis=0), _BASEBAND_HZ, sample_rate)
    top = draw.uniform(*_TOPS_HZ[family])
    mono = sosfilt(butter(2, draw.uniform(40, 120), "high", fs=_BASEBAND_HZ, output="sos"), mono)
    mono = fftconvolve(mono, firwin(255, 0.95 * top, fs=_BASEBAND_HZ), "same")
    level, _ = active_level_db(mono[np.newaxis], _BASEBAND_HZ)
    mono = np.clip(mono / 10 ** (level / 20) * 0.25, -1.0, 1.0)
    said: list[str] = []
    if kind in _ADDED:
        heard = _added(mono, top, draw, said, fades=kind == _ADDED[0])
    else:
        heard = _received(mono, kind, top, draw, said)
    out, rate = ROUTES[route](_finished(heard, audio.shape[1], sample_rate, draw), sample_rate)
    return Broadcast(0.7 * out / np.max(np.abs(out)), rate, ", ".join(said))


def _received(
    mono: np.ndarray, kind: str, top: float, draw: np.random.Generator, said: list[str]
) -> np.ndarray:
    """Return what a detector makes of a station, its gain led by the carrier."""
    family = "AM" if kind.startswith("AM") else "shortwave"
    n = mono.size
    depth = draw.uniform(*_DEPTH)
    wave = mono.astype(complex) if kind == "SSB" else 1.0 + depth * mono
    if kind not in ("AM", "AM static", "SSB"):
        wave = _by_paths(wave, draw)
    elif kind != "SSB":
        wave = wave * (1.0 + 0.1 * _slow(n, 0.1, draw))
    wave = wave + _beside(kind, n, draw, said)
    noise = draw.standard_normal((2, n))
    under = 10 ** (-draw.uniform(*_NOISE_DB[family]) / 20) * 0.25 * depth
    wave = wave + under * (noise[0] + 1j * noise[1])
    if draw.random() < 0.6:
        wave = wave + _static(n, under, draw)
    if kind == "AM static":
        wave = wave + _ticks(n, draw)
    taps = firwin(401, top, fs=_BASEBAND_HZ)
    wave = fftconvolve(wave, taps, "same")
    heard = fftconvolve(wave.real if kind == "SSB" else np.abs(wave), taps, "same")  # a loudspeaker's, too
    seconds = draw.uniform(_PULSE_S, 3.0)
    gain = lfilter(
        [1 - (a := np.exp(-1 / (seconds * _BASEBAND_HZ)))], [1, -a], np.abs(wave), zi=[np.mean(np.abs(wave))]
    )[0]
    heard = heard / np.maximum(gain, 0.05 * gain.max())
    heard = sosfilt(
        butter(2, draw.uniform(60, 300), "high", fs=_BASEBAND_HZ, output="sos"), heard - heard.mean()
    )
    return heard


def _added(
    mono: np.ndarray, top: float, draw: np.random.Generator, said: list[str], *, fades: bool
) -> np.ndarray:
    """Return a voice that fades, under noise and whistles that hold still, or fade with all of it."""
    fade = _slow(mono.size, np.exp(draw.uniform(np.log(0.05), np.log(0.6))), draw)
    wave = mono * 10 ** (draw.uniform(1, 4) * fade / 20)
    for _ in range(int(draw.integers(1, 3))):
        hz, level = np.exp(draw.uniform(*np.log(_WHISTLE_HZ))), -draw.uniform(*_WHISTLE_DB)
        drift = draw.choice(_DRIFT_HZ[:3]) * _slow(mono.size, 0.1, draw)
        wave += 0.35 * 10 ** (level / 20) * np.sin(2 * np.pi * np.cumsum(hz + drift) / _BASEBAND_HZ)
        said.append(f"{hz:.1f} Hz {level:.0f} dB drift {np.std(drift):.2f}")
    wave += 0.25 * 10 ** (-draw.uniform(15, 32) / 20) * draw.standard_normal(mono.size)
    wave = fftconvolve(wave, firwin(401, top, fs=_BASEBAND_HZ), "same")
    wave = sosfilt(butter(2, draw.uniform(60, 300), "high", fs=_BASEBAND_HZ, output="sos"), wave)
    return wave * 10 ** (-draw.uniform(0.5, 2.0) * fade / 20) if fades else wave


def _finished(heard: np.ndarray, length: int, sample_rate: int, draw: np.random.Generator) -> np.ndarray:
    """Return a receiver's sound in one channel or two alike, over a converter's noise."""
    up = resample_poly(heard, sample_rate, _BASEBAND_HZ)[:length]
    up = 0.1 * up / np.std(up) + 10 ** (draw.uniform(-90, -70) / 20) * draw.standard_normal(up.size)
    return np.tile(up, (2 if draw.random() < 0.5 else 1, 1))


def _slow(n: int, hz: float, draw: np.random.Generator) -> np.ndarray:
    """Draw a walk that moves so many times a second, of standard deviation 1."""
    step = max(int(_BASEBAND_HZ / hz / 20), 1)
    count = n // step + 3 + 200
    walk = lfilter([1.0], [1.0, -1.7, 0.73], draw.standard_normal(count))[200:]
    return np.interp(np.arange(n), step * np.arange(walk.size), walk / max(np.std(walk), 1e-9))


def _by_paths(wave: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Return a wave by two or three paths, each with its own delay, phase and fading."""
    total = np.zeros(wave.size, complex)
    for path in range(int(draw.integers(2, 4))):
        late = 0 if path == 0 else round(draw.uniform(0.2e-3, 3e-3) * _BASEBAND_HZ)
        hz = np.exp(draw.uniform(np.log(0.05), np.log(1.0)))
        gain = (1.0 if path == 0 else draw.uniform(0.2, 0.9)) * np.exp(
            1j * (draw.uniform(0, 6.28) + 1.5 * _slow(wave.size, hz, draw))
        )
        total += gain * (1 + 0.25 * _slow(wave.size, hz, draw)) * np.roll(wave, late)
    return total


def _beside(kind: str, n: int, draw: np.random.Generator, said: list[str]) -> np.ndarray:
    """Draw what lies beside the station: carriers that whistle, and Morse."""
    total = np.zeros(n, complex)
    seconds = np.arange(n) / _BASEBAND_HZ
    count = {"AM": int(draw.random() < 0.3), "Morse": int(draw.random() < 0.5), "SSB": 1}.get(kind, 1)
    if kind == "shortwave whistle":
        count = int(draw.integers(1, 4))
    for _ in range(count):
        hz = np.exp(draw.uniform(*np.log(_WHISTLE_HZ))) * draw.choice((-1, 1) if kind != "SSB" else (1,))
        drift = draw.choice(_DRIFT_HZ) * _slow(n, 0.1, draw)
        level = -draw.uniform(*_WHISTLE_DB)
        fades = draw.random() < 0.6
        gain = 10 ** (level / 20) * (0.25 if kind == "SSB" else 1.0)
        if fades:
            gain = gain * np.abs(1 + 0.5 * _slow(n, draw.uniform(0.05, 0.5), draw))
        total += gain * np.exp(2j * np.pi * np.cumsum(hz + drift) / _BASEBAND_HZ)
        said.append(f"{hz:.1f} Hz {level:.0f} dB drift {np.std(drift):.2f}{' fades' if fades else ''}")
    if kind == "Morse" or (kind == "SSB" and draw.random() < 0.5):
        hz, dot = draw.uniform(400, 1200), draw.uniform(*_MORSE_S)
        on = draw.random(int(n / _BASEBAND_HZ / dot) + 2) < 0.5
        key = lfilter(*butter(1, 60, fs=_BASEBAND_HZ), on[(seconds / dot).astype(int)].astype(float))
        level = -draw.uniform(4, 25)
        total += (
            10 ** (level / 20) * (0.25 if kind == "SSB" else 1.0) * key * np.exp(2j * np.pi * hz * seconds)
        )
        said.append(f"Morse {hz:.0f} Hz {level:.0f} dB")
    return total


def _ticks(n: int, draw: np.random.Generator) -> np.ndarray:
    """Draw what switches and engines send: pulses shorter than a receiver's filter."""
    at = np.flatnonzero(draw.random(n) < np.exp(draw.uniform(np.log(0.5), np.log(30.0))) / _BASEBAND_HZ)
    total = np.zeros(n, complex)
    heights = np.exp(draw.normal(0.0, 0.7, at.size)) * draw.uniform(1.0, 8.0)
    total[at] = heights * np.exp(1j * draw.uniform(0, 6.28, at.size))
    return total


def _static(n: int, level: float, draw: np.random.Generator) -> np.ndarray:
    """Draw crashes of lightning: bursts of noise that die away."""
    total = np.zeros(n, complex)
    for _ in range(draw.poisson(draw.uniform(0.3, 3.0) * n / _BASEBAND_HZ)):
        at, size = int(draw.integers(n)), int(draw.uniform(0.01, 0.3) * _BASEBAND_HZ)
        size = min(size, n - at)
        burst = draw.standard_normal((2, size)) * np.exp(-4 * np.arange(size) / size)
        total[at : at + size] += 10 ** (draw.uniform(6, 30) / 20) * level * (burst[0] + 1j * burst[1])
    return total
