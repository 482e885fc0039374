"""When each sample of a film's sound is heard: by the time stamps that it came with.

A stamp stands before each decoded block. Where it says what counting samples says, as finely as it can tell,
nothing happens. A small difference (a recorder's drifting clock, a jittery one) is kept: what is written gets
the stamps that were read. A pause is made of silence, and what was stamped twice is left out.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from fractions import Fraction

_PAUSE_S = Fraction(
    1, 10
)  # source: FFmpeg's aresample, min_hard_comp: from here on samples are put in or left out
_MOST_SILENCE_S = 600  # guard: of pauses, against stamps that lie; more where there is as much sound


class Timeline:
    """Where the samples of one track lie in time.

    Parameters
    ----------
    unit
        Seconds that a step of its stamps takes.
    sample_rate
        In Hz.

    Attributes
    ----------
    samples
        How many there are so far, with the silence of pauses.
    silence
        How many of them are silence that was put in.
    dropped
        How many were left out.
    """

    def __init__(self, unit: Fraction, sample_rate: int) -> None:
        self.samples = self.silence = self.dropped = 0
        self._unit, self._rate = unit, sample_rate
        # Differences are counted in the largest unit of which a step and a sample are whole multiples.
        self._step, self._sample = unit.numerator * sample_rate, unit.denominator
        self._tolerance = max(self._step, self._sample)
        self._pause = int(_PAUSE_S * sample_rate * unit.denominator)
        self._at, self._stamps = array("q"), array("q")

    def place(self, stamp: int | None, count: int, *, lost: bool = False) -> tuple[int, int] | None:
        """Put `count` decoded samples in their place.

        Parameters
        ----------
        stamp
            Of the first of them, in steps; None: they follow the last ones.
        lost
            Whether something before them could not be decoded: what is missing is silence, however short.

        Returns
        -------
        (int, int) or None
            How many samples of silence come first, and how many of their own beginning are left out; None
            where there would be more silence than is believed.
        """
        silence = drop = 0
        if stamp is not None and not self._at:
            self._at.append(self.samples)
            self._stamps.append(stamp)
        elif stamp is not None:
            late = (stamp - self._stamps[-1]) * self._step - (self.samples - self._at[-1]) * self._sample
            if late >= self._pause or (lost and late > self._tolerance):
                silence = round(late / self._sample)
                most = max(_MOST_SILENCE_S * self._rate, self.samples - self.silence)
                if self.silence + silence > most:
                    return None
            elif late <= -self._pause:
                drop = min(count, round(-late / self._sample))
            elif abs(late) > self._tolerance:
                self._at.append(self.samples)
                self._stamps.append(stamp)
        self.samples += silence + count - drop
        self.silence += silence
        self.dropped += drop
        return silence, drop

    def time(self, sample: int) -> Fraction:
        """Return when a sample is heard, in seconds; before the first and behind the last by counting on."""
        if not self._at:
            return Fraction(sample, self._rate)
        piece = max(0, bisect_right(self._at, sample) - 1)
        return self._stamps[piece] * self._unit + Fraction(sample - self._at[piece], self._rate)
