"""Second-order sections run over all channels at once: recursive, so their state goes from frame to frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..compilation.compilation import compiled

Audio = npt.NDArray[np.float64]


@compiled
def filtered_energy(audio: Audio, sections: Audio, state: Audio, hop: int) -> Audio:
    """Sum squares of each channel after a cascade of second-order sections, hop by hop.

    Transposed direct form II. What is filtered is not kept: loudness asks for its energy alone.

    Parameters
    ----------
    audio
        Shape (channels, hops * hop).
    sections
        b0, b1, b2, a1, a2 of two sections with a0 = 1, shape (2, 5).
    state
        Two values a section and channel, shape (channels, 2, 2); zeros at first, updated in place.
    hop
        Samples in a sum.

    Returns
    -------
    Audio
        Shape (channels, hops).
    """
    hops = audio.shape[1] // hop
    energy = np.zeros((audio.shape[0], hops))
    b0, b1, b2, a1, a2 = sections[0]
    c0, c1, c2, d1, d2 = sections[1]
    # outputs put into the state's equations: what must wait for the sample before is half as long
    b1, b2 = b1 - a1 * b0, b2 - a2 * b0
    c1, c2 = c1 - d1 * c0, c2 - d2 * c0
    for channel in range(audio.shape[0]):
        p, q = state[channel, 0]
        r, s = state[channel, 1]
        for part in range(hops):
            total = 0.0
            for t in range(part * hop, (part + 1) * hop):
                x = audio[channel, t]
                y = b0 * x + p
                p, q = (b1 * x + q) - a1 * p, b2 * x - a2 * p
                z = c0 * y + r
                r, s = (c1 * y + s) - d1 * r, c2 * y - d2 * r
                total += z * z
            # denormal numbers would make silence a hundred times slower than sound
            p, q, r, s = _flush(p), _flush(q), _flush(r), _flush(s)
            energy[channel, part] = total
        state[channel, 0, 0], state[channel, 0, 1] = p, q
        state[channel, 1, 0], state[channel, 1, 1] = r, s
    return energy


@compiled
def _flush(value: float) -> float:
    return 0.0 if abs(value) < 1e-200 else value


def peaking_cuts(radians: Audio, cut_db: Audio, q: float) -> Audio:
    """Return second-order sections that cut by so much at each frequency, as wide as a notch of this Q.

    R. Bristow-Johnson, *Cookbook formulae for audio equalizer biquad filter coefficients*, 1998, peakingEQ.

    Parameters
    ----------
    radians
        Frequencies, in rad a sample, shape (sections,).
    cut_db
        In dB, above 0 down, same shape.
    q
        Of all of them.

    Returns
    -------
    np.ndarray
        As `scipy.signal.sosfilt` has them, shape (sections, 6).
    """
    root = 10 ** (-cut_db / 40)
    alpha, cosine = np.sin(radians) / (2 * q), np.cos(radians)
    # as wide as a notch of this Q, however deep
    up, down = alpha * root**2, alpha
    numerator = np.stack([1 + up, -2 * cosine, 1 - up], axis=1)
    denominator = np.stack([1 + down, -2 * cosine, 1 - down], axis=1)
    return np.asarray(np.concatenate([numerator, denominator], axis=1) / denominator[:, :1])
