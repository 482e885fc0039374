"""Examples: what the network is shown of a noisy stretch, and what its gains are judged by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from wavemend.analysis.noise.gains import AXIS_FRAMES, CONTEXT, features_of, turned
from wavemend.kernels.spectra.principal_axes import rotate
from wavemend.kernels.spectra.stft import forward, hann, hop_length

from .material import RATE, Material
from .noises import density, noise, print_of

# tuned: by hand, no record
SECONDS = 4.0
CELLS = 4096
OCTAVES = 10

Draw = np.random.Generator
Array = np.ndarray


@dataclass(frozen=True)
class Example:
    """Cells (bins of frames) drawn from a noisy stretch, low bins more often than high ones.

    Attributes
    ----------
    features
        Shape (FEATURES, cells).
    clean, both, noisy
        |S|^2, Re(S X*) and |X|^2 over the power of the noise expected, shape (cells,).
    weight
        How many cells of the stretch each stands for, shape (cells,).
    octave
        Octave band of each, shape (cells,).
    """

    features: Array
    clean: Array
    both: Array
    noisy: Array
    weight: Array
    octave: Array


def example(material: Material, draw: Draw) -> Example:
    """Draw a stretch with noise in it, or noise alone."""
    hop = hop_length(RATE, 0.05)
    window = hann(4 * hop)
    count = round(SECONDS * RATE)
    clean = material.stretch(count, draw)
    if draw.random() < 0.12:
        clean = clean * 1e-6
    elif draw.random() < 0.4:  # a lead, or a tail
        at = draw.integers(count)
        clean = np.where((np.arange(count) < at) == (draw.random() < 0.5), clean, 0.0)
    power = density(np.fft.rfftfreq(count, 1 / RATE), draw)
    added = noise(len(clean), count, power, draw)
    # levels as they are met: the noise from hardly heard to as loud as the program, over the whole band
    level = 0.1 * 10 ** (-draw.uniform(2, 42) / 20) / np.sqrt(np.mean(power))
    frequency = np.fft.rfftfreq(window.size, 1 / RATE)
    expected = expected_power(power * level**2, window)
    s = forward(clean, window, hop)
    x = s + forward(added * level, window, hop)
    if draw.random() < 0.2:  # a recording's beginning, or its end
        silent = np.arange(x.shape[1]) < draw.integers(x.shape[1] // 2)
        if draw.random() < 0.5:
            silent = silent[::-1]
        s[:, silent], x[:, silent] = 0.0, 0.0
    shown = print_of(expected, frequency, draw)
    if len(clean) == 2:
        over, axes = turned(x / np.sqrt(shown))
        kept = slice(AXIS_FRAMES, x.shape[1] - AXIS_FRAMES)
        s, x, each = rotate(s[:, kept], axes), rotate(x[:, kept], axes), (1.0, -1.0)
    else:
        over, each = x / np.sqrt(shown), (0.0,)
    features = np.stack(
        [features_of(np.abs(one) ** 2, frequency, what) for one, what in zip(over, each, strict=True)]
    )
    s, x = (one[:, CONTEXT:-CONTEXT] for one in (s, x))
    chance = 1 / (np.arange(frequency.size) + 40.0)
    chance /= chance.sum()
    channel, frame = draw.integers(len(s), size=CELLS), draw.integers(s.shape[1], size=CELLS)
    k = draw.choice(frequency.size, size=CELLS, p=chance)
    s, x = s[channel, frame, k], x[channel, frame, k]
    powers = (np.abs(s) ** 2, (s * x.conj()).real, np.abs(x) ** 2)
    scale = 1 / expected[k]
    octave = np.clip(np.floor(np.log2(np.maximum(frequency[k], 1.0) / 22.1)), 0, OCTAVES - 1)
    return Example(
        features[channel, :, frame, k].T,
        *((each * scale).astype(np.float32) for each in powers),
        weight=(expected[k] / expected.mean() / chance[k] / chance.size).astype(np.float32),
        octave=octave.astype(np.int64),
    )


def expected_power(power: Array, window: Array) -> Array:
    """Return ``E |rfft(noise * window)|^2`` of noise with the density `power`, leaks included."""
    length = window.size
    lags = np.fft.irfft(power, 2 * (power.size - 1))[:length]
    overlap = np.fft.irfft(np.abs(np.fft.rfft(window, 2 * length)) ** 2)[:length]
    product = lags * overlap
    product[1:] += product[:0:-1]  # the negative lags, folded
    return np.maximum(np.fft.rfft(product).real, 1e-12 * product[0])
