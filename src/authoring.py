"""What packages import that offer stages, kinds of parameters, findings, kinds of members, and their tests.

::

    from wavemend.authoring import Framing, Processor, RepairStage, Step, number

All of it is here, and stays under these names; the modules that it comes from may move. Tests, which need the
extra ``wavemend[testing]``, and what is for kinds of members, which brings the host along, are loaded when
they are first asked for. See docs/stages.md and docs/extending.md.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .audio.arrays import Array, Audio, Counts, Mask
from .contract.constraints import (
    CHANNELS,
    SHARE,
    Ascending,
    AtLeastAsManyAs,
    AtMost,
    Axis,
    Below,
    Choices,
    Constraint,
    Each,
    EndsOf,
    JustWith,
    OneMoreThan,
    PlacesIn,
    Range,
)
from .contract.findings import Analyser, Findings, by_channel
from .contract.marks import Mark, Marks
from .contract.parameters.fingerprint import fingerprint
from .contract.parameters.number import integer, number
from .contract.parameters.parameter import Parameter
from .contract.parameters.switch import switch
from .contract.parameters.words import choice
from .contract.recogniser import Recogniser, Segment
from .contract.stage import RepairStage, Stage, Step
from .contract.stream import Event, Framing, Processor, Sink, Stream
from .errors import FindingsError, NotLearned, ParameterError

if TYPE_CHECKING:
    from .host.chain.members.kind import MemberKind, MemberStream, Opening
    from .host.chain.members.reading import Read, Reading, exact_parameters
    from .host.chain.members.registry import register
    from .testing import StageContract, SurfaceContract, signals

_LATER = {
    **dict.fromkeys(("StageContract", "SurfaceContract", "signals"), ".testing"),
    **dict.fromkeys(("MemberKind", "MemberStream", "Opening"), ".host.chain.members.kind"),
    **dict.fromkeys(("Read", "Reading", "exact_parameters"), ".host.chain.members.reading"),
    "register": ".host.chain.members.registry",
}

__all__ = [
    "CHANNELS", "SHARE", "Analyser", "Array", "Ascending", "AtLeastAsManyAs", "AtMost", "Audio", "Axis",
    "Below", "Choices", "Constraint", "Counts", "Each", "EndsOf", "Event", "Findings", "FindingsError",
    "Framing", "JustWith", "Mark", "Marks", "Mask", "MemberKind", "MemberStream", "NotLearned",
    "OneMoreThan", "Opening", "Parameter", "ParameterError", "PlacesIn", "Processor", "Range", "Read",
    "Reading", "Recogniser", "RepairStage", "Segment", "Sink", "Stage", "StageContract", "Step", "Stream",
    "SurfaceContract", "by_channel", "choice", "exact_parameters", "fingerprint", "integer", "number",
    "register", "signals", "switch",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_LATER[name], __package__), name)
