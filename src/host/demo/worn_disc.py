"""A short performance made from nothing, and the damage a worn disc would do to it: for the demonstration.

A plucked guitar (K. Karplus and A. Strong, "Digital Synthesis of Plucked-String and Drum Timbres",
Computer Music Journal 7(2), 1983) under a reed-like melody, 44.1 kHz stereo.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import signal

from ...audio.arrays import Audio

SAMPLE_RATE = 44_100  # source: IEC 60908, compact disc
_COIL_HZ, _COIL_Q = 15_900.0, 0.94  # derived: a moving magnet of 0.5 H at 200 pF and 47 kilohms
# Taps and -6 dB point of the converter's filter, Hz; source: a recorded surface whose band ends at 20 kHz.
_CONVERTER = (255, 20_000.0)
_BEAT = 0.42  # tuned: by ear, no record; seconds
# tuned: by ear, no record; MIDI notes
_CHORDS = ((45, 52, 57, 60, 64), (41, 48, 53, 57, 60), (43, 50, 55, 59, 62), (40, 47, 52, 56, 59))
# tuned: by ear, no record; MIDI notes, and beats
_MELODY = ((76, 2), (74, 1), (72, 1), (69, 3), (72, 1), (71, 2), (74, 2), (76, 1), (77, 1), (76, 2))

Mono = npt.NDArray[np.float64]


def performance(seed: int = 0) -> Audio:
    """Play the piece, shape (2, n): one second of silence, about fourteen of music, one of silence."""
    rng = np.random.default_rng(seed)
    seconds = 1 + 32 * _BEAT + 2.5
    guitar, melody = (np.zeros(int(seconds * SAMPLE_RATE)) for _ in range(2))
    for bar in range(8):
        chord = _CHORDS[bar % 4]
        for beat, index in enumerate((0, 2, 3, 4, 1, 3, 4, 2)):
            start = 1 + (bar * 4 + beat / 2) * _BEAT + rng.normal(0, 0.004)
            _add(guitar, start, _pluck(chord[index], 1.8, rng.uniform(0.6, 1.0), rng))
    position = 1 + 8 * _BEAT
    for note, beats in _MELODY:
        _add(melody, position, _reed(note, beats * _BEAT * 0.95, rng))
        position += beats * _BEAT
    left = 0.9 * guitar + 0.5 * melody
    right = 0.6 * guitar + 0.75 * melody
    played = np.stack([left, right])
    return np.asarray(0.45 * played / np.abs(played).max())


def worn_disc(music: Audio, seed: int = 1) -> Audio:
    """Return `music`, shape (2, n), as a worn disc would play it: clicks, crackle, hiss and rumble.

    Damage lies in the groove: cartridge and converter limit its band as they limit the music's.
    """
    rng = np.random.default_rng(seed)
    length = music.shape[1]
    colour = signal.butter(1, [300, 9000], "bandpass", fs=SAMPLE_RATE, output="sos")
    hiss = signal.sosfilt(colour, rng.normal(0, 0.0045, (2, length)), axis=1)
    low = signal.butter(2, [8, 28], "bandpass", fs=SAMPLE_RATE, output="sos")
    rumble = signal.sosfilt(low, rng.normal(0, 0.12, (1, length)), axis=1)
    damaged = music + hiss + rumble + np.array([[0.004], [-0.002]])
    for rate, level in ((4, 0.5), (40, 0.06)):  # clicks and crackle, a second
        for start in rng.uniform(0, length - 200, rng.poisson(rate * length / SAMPLE_RATE)).astype(int):
            click = level * rng.lognormal(0, 0.4) * _tick(rng)
            sides = rng.permutation([1.0, rng.uniform(0, 0.8)])
            damaged[:, start : start + click.size] += np.outer(sides, click)
    return np.asarray(np.clip(_played(damaged), -0.99, 0.99))


def _played(groove: Audio) -> Audio:
    """Return what a moving-magnet cartridge into its load, and then a converter, make of the groove."""
    coil = 2 * np.pi * _COIL_HZ
    loaded = signal.bilinear([coil**2], [1, coil / _COIL_Q, coil**2], SAMPLE_RATE)
    converter = signal.firwin(_CONVERTER[0], _CONVERTER[1], fs=SAMPLE_RATE)
    return np.asarray(signal.convolve(signal.lfilter(*loaded, groove, axis=1), converter[None], mode="same"))


def _pluck(note: int, seconds: float, strength: float, rng: np.random.Generator) -> Mono:
    period = SAMPLE_RATE / _hertz(note)
    whole = int(period - 0.5)
    excitation = np.zeros(int(seconds * SAMPLE_RATE))
    excitation[:whole] = signal.lfilter([0.4], [1, -0.6], rng.uniform(-1, 1, whole))
    # The loop: a delay of one period, fractional by an allpass, and a two-point average.
    fraction = period - 0.5 - whole
    c = (1 - fraction) / (1 + fraction)
    feedback = np.zeros(whole + 3)
    feedback[whole : whole + 3] = 0.996 * np.convolve([0.5, 0.5], [c, 1.0])
    a = np.zeros(whole + 3)
    a[:2] = [1.0, c]
    tone = signal.lfilter([1.0, c], a - feedback, excitation)
    fade = np.minimum(1, np.arange(tone.size)[::-1] / 2000)
    return np.asarray(strength * tone * fade)


def _reed(note: int, seconds: float, rng: np.random.Generator) -> Mono:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    vibrato = 1 + 0.004 * np.sin(2 * np.pi * 5.2 * time) * np.minimum(1, time / 0.3)
    phase = 2 * np.pi * np.cumsum(_hertz(note) * vibrato) / SAMPLE_RATE
    tone = sum(np.sin(k * phase + rng.uniform(0, 6)) * k**-1.3 for k in range(1, 14))
    envelope = np.minimum(1, time / 0.05) * np.minimum(1, (seconds - time) / 0.09)
    return np.asarray(0.35 * tone * envelope)


def _tick(rng: np.random.Generator) -> Mono:
    time = np.arange(120) / SAMPLE_RATE
    decay = np.exp(-time / rng.uniform(0.05e-3, 0.3e-3))
    return np.asarray(rng.choice([-1, 1]) * decay * np.cos(2 * np.pi * rng.uniform(2000, 8000) * time))


def _hertz(note: int) -> float:
    return float(440 * 2 ** ((note - 69) / 12))


def _add(track: Mono, start: float, sound: Mono) -> None:
    first = int(start * SAMPLE_RATE)
    part = track[first : first + sound.size]
    part += sound[: part.size]
