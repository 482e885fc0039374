"""What a render is asked for, stated once: for `wavemend.render`, batches and the command line.

Nothing heavy is imported here: the command line makes these before NumPy is loaded.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal, get_args

from ...errors import ParameterError

Overs = Literal["headroom", "float"]
Track = int | Literal["all"] | None
"""Which sound of a film: a number from 1, all, or that which players play."""

_MOST_MARGIN_S = 3600.0  # guard: a margin of hours was meant in other units


@dataclass(frozen=True, kw_only=True)
class RenderOptions:
    """The options of one render, or of every render of a batch; each is explained at `wavemend.render`.

    Raises
    ------
    ParameterError
        A value that is not allowed: said here once, before anything is opened.
    """

    removed: bool = False
    events: bool = False
    labels: bool = False
    overwrite: bool = False
    overs: Overs = "headroom"
    seed: int = 0
    strength: float = 100.0
    ease_lossy: bool | None = None
    guard: bool = False
    trim_ends_s: float | None = None
    document: bool = True
    documents: str | os.PathLike[str] | None = None
    track: Track = None

    def __post_init__(self) -> None:
        if not _is_number(self.strength) or not 0 <= self.strength <= 100:
            raise ParameterError(
                f"strength={self.strength!r} is not allowed; it must be a number from 0 to 100 (%)"
            )
        object.__setattr__(self, "strength", float(self.strength))  # 50 and 50.0 make the same report
        margin = self.trim_ends_s
        if margin is not None and not (_is_number(margin) and 0 <= margin <= _MOST_MARGIN_S):
            raise ParameterError(f"trim_ends_s={margin!r} is not allowed; it must be 0 to 3600 s")
        if self.overs not in get_args(Overs):
            allowed = " or ".join(get_args(Overs))
            raise ParameterError(f"overs={self.overs!r} is not allowed; it must be {allowed}")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise ParameterError(f"seed={self.seed!r} is not allowed; it must be a whole number from 0")
        track = self.track
        numbered = isinstance(track, int) and not isinstance(track, bool) and track >= 1
        if not (track is None or track == "all" or numbered):
            raise ParameterError(f"track={track!r} is not allowed; it must be a whole number from 1, or all")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


DEFAULTS = RenderOptions()
