"""What a render is asked for, stated once: for `wavemend.render`, batches and the command line.

Nothing heavy is imported here: the command line makes these before NumPy is loaded.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

Overs = Literal["headroom", "float"]


@dataclass(frozen=True, kw_only=True)
class RenderOptions:
    """The options of one render, or of every render of a batch; each is explained at `wavemend.render`."""

    removed: bool = False
    events: bool = False
    labels: bool = False
    overwrite: bool = False
    overs: Overs = "headroom"
    seed: int = 0
    strength: float = 100.0
    ease_lossy: bool | None = None
    trim_ends_s: float | None = None
    document: bool = True
    documents: str | os.PathLike[str] | None = None


DEFAULTS = RenderOptions()
