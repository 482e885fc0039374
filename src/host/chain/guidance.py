"""What was decided about a recording before it is rendered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...contract.marks import Marks


@dataclass(frozen=True)
class Guidance:
    """What an engineer decided about one recording before it is rendered.

    Attributes
    ----------
    marks
        Events vetoed and forced, by the id of the stages they are for.
    print_ranges
        Stretches (start, stop) in samples that hold noise alone: what stages learn a noise print from.
    """

    marks: Mapping[str, Marks] = field(default_factory=dict)
    print_ranges: Sequence[tuple[int, int]] = ()


NO_GUIDANCE = Guidance()
