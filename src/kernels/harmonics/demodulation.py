"""Demodulation of a comb of harmonics along a phase track: a non-uniform Fourier transform, and its adjoint.

Samples are folded onto a table that spans some cycles of the track, by cubic B-splines; the table's transform
then holds every harmonic at once, at a cost that hardly depends on how many there are. Source: A. Dutt,
V. Rokhlin, Fast Fourier transforms for nonequispaced data, 1993; splines: G. Steidl, A note on fast Fourier
transforms for nonequispaced grids, 1998.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Complex
from ..compilation.compilation import compiled

Numbers = npt.NDArray[np.int64]


@compiled
def fold(audio: Array, turns: Array, window: Array, hop: int, cycles: int, tables: Array) -> None:
    """Add windowed frames to tables over the phase.

    Parameters
    ----------
    audio
        Shape (channels, n).
    turns
        Phase of each sample in cycles, shape (n,), not below 0.
    window
        Weights of a frame's samples; frame k begins at sample k * hop.
    cycles
        Cycles that a table spans.
    tables
        Shape (frames, channels, points), zeros at first; points is a power of two.
    """
    frames, channels, points = tables.shape
    scale = points / cycles
    mask = points - 1
    for frame in range(frames):
        table = tables[frame]
        for t in range(window.size):
            place = turns[frame * hop + t] * scale
            whole = int(place)
            u = place - whole
            v = 1.0 - u
            weight = window[t] / 6.0
            first = weight * v * v * v
            second = weight * (4.0 - 3.0 * u * u * (2.0 - u))
            third = weight * (4.0 - 3.0 * v * v * (2.0 - v))
            last = weight * u * u * u
            for channel in range(channels):
                x = audio[channel, frame * hop + t]
                table[channel, (whole - 1) & mask] += first * x
                table[channel, whole & mask] += second * x
                table[channel, (whole + 1) & mask] += third * x
                table[channel, (whole + 2) & mask] += last * x


@compiled
def unfold(tables: Array, turns: Array, hop: int, out: Array) -> None:
    """Read a wave that changes from table to table along a phase track.

    Parameters
    ----------
    tables
        One cycle each, as spline coefficients, shape (frames + 1, channels, points); table k holds at sample
        k * hop, and in between two of them fade into each other.
    turns
        Phase of each sample in cycles, shape (frames * hop,), not below 0.
    out
        Shape (channels, frames * hop).
    """
    points = tables.shape[2]
    mask = points - 1
    for t in range(out.shape[1]):
        place = turns[t] * points
        whole = int(place)
        u = place - whole
        v = 1.0 - u
        first = v * v * v / 6.0
        second = (4.0 - 3.0 * u * u * (2.0 - u)) / 6.0
        third = (4.0 - 3.0 * v * v * (2.0 - v)) / 6.0
        last = u * u * u / 6.0
        a, b, c, d = (whole - 1) & mask, whole & mask, (whole + 1) & mask, (whole + 2) & mask
        frame = t // hop
        fade = (t - frame * hop) / hop
        for channel in range(out.shape[0]):
            one, other = tables[frame, channel], tables[frame + 1, channel]
            before = first * one[a] + second * one[b] + third * one[c] + last * one[d]
            after = first * other[a] + second * other[b] + third * other[c] + last * other[d]
            out[channel, t] = before + fade * (after - before)


@compiled
def turned_back(y: Complex, phases: Array, number: Array) -> Complex:
    """Return amplitudes along a phase relative to it, shape (frames, lines).

    Parameters
    ----------
    y
        Shape (frames, lines or more).
    phases
        In rad, shape (frames,).
    number
        Harmonic of each line, ascending whole numbers, shape (lines,).
    """
    out = np.empty((phases.size, number.size), np.complex128)
    for frame in range(phases.size):
        one, turn, reached = np.exp(-1j * phases[frame]), 1.0 + 0.0j, 0.0
        for line in range(number.size):
            while reached < number[line]:
                turn *= one
                reached += 1.0
            out[frame, line] = y[frame, line] * turn
    return out


@compiled
def silent_parts(audio: Array, hop: int, edges: Numbers, silent: npt.NDArray[np.bool_]) -> None:
    """Tell in which frames a channel is digitally silent for a part of the window.

    Parameters
    ----------
    audio
        Shape (channels, n); frame k begins at sample k * hop.
    edges
        Of the parts, in samples of a frame, ascending.
    silent
        Filled, shape (frames, channels).
    """
    for frame in range(silent.shape[0]):
        for channel in range(silent.shape[1]):
            silent[frame, channel] = False
            for part in range(edges.size - 1):
                at, stop = frame * hop + edges[part], frame * hop + edges[part + 1]
                while at < stop and audio[channel, at] == 0.0:
                    at += 1
                if at == stop:
                    silent[frame, channel] = True
                    break


def spline_response(bins: Numbers, points: int) -> Array:
    """Return what the splines of a table of so many points do to its bins."""
    return np.asarray(np.sinc(bins / points) ** 4)
