"""The medium: what a recording was kept on, by several kinds of evidence, none of which decides alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .odds import LIKELIHOOD
from .surface import Surface
from .traits import TRAITS, Heard, Trait

MEDIA = ("microgroove", "coarse groove", "tape", "radio", "digital")
"""LPs and singles; 78s and cylinders; tapes and wires; broadcasts and telephones; none that is heard."""

NAMES = {
    "microgroove": "an LP or a single",
    "coarse groove": "a 78 or a cylinder",
    "tape": "a tape or a wire",
    "radio": "a broadcast or a telephone",
    "digital": "a digital recording",
}

# tuned: five parts of the tuning takes against each other, 2026-11-29
_MOST_NATS = 3.0
_DEPENDENCE = 0.7  # traits go together, so what they say counts for less than its sum
_TOLD = 0.6  # with less the medium is not told
_REASONS, _LEAST_REASON_NATS = 3, 0.3


@dataclass(frozen=True)
class MediumOdds:
    """How likely each medium is.

    Attributes
    ----------
    probability
        By the names of `MEDIA`; together 1.
    reasons
        What speaks most for the likeliest against the next, one line each.
    """

    probability: dict[str, float]
    reasons: tuple[str, ...]

    @property
    def likeliest(self) -> str:
        """Name of the likeliest."""
        return max(self.probability, key=self.probability.__getitem__)

    @property
    def told(self) -> bool:
        """Whether it can be told at all."""
        return self.probability[self.likeliest] >= _TOLD

    def describe(self) -> str:
        """One line for people."""
        ranked = sorted(self.probability.items(), key=lambda item: -item[1])
        if self.told:
            name, share = ranked[0]
            return f"{NAMES[name]}, {100 * share:.0f} % sure: {'; '.join(self.reasons)}"
        if len(set(self.probability.values())) == 1:
            return "could not tell: nothing sounds, or for too short a time"
        (one, first), (other, second) = ranked[:2]
        return f"could not tell: {NAMES[one]} ({100 * first:.0f} %) or {NAMES[other]} ({100 * second:.0f} %)"

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "medium": self.likeliest if self.told else None,
            "probability": {name: round(share, 3) for name, share in self.probability.items()},
            "reasons": list(self.reasons),
            "summary": self.describe(),
        }


def medium_odds(findings: Heard) -> MediumOdds:
    """Weigh what the findings of every finder say of the medium.

    Each trait's likelihoods, relative to their mean over the media, are limited before they add up, and the
    sum is scaled down because traits go together: a posterior of naive Bayes that is less sure of itself.
    """
    surface = findings.get("surface")
    if isinstance(surface, Surface) and not surface.octave_hz.size:  # nothing sounds, or for too short a time
        return MediumOdds(dict.fromkeys(MEDIA, 1 / len(MEDIA)), ())
    traits = {name: trait(findings) for name, trait in TRAITS.items()}
    nats = {name: _relative(name, trait) for name, trait in traits.items()}
    total = _DEPENDENCE * np.sum(list(nats.values()), axis=0)
    share = np.exp(total - total.max())
    share /= share.sum()
    second, first = np.argsort(share)[-2:]
    ahead = sorted(((float(each[first] - each[second]), name) for name, each in nats.items()), reverse=True)
    reasons = tuple(traits[name].said for by, name in ahead[:_REASONS] if by > _LEAST_REASON_NATS)
    return MediumOdds(dict(zip(MEDIA, share.tolist(), strict=True)), reasons)


def _relative(name: str, trait: Trait) -> np.ndarray:
    """Return a trait's log likelihood of each medium, about their mean and limited, shape (media,)."""
    nats = LIKELIHOOD[name][:, trait.value]
    return np.asarray(np.clip(nats - nats.mean(), -_MOST_NATS, _MOST_NATS))
