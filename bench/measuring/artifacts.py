"""What a repair harmed, told by the clean reference: the truth that the artifact guard is held to.

In each window of half a second and each channel an artifact is where, in one of these senses, the error
after the repair (restored - clean) passes the error before it (damaged - clean):

- lost program: in one band of hearing by 3 dB, and to less than 10 dB under the clean take in that band;
- lost transient: in a 6 ms block that begins something, by as much, in differences of samples;
- musical noise: where the damage is noise, its log kurtosis ratio (Uemura et al., 2008) passes 2.3;
- pumping: where it is noise, its gain moves by over 20 dB within the window.

What is masked is left out: bands 45 dB under the loudest, windows under -70 dBFS. Cells in which the damage
is louder than the program are left out of the first sense, and frames beside clicks as loud of both: what
was lost there was lost before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation
from wavemend.analysis.artifacts.bands import band_edges, in_bands
from wavemend.kernels.spectra.stft import forward, hann

# source: the definitions above
GROWN, OVER_CLEAN = 10**0.3, 0.1
MASKED, LEAST_DB = 10**-4.5, -70.0
TWITTERS, SWINGS_DB = 2.3, 20.0
ONSET = 4.0  # times the energy of the block before
TRANSIENT_SHARE = 10**-2.5  # of the window's energy in differences, which such blocks must hold
EVEN, STEADY = 0.7, 0.2  # of noise: flatness in a band; least frame beside the mean
LOWERED_DB, MOVED_DB, HEARD_DB = -6.0, -3.0, -45.0  # of its residue: what is too little to be heard
LEAST = 1e-20
KINDS = ("lost program", "lost transient", "musical noise", "pumping")


@dataclass(frozen=True)
class Signals:
    """One channel of a take: clean, damaged and restored, shape (n,) each, at one rate in Hz."""

    clean: np.ndarray
    before: np.ndarray
    after: np.ndarray
    sample_rate: int


def true_artifacts(signals: Signals, hop: int, length: int, clicks: bool) -> list[set[str]]:
    """Return the kinds of artifacts in each window of ``length`` samples; ``clicks``: what the damage is."""
    count = -(-len(signals.clean) // length)
    pad = count * length + 2 * hop - len(signals.clean)
    clean, before, after = (np.pad(x, (0, pad)) for x in (signals.clean, signals.before, signals.after))
    errors = [clean, before - clean, after - clean, after]
    edges = band_edges(signals.sample_rate, hop + 1)
    spectra = [_power(one, hop) for one in errors]
    blocks = [_energy(np.diff(one, prepend=one[:1]), hop) for one in errors[:3]]
    struck = (blocks[1] > 0.5 * blocks[0]) | (_energy(errors[1], hop) > 0.5 * _energy(clean, hop))
    frames, parts = length // hop, 4 * length // hop
    beside = binary_dilation(struck.reshape(-1, 4).any(axis=1), iterations=2)[: count * frames]
    near = binary_dilation(struck, iterations=2)
    found, twitter = [], []
    for window in range(count):
        cells = slice(window * frames, (window + 1) * frames)
        block = slice(window * parts, (window + 1) * parts)
        here = [one[cells] for one in spectra]
        aside = beside[cells] if clicks else np.zeros(frames, bool)
        kinds = set()
        if 10 * np.log10(here[0].sum() / frames + LEAST) > LEAST_DB:
            if _loses_program(here, aside, edges):
                kinds.add("lost program")
            earlier = blocks[0][max(block.start - 1, 0)]
            if _loses_transient([one[block] for one in blocks], near[block], earlier):
                kinds.add("lost transient")
        told, swing = _residue(here, edges)
        twitter.append(told)
        if swing > SWINGS_DB:
            kinds.add("pumping")
        found.append(kinds)
    for window, kinds in enumerate(found):
        near_by = [one for one in twitter[max(window - 1, 0) : window + 2] if one is not None]
        if twitter[window] is not None and np.mean(near_by) > TWITTERS:
            kinds.add("musical noise")
    return found


def _power(audio: np.ndarray, hop: int) -> np.ndarray:
    window = hann(2 * hop)
    spectra = forward(audio[np.newaxis], window, hop)[0]
    return np.abs(spectra) ** 2 / (hop * np.sum(window**2))


def _energy(signal: np.ndarray, hop: int) -> np.ndarray:
    """Return the energy of each quarter of each hop."""
    hops = signal[: len(signal) // hop * hop].reshape(-1, hop) ** 2
    return np.asarray(np.add.reduceat(hops, np.arange(4) * hop // 4, axis=1).ravel())


def _loses_program(here: list[np.ndarray], aside: np.ndarray, edges: np.ndarray) -> bool:
    clean, before, after = (in_bands(one, edges) for one in here[:3])
    kept = (before < clean) & ~aside[:, np.newaxis]
    whole = clean.sum(axis=0)
    heard = (whole > MASKED * whole.max()) & (kept.mean(axis=0) > 0.25)
    was, is_ = ((one * kept).sum(axis=0) for one in (before, after))
    return bool((heard & (is_ > GROWN * was) & (is_ > OVER_CLEAN * whole)).any())


def _loses_transient(blocks: list[np.ndarray], near: np.ndarray, earlier: float) -> bool:
    clean, before, after = blocks
    bad = (after > GROWN * before) & (after > OVER_CLEAN * clean) & ~near
    begins = clean > ONSET * np.concatenate([[earlier], clean[:-1]])
    begins[1:] |= begins[:-1].copy()
    return bool((bad & begins).any() and after[bad].sum() > TRANSIENT_SHARE * clean.sum())


def _residue(here: list[np.ndarray], edges: np.ndarray) -> tuple[float | None, float]:
    """Return log kurtosis ratio (None: no noise, or not heard) and swing of the noise between the program."""
    clean, before, after, output = here
    frame = before.sum(axis=1)
    mean = before.mean(axis=0) + LEAST
    width = np.diff(edges)
    flat = np.exp(in_bands(np.log(mean), edges) / width) * width / in_bands(mean, edges)
    cells = clean < before
    steady = frame.min() > STEADY * frame.mean() and flat.mean() > EVEN
    residue = (after * cells)[:, edges[0] : edges[-1]].sum() / max(output.sum(), LEAST)
    if not steady or cells.mean() < 0.1 or 10 * np.log10(residue + LEAST) < HEARD_DB:
        return None, 0.0
    sums = []
    for power in (before, after):
        scaled = power / mean * cells
        first, second, fourth = (in_bands((scaled**p).sum(axis=0), edges) for p in (1, 2, 4))
        sums.append((first, fourth / np.maximum(second**2, LEAST)))
    count = in_bands(cells.sum(axis=0).astype(float), edges)
    good = (count > 2 * len(before)) & (sums[0][0] > LEAST) & (sums[1][0] > LEAST)
    if np.count_nonzero(good) < 3:
        return None, 0.0
    lowered = np.average(10 * np.log10(sums[1][0][good] / sums[0][0][good]), weights=count[good])
    twitter = np.average(np.log(sums[1][1][good] / sums[0][1][good]), weights=count[good])
    swing = _swing(before, after, cells) if lowered < MOVED_DB else 0.0
    return float(twitter) if lowered < LOWERED_DB else None, swing


def _swing(before: np.ndarray, after: np.ndarray, cells: np.ndarray) -> float:
    bright = slice(cells.shape[1] // 4, None)
    was, is_ = ((one * cells)[:, bright].sum(axis=1) for one in (before, after))
    told = cells[:, bright].sum(axis=1) > 30
    if np.count_nonzero(told) <= len(told) // 2:
        return 0.0
    gain = np.convolve(is_[told] / np.maximum(was[told], LEAST), np.ones(3) / 3, "valid")
    low, high = np.percentile(10 * np.log10(gain + LEAST), (10, 90))
    return float(high - low)
