"""Where in a recording a hum is there: a cable is touched, a lamp is switched on, a transfer is joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Audio, Complex
from ...contract.findings import NO_LEVEL
from .demodulator import STEP, UNHEARD, CombDemodulator, line_powers
from .edits import break_sample
from .found import Hum

# tuned: by hand on made-up hum of 10 to 100 s, 2026-11-29
AHEAD = 3
"""Steps that are heard before it is decided where the hum is."""

# tuned: by hand on made-up hum of 10 to 100 s, 2026-11-29
_EVERY = 5  # frames from one look to the next, so that looks do not overlap
_LOOKS = STEP // _EVERY  # in a step
_HIGHEST_HZ = 1000.0
_HARMONICS = 12
_VISIBLE_DB = 6.0  # a line that the program beside it hides says nothing
_MOST_DB = 10.0
_ENOUGH = 4  # lines that say all they can
# What a switch costs, in dB times looks: 3 s that speak against hum with 8 dB. A note speaks for it as long
# as it sounds, hum that is there is missed only by chance. tuned: made-up hum of 10 to 100 s under plucked
# notes and noise, 2026-11-29.
_SWITCH = 60.0
_KNOWN = 3  # looks beside an edge that tell the hum's amplitudes
_AROUND = 15  # frames on either side that an edge is placed by


class Edge(NamedTuple):
    """Where hum begins or ends: the sample, the look that it lies before, and which of the two it is."""

    sample: int
    look: int
    begins: bool


class HumPresence:
    """Decide, `AHEAD` steps after they were heard, where in a step of `STEP` frames the hum begins or ends.

    A look compares each line with its level as hum and with the program beside it; what lies between the two
    in dB is doubt. The likeliest path through two states is followed, with a price for each switch (A.
    Viterbi, 1967, with a fixed lag); without evidence nothing switches, and the hum is there at first.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Number of channels.
    hum
        What was found: its levels are those where it is there.
    others
        Hums beside it.
    """

    def __init__(self, sample_rate: float, channels: int, hum: Hum, others: Sequence[Hum] = ()) -> None:
        highest = min(_HIGHEST_HZ, 0.45 * sample_rate) / hum.frequency_hz
        harmonics = max(min(int(highest), int(hum.harmonic[-1]), _HARMONICS), 1)
        self._comb = CombDemodulator(sample_rate, channels, hum.frequency_hz, harmonics)
        self._comb.disturb(hum, others)
        self._frame = self._comb.hop
        self._comb.hop = _EVERY * self._frame
        self._sample_rate = sample_rate
        self._turns_a_sample = float(hum.frequency_hz / sample_rate)
        heard = np.zeros((harmonics, channels), np.bool_)
        inside = hum.harmonic <= harmonics
        heard[hum.harmonic[inside] - 1] = (hum.level_dbfs[:, inside] > NO_LEVEL).T
        self._told = heard.reshape(-1)
        self._level_db = 10 * np.log10(line_powers(hum, harmonics))
        self._channels = channels
        self._steps = 0
        held = STEP * (AHEAD + 2) * self._frame
        self._held = np.zeros((channels, held + self._comb.half))
        looks = _LOOKS * (AHEAD + 2)
        self._y = np.zeros((looks, self._told.size), np.complex128)
        self._evidence = np.zeros(looks)
        self._costs = np.array([_SWITCH, 0.0])  # of paths that end without hum, and with it
        self._there = True
        self._length: int | None = None

    def finish(self, length: int) -> None:
        """Learn that the recording ends at sample `length`."""
        self._length = length

    def hear(self, audio: Audio) -> list[Edge]:
        """Hear a step; return the edges in the step heard `AHEAD` before it."""
        half, frames = self._comb.half, _LOOKS
        self._held = np.concatenate([self._held[:, audio.shape[1] :], audio], axis=1)
        self._steps += 1
        first = (self._steps - 1) * _LOOKS
        start = first * self._comb.hop - half
        count = (frames - 1) * self._comb.hop + 2 * half
        at = start - self._held_from
        turns = self._turns(start, start + count)
        y, noise = self._comb.measure(self._held[:, at : at + count], turns, frames)
        self._y = np.concatenate([self._y[frames:], y])
        middles = (first + np.arange(frames)) * self._comb.hop
        end = np.inf if self._length is None else self._length
        known = (middles >= half) & (middles + half <= end)
        evidence = np.where(known, self._weigh(y, noise), 0.0)
        self._evidence = np.concatenate([self._evidence[frames:], evidence])
        if self._steps <= AHEAD:
            return []
        return self._decide((self._steps - 1 - AHEAD) * _LOOKS)

    @property
    def _held_from(self) -> int:
        """Sample that the audio held begins with."""
        return self._steps * STEP * self._frame - self._held.shape[1]

    def _turns(self, start: int, stop: int) -> Array:
        """Return the phase of these samples in cycles, none of them negative."""
        return (10_000.0 + np.arange(start, stop) * self._turns_a_sample).astype(np.float64)

    def _weigh(self, y: Complex, noise: Array) -> Array:
        """Return how much each look speaks for hum, dB."""
        line = 10 * np.log10(y.real**2 + y.imag**2 + 1e-30)
        beside = 10 * np.log10(noise)
        told = self._told & (noise < UNHEARD) & (self._level_db - beside > _VISIBLE_DB)
        off = np.clip(line - 0.5 * (beside + self._level_db), -_MOST_DB, _MOST_DB)
        count = np.count_nonzero(told, axis=1)
        return np.asarray(np.sum(np.where(told, off, 0.0), axis=1) / np.maximum(count, _ENOUGH))

    def _decide(self, first: int) -> list[Edge]:
        """Follow the likeliest path through the looks from `first` on, and keep its first step."""
        pending = self._evidence[-_LOOKS * (AHEAD + 1) :]
        came = np.zeros((pending.size, 2), np.int64)
        costs = self._costs
        for look, evidence in enumerate(pending):
            stay, switch = costs, costs[::-1] + _SWITCH
            came[look] = np.where(stay <= switch, [0, 1], [1, 0])
            costs = np.minimum(stay, switch) + np.array([max(evidence, 0.0), max(-evidence, 0.0)])
            if look + 1 == _LOOKS:
                after = costs
        state = int(costs[1] <= costs[0])
        states = np.empty(pending.size, np.int64)
        for look in range(pending.size - 1, -1, -1):
            states[look] = state
            state = int(came[look, state])
        self._costs = after - after.min()
        edges = []
        for look in range(_LOOKS):
            if bool(states[look]) != self._there:
                self._there = not self._there
                edges.append(Edge(self._place(first, look), first + look, self._there))
        # what is decided is no more in doubt
        self._costs[int(not self._there)] = max(self._costs[int(not self._there)], _SWITCH)
        self._costs[int(self._there)] = 0.0
        return edges

    def _place(self, first: int, look: int) -> int:
        """Return the sample of an edge before a look, by the amplitudes that are known beside it."""
        at = first + look
        if at == 0:
            return 0
        row = self._y.shape[0] - _LOOKS * (AHEAD + 1) + look
        rows = slice(row + 1, row + 1 + _KNOWN) if self._there else slice(row - 1 - _KNOWN, row - 1)
        y = self._y[rows]
        amplitude = np.where(self._told, np.median(y.real, axis=0) + 1j * np.median(y.imag, axis=0), 0.0)
        amplitude = amplitude.reshape(-1, self._channels)
        nothing = np.zeros_like(amplitude)
        middle = at * self._comb.hop - self._comb.hop // 2
        start = max(middle - _AROUND * self._frame, self._held_from, 0)
        stop = middle + _AROUND * self._frame
        part = self._held[:, start - self._held_from : stop - self._held_from]
        turns = self._turns(start, stop)
        before, after = (nothing, amplitude) if self._there else (amplitude, nothing)
        return start + break_sample(
            part, turns, before, after, about=middle - start,
            reach=self._comb.hop // 2 + self._comb.half, sample_rate=self._sample_rate,
        )  # fmt: skip


def is_still(audio: Audio, least: int) -> npt.NDArray[np.bool_]:
    """Return which samples lie in digital silence of so many samples, where no hum is either."""
    count = -(-audio.shape[1] // least)
    blocks = np.zeros((audio.shape[0], count * least), bool)
    blocks[:, : audio.shape[1]] = audio != 0.0
    sounds = blocks.reshape(audio.shape[0], count, least).any(axis=2)
    return np.asarray(~np.repeat(sounds, least, axis=1)[:, : audio.shape[1]])
