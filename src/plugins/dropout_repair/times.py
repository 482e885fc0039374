"""Lengths that the stage works with at one sample rate, and where in its buffer each act takes place."""

from __future__ import annotations

from dataclasses import dataclass

from ...kernels.samples.blurred import BLUR_S

_STEP_S = 0.5e-3  # tuned: by hand, dropouts of the tuning set, 2026-11-29: levels are heard so often
STEPS_A_FRAME = 4  # derived: frames overlap by three quarters
_STEPS_A_HOP = 96  # tuned: by hand, same; latency against speed
_HOPS_WAITED = 30  # tuned: likewise, 2026-11-30; 1.4 s, in which a gap may turn out to keep time
_CONTEXT_S = 50e-3  # tuned: likewise; of sound on either side that a model is fitted to
_ORDER, _LOOK = 384 / 44_100, 128 / 44_100  # tuned: likewise; seconds that models reach back
_JUDGE, _MOST_JUDGE = 64 / 44_100, 96  # tuned: likewise, zeros, and speed; by which silence is judged
_LEAST_ORDER, _MOST_ORDER = 32, 512  # guard: enough to know anything, and no more than a second's work
_BOX_S = 2.5e-3  # tuned: likewise; that powers of the excitation are averaged over
SIDE_S = 10e-3  # tuned: likewise; of sound on either side that a dip is measured by
NEAR_S = 50e-3  # tuned: likewise; in which nothing is as low as a dip
APART_S = 10e-3  # tuned: likewise; no dips are closer
_EDGE_S = 0.7e-3  # tuned: likewise, zeros; in which sound stops, and comes back
RUNG_S = 1.5e-3  # tuned: likewise; on either side of silence, that its edges ring
_LEAST_S = 1.5e-3  # tuned: likewise; that evidence is shared by at least
_WIDENING_S = 2.5e-3  # tuned: likewise; what a dip is widened by before its gain is fitted


@dataclass(frozen=True)
class Times:
    """Lengths in samples at one sample rate, and how the buffer lies on the recording.

    ::

        0       past     past + back                                          size
        |-- past --|-- back --|---- hop ----|--- wait ---|---- reach ----|
                   given out ... + hop
                              |  repaired   |   | looked at |
    """

    step: int
    longest: int
    context: int
    order: int
    look: int
    widening: int
    least: int
    side: int
    box: int
    edge: int
    blur: int
    ringing: int
    judge: int
    reach: int

    @classmethod
    def at(cls, sample_rate: float, max_length_ms: float) -> Times:
        """Lengths at a sample rate in Hz, as the stage's parameter is."""
        step = max(round(_STEP_S * sample_rate), 4)
        longest = max(round(max_length_ms * 1e-3 * sample_rate), 1)
        context = round(_CONTEXT_S * sample_rate)
        widening = round(_WIDENING_S * sample_rate)
        beside = round((max(NEAR_S, SIDE_S) + APART_S) * sample_rate)
        reach = longest + widening + max(beside, context) + 8 * step
        return cls(
            step=step,
            longest=longest,
            context=context,
            order=min(max(round(_ORDER * sample_rate), _LEAST_ORDER), _MOST_ORDER),
            look=min(max(round(_LOOK * sample_rate), _LEAST_ORDER), _MOST_ORDER),
            widening=widening,
            least=round(_LEAST_S * sample_rate),
            side=round(SIDE_S * sample_rate),
            box=round(_BOX_S * sample_rate),
            edge=round(_EDGE_S * sample_rate),
            blur=round(BLUR_S * sample_rate),
            ringing=round(RUNG_S * sample_rate),
            judge=min(max(round(_JUDGE * sample_rate), _LEAST_ORDER), _MOST_JUDGE),
            reach=-(-reach // step) * step,
        )

    @property
    def hop(self) -> int:
        """Samples in which gaps are looked for, and repaired, at once."""
        return _STEPS_A_HOP * self.step

    @property
    def back(self) -> int:
        """Samples before a gap is found in which it may have begun."""
        return -(-(self.longest + self.widening + 4 * self.step) // self.step) * self.step

    @property
    def past(self) -> int:
        """Samples kept before those that are given out."""
        return self.reach

    @property
    def wait(self) -> int:
        """Samples from where gaps are repaired to where they are looked for, whole hops."""
        return _HOPS_WAITED * self.hop

    @property
    def size(self) -> int:
        """Samples of the buffer."""
        return self.past + self.back + self.hop + self.wait + self.reach

    @property
    def latency(self) -> int:
        """Samples by which the output lags."""
        return self.back + self.wait + self.reach
