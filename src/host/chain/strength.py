"""How much of a render is done: one knob over all that a chain changes, and the easing of lossy sources."""

from __future__ import annotations

from ...audio.arrays import Audio
from .chain import Chain
from .members.registry import kind_of

FULL_STRENGTH = 100.0  # derived: the whole, in percent
LOSSY_EASING = 75.0
"""Percent, for lossy sources: strong processing uncovers what the coder thought would not be heard.

tuned: by hand, no record.
"""


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
