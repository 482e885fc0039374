"""Examples: a voice, through a band and a colour, with a noise over it, or music; all as spectra."""

from __future__ import annotations

import numpy as np
from wavemend.analysis.noise.voice_gains import BANDS, BINS, CHANNELS, features_of

from .material import FRAMES
from .noises import RATE

# tuned: by hand, 2026-11-30; models/voice-2.md has the outcome
CLEAN = 0.15  # share of stretches whose noise is 45 to 75 dB down, as far as anyone hears none
LEVELS_DB = (-3.0, 28.0)
MUSIC = 0.06  # share of stretches of clean music, which is to pass
SHIFTING = 0.15  # share whose noise becomes another
LOSSY = 0.08  # share that went through a lossy codec
HELD_BINS = 12  # to either side, of what such a codec judges a bin by

Draw = np.random.Generator
Array = np.ndarray
_HZ = np.arange(BINS) * RATE / 2 / BINS


def example(spectra: dict[str, Array], draw: Draw) -> tuple[Array, Array, Array]:
    """Return features (CHANNELS, FRAMES, BANDS), and spectra (FRAMES, BINS), clean and noisy."""
    voices, noises, music = spectra["voices"], spectra["noises"], spectra["music"]
    passes = draw.random() < MUSIC
    voice = music[draw.integers(len(music))] if passes else voices[draw.integers(len(voices))]
    added = _noise(noises, draw)
    colour, band = _colour(draw), _band(draw)
    voice = voice * (colour * band)
    added = added * _colour(draw)
    if draw.random() < 0.4:  # the carrier's noise has passed the band too
        added = added * np.maximum(band, 10 ** (draw.uniform(-60, -20) / 20))
    level = np.sqrt(np.mean(np.sort(_power(voice).sum(axis=1))[FRAMES // 2 :]))
    loud = np.sqrt(np.mean(_power(added).sum(axis=1)))
    below_db = draw.uniform(45, 75) if passes or draw.random() < CLEAN else draw.uniform(*LEVELS_DB)
    if draw.random() < 0.04:  # noise alone
        voice = voice * 1e-4
    added = added * (level / max(loud, 1e-9) * 10 ** (-below_db / 20))
    noisy = voice + added
    if draw.random() < LOSSY:
        kept = _kept(noisy, draw)
        voice, noisy = voice * kept, noisy * kept
    if draw.random() < 0.2:  # a recording's beginning, or its end
        silent = np.arange(FRAMES) < draw.integers(FRAMES // 2)
        if draw.random() < 0.5:
            silent = silent[::-1]
        voice[silent], noisy[silent] = 0.0, 0.0
    features = features_of(_power(noisy).astype(np.float64))
    if features is None:
        features = np.zeros((CHANNELS, FRAMES, BANDS), np.float32)
    scale = np.sqrt(BINS) / max(level, 1e-9)  # a loud bin's magnitude is about 1
    return features, (voice * scale).astype(np.complex64), (noisy * scale).astype(np.complex64)


def _noise(noises: Array, draw: Draw) -> Array:
    """Return a noise, on some stretches another from some frame on."""
    added = np.array(noises[draw.integers(len(noises))])
    if draw.random() < SHIFTING:
        other = noises[draw.integers(len(noises))] * 10 ** (draw.uniform(-14, 14) / 20)
        start = draw.integers(FRAMES)
        added[start:] = other[start:]
    return added


def _kept(noisy: Array, draw: Draw) -> Array:
    """Return what a lossy codec keeps: nothing far under what is loud around it."""
    power = _power(noisy)
    around = np.cumsum(np.pad(power, ((0, 0), (HELD_BINS, HELD_BINS)), mode="edge"), axis=1)
    near = (around[:, 2 * HELD_BINS :] - around[:, : -2 * HELD_BINS]) / (2 * HELD_BINS)
    return (power > near[:, : noisy.shape[1]] * 10 ** (-draw.uniform(12, 30) / 10)).astype(np.float32)


def _power(spectra: Array) -> Array:
    return spectra.real**2 + spectra.imag**2


def _colour(draw: Draw) -> Array:
    """Return gains of bins: an equaliser's few decibels."""
    knots = np.cumsum(draw.uniform(-3, 3, 8))
    octaves = np.log2(np.maximum(_HZ, 60.0) / 60.0)
    return 10 ** (np.interp(octaves, np.linspace(0, 7.1, 8), knots - knots.mean()) / 20)


def _band(draw: Draw) -> Array:
    """Return gains of bins: a carrier's band, as often as not the whole."""
    chance = draw.random()
    if chance < 0.45:
        return np.ones(BINS)
    if chance < 0.65:  # telephone
        low, high, order = draw.uniform(200, 400), draw.uniform(3000, 3600), draw.integers(4, 12)
    elif chance < 0.8:  # medium wave, acoustic discs
        low, high, order = draw.uniform(80, 250), draw.uniform(3000, 5500), draw.integers(2, 8)
    else:
        low, high, order = draw.uniform(20, 100), draw.uniform(4000, 7500), draw.integers(1, 8)
    gains = (
        1 / np.sqrt(1 + (_HZ / high) ** (2 * order)) / np.sqrt(1 + (low / np.maximum(_HZ, 1)) ** (2 * order))
    )
    return np.maximum(gains, 1e-4)
