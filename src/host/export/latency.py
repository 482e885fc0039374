"""By how much a bundle delays: one constant for each sample rate, whatever its settings, live and offline.

::

    reported  =  the most that any setting holds back  +  slack
    slack     =  the longest frame: a stage works a frame at a time, and has as long as the frame lasts

A setting that holds back less is ready early; what a stage calls settled stays, and is not among them. So no
parameter, state or mode ever moves the sound against the rest of a session.
"""

from __future__ import annotations

from itertools import islice, product
from typing import Any, NamedTuple

from ...contract.parameters.number import Number
from ...contract.parameters.parameter import Parameter
from ...contract.stage import Stage
from ...errors import AudioValueError
from ..chain.chain import Chain
from ..chain.members.kind import Opening
from ..chain.members.registry import kind_of

RATES = (44_100, 48_000, 88_200, 96_000, 176_400, 192_000, 8_000, 11_025, 16_000, 22_050, 32_000)
"""Hz; source: the rates of recordings and converters. What a stage does not take is left out."""

_PLACES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""guard: where a number that a stage's delay may depend on is tried; between them it is smooth."""

_MOST_TRIED = 1024  # guard: settings of one stage, against third parties' with very many choices


class Delay(NamedTuple):
    """Samples that are held back at most, and the longest frame in samples."""

    held_back: int
    slack: int

    @property
    def reported(self) -> int:
        """Samples by which the bundle delays."""
        return self.held_back + self.slack


def delay_of(chain: Chain, sample_rate: float) -> Delay:
    """Return the most that `chain` needs at `sample_rate` Hz, with any settings of its stages.

    Raises
    ------
    WavemendError
        The rate is not one that all of its members take, or a member cannot be opened.
    """
    held_back, slack = 0, 0
    for _, slot in chain.walk():
        member = slot.member
        if member is None or isinstance(member, Chain):
            continue
        if isinstance(member, Stage):
            held, hop = _longest(member, sample_rate)
        else:
            opened = kind_of(member).stream(member, Opening(sample_rate, 2))
            held = hop = opened.latency
            opened.flush()
        held_back += held
        slack = max(slack, hop)
    return Delay(held_back, slack)


def delays_of(chain: Chain) -> dict[int, Delay]:
    """Return the delay at every rate of `RATES` that `chain` takes."""
    found: dict[int, Delay] = {}
    for rate in RATES:
        try:
            found[rate] = delay_of(chain, rate)
        except AudioValueError:  # a rate that a stage cannot work at
            continue
    return found


def _longest(stage: Stage, sample_rate: float) -> tuple[int, int]:
    """Return the most that a stage holds back and its longest frame, over what its delay may depend on."""
    decisive = [p for p in stage.schema.values() if p.restart and p.id not in stage.settled]
    tried = stage.copy()
    held_back = hop = 0
    for values in islice(product(*map(_tried, decisive)), _MOST_TRIED):
        for parameter, value in zip(decisive, values, strict=True):
            setattr(tried, parameter.id, value)
        framing = tried.framing(sample_rate)
        held_back, hop = max(held_back, framing.held_back), max(hop, framing.hop)
    return held_back, hop


def _tried(parameter: Parameter) -> list[Any]:
    if isinstance(parameter, Number):
        return [parameter.from_raw(place) for place in _PLACES]
    return parameter.valid_values()
