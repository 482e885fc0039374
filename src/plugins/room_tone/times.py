"""Lengths that the stage works with at one sample rate, and how its buffer lies on the recording."""

from __future__ import annotations

from dataclasses import dataclass

from ...analysis.noise.noise_print import FRAME_SECONDS
from ...kernels.spectra.stft import hop_length

_GRAINS_A_HOP = 16  # tuned: by time, 2026-11-29: few frames of noise are made twice, and 0.2 s of latency
SIDE_S = 0.2  # tuned: by hand, the tests' rooms, 2026-11-29; beside a hole
REACH_S = 0.2  # tuned: likewise; into a hole, that its side's level is kept
RAMP_S = 0.15  # tuned: likewise; before and after a gate's hole, in which it closes and opens
LEVEL_GRAINS = 2  # derived: a level is heard in half a frame


@dataclass(frozen=True)
class Times:
    """Lengths in samples.

    ::

        0        past              past + hop                   size
        |-- past --|------ hop -------|-------- look ahead --------|
                   | filled, given out |

    Attributes
    ----------
    grain
        Samples between frames of noise, and between levels; everything else of the buffer is a multiple.
    least
        Samples of the shortest hole.
    fade
        Samples of a cross-fade.
    side, reach, ramp
        See the module's constants.
    past, hop, ahead
        Of the buffer.
    """

    grain: int
    least: int
    fade: int
    side: int
    reach: int
    ramp: int
    past: int
    hop: int
    ahead: int

    @classmethod
    def at(cls, sample_rate: float, min_length_ms: float, crossfade_ms: float) -> Times:
        """Return the lengths at a sample rate in Hz, as the stage's parameters are."""
        grain = hop_length(sample_rate, FRAME_SECONDS)
        least = max(round(min_length_ms * 1e-3 * sample_rate), 2)
        fade = max(round(crossfade_ms * 1e-3 * sample_rate), 1)
        side, reach, ramp = (round(seconds * sample_rate) for seconds in (SIDE_S, REACH_S, RAMP_S))
        level = (LEVEL_GRAINS + 1) * grain
        ahead = max(reach + side, fade + least, ramp + least) + level
        past = max(side, fade, reach + ramp, ramp + least) + level
        return cls(
            grain=grain,
            least=least,
            fade=fade,
            side=side,
            reach=reach,
            ramp=ramp,
            past=-(-past // grain) * grain,
            hop=_GRAINS_A_HOP * grain,
            ahead=-(-ahead // grain) * grain,
        )

    @property
    def size(self) -> int:
        """Samples of the buffer."""
        return self.past + self.hop + self.ahead

    @property
    def latency(self) -> int:
        """Samples by which the output lags."""
        return self.ahead
