"""How much of a render is done: one knob over all that a chain changes, and the easing of lossy sources."""

from __future__ import annotations

from ...audio.arrays import Audio
from ...errors import ParameterError
from .chain import Chain
from .members.registry import kind_of

FULL_STRENGTH = 100.0
LOSSY_EASING = 75.0
"""Percent, for lossy sources: strong processing uncovers what the coder thought would not be heard."""


def check_strength(strength: float) -> float:
    """Return `strength`, in percent; raises `ParameterError` where it is not a number from 0 to 100."""
    if isinstance(strength, bool) or not isinstance(strength, int | float) or not 0 <= strength <= 100:
        raise ParameterError(f"strength={strength!r} is not allowed; it must be a number from 0 to 100 (%)")
    return float(strength)


def mixed(original: Audio, restored: Audio, strength: float) -> Audio:
    """Return what `strength` percent of a chain's changes make of a block.

    Parameters
    ----------
    original, restored
        What went into the chain and what came out of it, sample on sample, shape (channels, n).
    strength
        0 gives `original` to the bit, 100 gives `restored` to the bit; samples that the chain left alone
        stay as they are at any.
    """
    if strength == FULL_STRENGTH:
        return restored
    return original + strength / 100 * (restored - original)


def eased(chain: Chain, percent: float) -> Chain:
    """Return a chain like `chain` with `percent` of every parameter of its stages whose role is ``strength``.

    Nested chains are eased too. Members without a strength, such as stock effects and VST3s, are shared with
    the new chain as they are.
    """
    result: Chain = kind_of(chain).eased(chain, percent)
    return result
