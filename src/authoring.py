"""What packages import that offer stages, kinds of parameters, findings, and the tests of them.

::

    from wavemend.authoring import Framing, Processor, RepairStage, Step, number

All of it is here, and stays under these names; the modules that it comes from may move. The tests need the
extra ``wavemend[testing]``, and are loaded when they are first asked for. See docs/stages.md.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .audio.arrays import Audio
from .contract.findings import Analyser, Findings, by_channel
from .contract.marks import Mark, Marks
from .contract.parameters.fingerprint import fingerprint
from .contract.parameters.number import integer, number
from .contract.parameters.parameter import Parameter
from .contract.parameters.switch import switch
from .contract.parameters.words import choice
from .contract.stage import RepairStage, Stage, Step
from .contract.stream import Event, Framing, Processor, Sink, Stream
from .errors import FindingsError, NotLearned, ParameterError

if TYPE_CHECKING:
    from .testing import StageContract, SurfaceContract, signals

_TESTS = ("StageContract", "SurfaceContract", "signals")

__all__ = [
    "Analyser", "Audio", "Event", "Findings", "FindingsError", "Framing", "Mark", "Marks", "NotLearned",
    "Parameter", "ParameterError", "Processor", "RepairStage", "Sink", "Stage", "StageContract", "Step",
    "Stream", "SurfaceContract", "by_channel", "choice", "fingerprint", "integer", "number", "signals",
    "switch",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _TESTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(".testing", __package__), name)
