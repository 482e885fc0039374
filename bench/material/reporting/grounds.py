"""The noises themselves, before curve, converter and codec: of tape, discs, cylinders, receivers.

Each takes the music that it lies under, of shape (channels, n) at 44.1 kHz, and a generator, and returns
noise of that shape at a level of its own; who mixes it scales it. Channels have noises of their own, and one
course.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import butter, sosfiltfilt

from bench.material.reporting.channel import RATE

Ground = Callable[[np.ndarray, np.random.Generator], np.ndarray]
Points = Sequence[tuple[float, float]]

# Densities, dB at Hz; between them straight over the logarithm of the frequency.
# tuned: by hand, to bulk-erased tape through replay equalisation, to wax and to receivers; no record
HISS: Points = ((20, 8), (60, 4), (200, 0), (2000, 0), (8000, 3), (15_000, 4), (19_000, 0), (22_000, -12))
WAX: Points = ((20, 14), (150, 8), (400, 0), (2000, 0), (6000, -6), (20_000, -20))
RECEIVER: Points = ((20, -20), (100, -3), (300, 0), (3000, 0), (4500, -3), (22_000, -40))
# derived: a real record's density between its clicks, less what RIAA adds to it
GROOVE: Points = ((20, 5), (60, 5), (250, 1), (1000, 0), (4000, -5), (10_000, -8), (20_000, -10))

# Noise that the music is modulated with, RMS over that of the hiss where the music is at its own RMS.
# derived: tapes' data sheets have it 38 dB under the music, which lies 10 dB over the hiss
ASPERITY, ASPERITY_HZ = 0.04, 300.0

# Swish, in dB either way, of the level once and twice a turn, of the treble beside it, from turn to turn.
# tuned: by hand, to discs that were heard to swish; no record
ONCE_DB, TWICE_DB, TREBLE_DB, TURN_DB = (3.0, 6.0), (0.5, 2.0), (1.5, 4.0), 0.7
TREBLE_HZ = 2500.0

# A groove's own noise comes back with every turn, and changes from turn to turn. tuned: by hand, no record
AGAIN_SHELLAC, AGAIN_WAX = 0.85, 0.95
SHARE_SHELLAC, SHARE_WAX = 0.4, 0.7  # of the power
SPECKS_PER_S, SPECKS_SHARE = 400.0, 0.3
SPECK_MS = (0.05, 0.3)
SHELLAC_TURNS_PER_S, WAX_TURNS_PER_S = 78.26 / 60, 160 / 60  # source: the speeds of discs and cylinders

CRASHES_PER_S, CRASH_MS, CRASH_TAIL, CRASH_SHARE = 4.0, (8.0, 80.0), 1.3, 0.5  # tuned: by hand, no record
FADING_DB, FADING_S = 4.0, 1.2  # standard deviation and width; source: shortwave, fades of seconds
DRIFT_DB, TILT_DB = 4.0, 4.0  # either way from end to end; tuned: by hand, no record


def coloured(shape: tuple[int, int], points: Points, draw: np.random.Generator) -> np.ndarray:
    """Return Gaussian noise of a density given in dB at frequencies in Hz."""
    hz = np.fft.rfftfreq(shape[1], 1 / RATE)
    at, level = np.array(points, dtype=float).T
    gain = 10 ** (np.interp(np.log(np.maximum(hz, at[0])), np.log(at), level) / 20)
    return np.fft.irfft(np.fft.rfft(draw.standard_normal(shape), axis=1) * gain, shape[1], axis=1)


def unit(audio: np.ndarray) -> np.ndarray:
    """Return audio of an RMS of 1."""
    return audio / np.sqrt(np.mean(audio**2))


def tape(music: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Return hiss, and the noise that comes and goes with the music: hiss alone has the level."""
    hiss = unit(coloured(music.shape, HISS, draw))
    rough = coloured(music.shape, ((20, 0), (ASPERITY_HZ, 0), (4 * ASPERITY_HZ, -24), (22_000, -60)), draw)
    return hiss + ASPERITY * unit(rough) * unit(music)


def swish(music: np.ndarray, draw: np.random.Generator, *, turns_per_s: float) -> np.ndarray:
    """Return a groove's noise whose level and colour turn with the disc."""
    noise = coloured(music.shape, GROOVE, draw)
    return _turning(noise, turns_per_s, draw)


def _turning(noise: np.ndarray, turns_per_s: float, draw: np.random.Generator) -> np.ndarray:
    """Swing the level once and twice a turn, the treble on its own as well."""
    turn = 2 * np.pi * turns_per_s * np.arange(noise.shape[1]) / RATE
    phases = draw.uniform(0, 2 * np.pi, 3)
    unlike = draw.standard_normal(int(turn[-1] / np.pi) + 3)
    level = (
        draw.uniform(*ONCE_DB) * np.cos(turn + phases[0])
        + draw.uniform(*TWICE_DB) * np.cos(2 * turn + phases[1])
        + TURN_DB * np.interp(turn / np.pi, np.arange(len(unlike)), unlike)
    )
    colour = draw.uniform(*TREBLE_DB) * np.cos(turn + phases[2])
    treble = sosfiltfilt(butter(1, TREBLE_HZ, "highpass", fs=RATE, output="sos"), noise, axis=1)
    return 10 ** (level / 20) * (noise - treble + 10 ** (colour / 20) * treble)


def _again(shape: tuple[int, int], turns_per_s: float, again: float, draw: np.random.Generator) -> np.ndarray:
    """Return noise that comes back with every turn, a little new: lines at all multiples of the turn."""
    period = round(RATE / turns_per_s)
    turns = -(-shape[1] // period)
    groove = np.empty((shape[0], turns, period))
    groove[:, 0] = draw.standard_normal((shape[0], period))
    for turn in range(1, turns):
        new = draw.standard_normal((shape[0], period))
        groove[:, turn] = again * groove[:, turn - 1] + np.sqrt(1 - again**2) * new
    return groove.reshape(shape[0], -1)[:, : shape[1]]


def _filtered(audio: np.ndarray, points: Points) -> np.ndarray:
    hz = np.fft.rfftfreq(audio.shape[1], 1 / RATE)
    at, level = np.array(points, dtype=float).T
    gain = 10 ** (np.interp(np.log(np.maximum(hz, at[0])), np.log(at), level) / 20)
    return np.fft.irfft(np.fft.rfft(audio, axis=1) * gain, audio.shape[1], axis=1)


def shellac(music: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Return the surface of a 78: filler that comes back every turn, fresh noise, dense fine specks."""
    again = unit(_filtered(_again(music.shape, SHELLAC_TURNS_PER_S, AGAIN_SHELLAC, draw), GROOVE))
    fresh = unit(coloured(music.shape, GROOVE, draw))
    specks = unit(_bursts(music.shape, SPECKS_PER_S, SPECK_MS, 2.0, draw))
    rest = 1 - SHARE_SHELLAC - SPECKS_SHARE
    noise = np.sqrt(SHARE_SHELLAC) * again + np.sqrt(rest) * fresh + np.sqrt(SPECKS_SHARE) * specks
    return _turning(noise, SHELLAC_TURNS_PER_S, draw)


def cylinder(music: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Return the surface of a cylinder at 160 turns a minute: a comb of its turns, and wax."""
    again = unit(_filtered(_again(music.shape, WAX_TURNS_PER_S, AGAIN_WAX, draw), WAX))
    fresh = unit(coloured(music.shape, WAX, draw))
    return _turning(np.sqrt(SHARE_WAX) * again + np.sqrt(1 - SHARE_WAX) * fresh, WAX_TURNS_PER_S, draw)


def receiver(music: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Return a receiver's noise, steady."""
    return coloured(music.shape, RECEIVER, draw)


def static(music: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Return a receiver's noise with crashes of lightning in it."""
    band = unit(receiver(music, draw))
    crashes = unit(_bursts(music.shape, CRASHES_PER_S, CRASH_MS, CRASH_TAIL, draw))
    return np.sqrt(1 - CRASH_SHARE) * band + np.sqrt(CRASH_SHARE) * crashes


def _bursts(
    shape: tuple[int, int], per_s: float, ms: tuple[float, float], tail: float, draw: np.random.Generator
) -> np.ndarray:
    """Return bursts of decaying noise at Poisson times, the same in all channels, their heights Pareto's."""
    output = np.zeros(shape[1] + RATE)
    count = max(draw.poisson(per_s * shape[1] / RATE), 2)
    for at in draw.integers(shape[1], size=count).tolist():
        tau = draw.uniform(*ms) * RATE / 1000
        size = min(int(6 * tau) + 2, RATE)
        height = min((1 - draw.random()) ** (-1 / tail), 20.0)  # guard: none is a take's only one
        output[at : at + size] += height * np.exp(-np.arange(size) / tau) * draw.standard_normal(size)
    return np.broadcast_to(output[: shape[1]], shape)


def fading(music: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Return a receiver's noise where the automatic gain holds a fading station steady: the noise swells."""
    slow = gaussian_filter1d(draw.standard_normal(music.shape[1] // 441 + 2), FADING_S * 100)
    swell = FADING_DB * (slow - slow.mean()) / slow.std()
    level = np.interp(np.arange(music.shape[1]), 441 * np.arange(len(slow)), swell)
    return 10 ** (level / 20) * receiver(music, draw)


def drifting(music: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Return hiss whose level and colour move from one end to the other."""
    hiss = coloured(music.shape, HISS, draw)
    treble = sosfiltfilt(butter(1, TREBLE_HZ, "highpass", fs=RATE, output="sos"), hiss, axis=1)
    along = draw.choice((-1, 1)) * np.linspace(-1, 1, music.shape[1])
    return 10 ** (DRIFT_DB * along / 20) * (hiss - treble + 10 ** (-TILT_DB * along / 20) * treble)
