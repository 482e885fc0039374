"""Whether a voice was recorded in a room that adds to it, and how long that room rings.

A filter that predicts late sound from what came before it (`kernels.spectra.late_prediction`) is learned
on four seconds and tried on the four beside them. A room is the same in both, so the filter predicts there
too; the order of sounds in speech is not. What is speech is heard behind that filter: a room fills the
pauses that tell speech from music.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from ...audio.arrays import Array, Audio, Mask
from ...audio.checks import limited
from ...contract.constraints import Axis, Each, Range
from ...contract.findings import Analyser, Findings
from ...kernels.filters.polyphase import decimate, decimator
from ...kernels.spectra.late_prediction import Prediction, late_by, learned
from ...kernels.spectra.stft import OVERLAP, Spectra, forward, hann, hop_length, inverse, overlap_add
from .falls import Falls, decay_s
from .program import KINDS, Program, ProgramAnalyser

FRAME_SECONDS = 0.032
"""Length of a frame; hops are a quarter of it. source: T. Yoshioka, T. Nakatani, 2012, section V."""

# tuned: takes of the tuning set, dry, noisy and in made-up rooms, and music, 2026-11-30
_PREDICTION = Prediction(taps=20, delay=4, iterations=2)
_HALF_S = 4.0
_LEAST_S = 1.5  # of a half, to be learned from
_LEAST_SHARE = 0.065  # predicted: dry takes, noisy or not, up to 0.045, rooms from 0.08 on
_LEAST_VOICE = -0.3  # speech less music: voices in rooms from -0.27 on, music up to -0.35
_LEAST_FALL_DB_S = 50.0  # voices in rooms of 1.2 s from 52 on, music in rooms up to 49: a decay of 2 s
_AROUND = 1  # blocks to either side that are judged together
_EVERY = 2  # bins: of two beside each other one is tried

_WORKING_RATE_HZ = 8000.0  # derived: twice what `ProgramAnalyser` hears
_TAPS = 16  # source: those of `ProgramAnalyser`
_LOWEST_HZ, _HIGHEST_HZ = 300.0, 3400.0  # source: what `ProgramAnalyser` hears
_SILENCE = 1e-7  # guard: mean square, -70 dBFS, as `ProgramAnalyser` has it

_BLOCKS = Axis("blocks", most=2**20)
_LONGEST_S = 1e3  # guard: what findings may say


@dataclass(frozen=True, eq=False)
class Reverberation(Findings):
    """How much a room adds along a recording, and to what.

    Attributes
    ----------
    block_s
        Length of a block in seconds; the last one may be shorter.
    predicted_share
        Share of each block's energy that the room's filter predicts on what it was not learned on, median
        over bins, shape (blocks,); 0 where nothing was heard.
    voice
        Chance of speech less that of music, shape (blocks,).
    heard
        Whether a block held speech or music, shape (blocks,).
    fall_db_s
        How fast one fall in ten is at least, dB/s, shape (blocks,); 0 where there were too few.
    """

    block_s: Annotated[float, Range(0.1, _LONGEST_S)]
    predicted_share: Annotated[Array, Each(_BLOCKS), Range(-_LONGEST_S, 1.0)]
    voice: Annotated[Array, Each(_BLOCKS), Range(-1.0, 1.0)]
    heard: Annotated[Mask, Each(_BLOCKS)]
    fall_db_s: Annotated[Array, Each(_BLOCKS), Range(0.0, 1e6)]

    @property
    def found(self) -> bool:
        """Whether a voice is in a room anywhere."""
        return bool(self.rooms().any())

    @property
    def answers(self) -> bool:
        """See `Findings.answers`."""
        return bool(self.heard.any())

    def rooms(self, *, voices: bool = True) -> Mask:
        """Return which blocks are of a room, shape (blocks,); with `voices`, where a voice is in it."""
        count = _around(self.heard)
        inside = (count > 0) & (_around(self.predicted_share * self.heard) > _LEAST_SHARE * count)
        if not voices:
            return inside
        falling = self.heard & (self.fall_db_s > 0.0)
        falls = _around(self.fall_db_s * falling) >= _LEAST_FALL_DB_S * _around(falling)
        return np.asarray(inside & falls & (_around(self.voice * self.heard) > _LEAST_VOICE * count))

    def decay_s(self) -> tuple[float, float, float] | None:
        """Return how long the voice's room rings, and bounds that three of four are within; None: unknown.

        The first is how long it takes to fall by 60 dB, in seconds.
        """
        rates = self.fall_db_s[self.rooms() & (self.fall_db_s > 0.0)]
        return decay_s(float(np.median(rates))) if rates.size else None

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.answers:
            return "nothing heard"
        rooms = self.rooms()
        if not rooms.any():
            share = 100 * max(float(np.median(self.predicted_share[self.heard])), 0.0)
            return (
                "music in a room" if self.rooms(voices=False).any() else f"no room, {share:.0f} % predicted"
            )
        share = 100 * float(np.median(self.predicted_share[rooms]))
        part = "" if rooms.all() else f" in {100 * np.mean(rooms):.0f} % of the time"
        decay = ""
        if (known := self.decay_s()) is not None:
            decay = ", decay about {:.1f} s ({:.1f} to {:.1f} s)".format(*known)
        return f"a voice in a room{part}, {share:.0f} % predicted{decay}"


def _around(values: Array | Mask) -> Array:
    """Return the sums over each block and those beside it."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    blocks = np.arange(len(values))
    return np.asarray(
        sums[np.minimum(blocks + _AROUND + 1, len(blocks))] - sums[np.maximum(blocks - _AROUND, 0)]
    )


class ReverberationAnalyser(Analyser[Reverberation]):
    """Learns filters on each half of blocks, tries them on the other, and hears speech behind them."""

    def __init__(self, sample_rate: float, channels: int) -> None:
        self._factor = max(int(sample_rate / _WORKING_RATE_HZ), 1)
        rate = sample_rate / self._factor
        self._hop = hop_length(rate, FRAME_SECONDS)
        self._half = round(_HALF_S * rate / self._hop)
        super().__init__(sample_rate, channels, hop=2 * self._half * self._hop * self._factor)
        self._hop_s = self._hop / rate
        self._low_pass = decimator(self._factor, _TAPS)
        self._before = np.zeros((channels, (_TAPS - 1) * self._factor))
        self._window = np.sqrt(hann(OVERLAP * self._hop))
        hz = np.fft.rfftfreq(self._window.size, 1 / rate)
        self._bins = np.flatnonzero((hz >= _LOWEST_HZ) & (hz <= min(_HIGHEST_HZ, 0.45 * rate)))
        self._held = np.zeros((channels, (OVERLAP - 1) * self._hop))
        self._tail = np.zeros_like(self._held)
        self._spectra_before = np.zeros(
            (channels, _PREDICTION.reach, self._window.size // 2 + 1), np.complex128
        )
        self._falls = Falls(np.asarray(hz[self._bins], np.float64), self._hop_s)
        self._program = ProgramAnalyser(rate, channels)
        self._shares: list[float] = []
        self._rates: list[float] = []

    def _frame(self, frame: Audio) -> None:
        self._block(frame)

    def _conclude(self, rest: Audio) -> Reverberation:
        whole = rest.shape[1] // (self._hop * self._factor)
        if whole:
            self._block(rest[:, : whole * self._hop * self._factor])
        program = self._program.result()
        block_s = 2 * self._half * self._hop_s
        voice, heard = _voice(program, block_s, len(self._shares))
        shares = np.round(np.array(self._shares) * heard, 4)
        return Reverberation(round(block_s, 6), shares, voice, heard, np.round(np.array(self._rates), 1))

    def _block(self, audio: Audio) -> None:
        """Hear up to two halves."""
        joined = np.concatenate([self._before, limited(audio)], axis=1)
        self._before = joined[:, joined.shape[1] - self._before.shape[1] :]
        low = np.concatenate([self._held, decimate(joined, self._low_pass)], axis=1)
        self._held = low[:, low.shape[1] - self._held.shape[1] :]
        spectra = forward(low, self._window, self._hop)
        joined_spectra = np.concatenate([self._spectra_before, spectra], axis=1)
        self._spectra_before = joined_spectra[:, spectra.shape[1] :]
        if spectra.shape[1] * self._hop_s >= 2 * _LEAST_S:
            spectra[:, :, self._bins] -= self._judged(joined_spectra[:, :, self._bins])
        complete, self._tail = overlap_add(inverse(spectra, self._window), self._tail)
        self._program.push(complete)

    def _judged(self, spectra: Spectra) -> Spectra:
        """Return what is late in a block that follows `reach` frames of before, and keep how much it was."""
        reach = _PREDICTION.reach
        # every channel by itself: of two, each has more bins
        heard = np.concatenate(list(spectra), axis=1)[np.newaxis]
        middle = reach + (heard.shape[1] - reach) // 2
        halves = [heard[:, :middle], heard[:, middle - reach :]]
        filters = [learned(half, _PREDICTION) for half in halves]
        shares = [
            _share(half[:, :, ::_EVERY], filters[other][::_EVERY])
            for half, other in zip(halves, (1, 0), strict=True)
        ]
        self._shares.append(float(np.mean(shares)))
        self._rates.append(self._falls.rate(np.sum(np.abs(spectra[:, reach:]) ** 2, axis=0)))
        late_sound = [
            late_by(half, learned_, _PREDICTION) for half, learned_ in zip(halves, filters, strict=True)
        ]
        return np.stack(np.split(np.concatenate(late_sound, axis=1)[0], len(spectra), axis=1))


def _share(spectra: Spectra, filters: Spectra) -> float:
    """Return the share of the energy that filters predict, median over bins."""
    heard = spectra[:, _PREDICTION.reach :]
    left = heard - late_by(spectra, filters, _PREDICTION)
    energy, rest = (np.sum(one.real**2 + one.imag**2, axis=(0, 1)) for one in (heard, left))
    sounding = energy > 0.0
    if not sounding.any():
        return 0.0
    return float(max(1.0 - np.median(rest[sounding] / energy[sounding]), -_LONGEST_S))


def _voice(program: Program, block_s: float, blocks: int) -> tuple[Array, Mask]:
    """Return the chance of speech less that of music in each block, and whether there is either."""
    voice, heard = np.zeros(blocks), np.zeros(blocks, np.bool_)
    if not blocks or not program.end_s.size:
        return voice, heard
    seconds = np.arange(int(np.ceil(program.end_s[-1]))) + 0.5
    segment = np.searchsorted(program.end_s, seconds, side="right").clip(max=program.end_s.size - 1)
    sounding = program.kind[segment] != KINDS.index("neither")
    over = (program.speech_probability - program.music_probability)[segment]
    block = np.minimum((seconds / block_s).astype(np.int64), blocks - 1)
    count = np.bincount(block[sounding], minlength=blocks)
    sums = np.bincount(block[sounding], over[sounding], minlength=blocks)
    return np.clip(np.round(sums / np.maximum(count, 1), 3), -1.0, 1.0), count > 0
