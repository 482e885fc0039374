"""The parameters that a bundle shows: those of a chain's members, each with a number of its own for ever.

A host keeps automation and sessions by the number of a parameter, so it is a hash of where the parameter is,
not its place in a list::

    1/wavemend.declick/sensitivity      slot, plugin, parameter
    5/bypass                            a slot's own

A host moves a parameter to a place between 0 and 1, in 32 bits where it is one of JUCE's. What a person meant
by it is the value that the host shows, of six digits; and the value that the preset has, where it is as near.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...contract.parameters.fingerprint import Fingerprint
from ...contract.parameters.number import Integer, Number
from ...contract.parameters.parameter import Parameter, display_name
from ...contract.parameters.switch import Switch
from ...contract.stage import Stage
from ..chain.chain import Chain
from ..chain.members.registry import kind_of
from ..chain.path import Path, slot_number
from ..chain.slot import Slot
from ..stock.stock import set_stock, stock_effects, stock_values

NEAREST = 2.0**-23
"""guard: places nearer to each other are one: hosts hand them on as floats of 32 bits."""

_MOST_WORDS = 256  # source: the shell's manifest
_LARGEST_ID = 0x7FFFFF00  # source: the effect's own parameters have the numbers from here on
LEARN = int.from_bytes(hashlib.sha256(b"learn").digest()[:4], "big") % _LARGEST_ID
"""Number of the switch that has the stages listen; derived: as those of all others."""

# Ranges of pedalboard's effects, which tell none: as far as a slider is of use, by the end of the name.
# tuned: by hand, no record
_STOCK_RANGES: tuple[tuple[str, tuple[float, float], str, str], ...] = (
    ("_hz", (20.0, 20_000.0), "log", "Hz"),
    ("ceiling_db", (-24.0, 0.0), "linear", "dB"),
    ("threshold_db", (-60.0, 0.0), "linear", "dB"),
    ("_db", (-24.0, 24.0), "linear", "dB"),
    ("_ms", (0.1, 1000.0), "log", "ms"),
    ("_seconds", (0.0, 10.0), "linear", "s"),
    ("ratio", (1.0, 20.0), "log", ""),
    ("q", (0.1, 10.0), "log", ""),
    ("mix", (0.0, 1.0), "linear", ""),
    ("wet_level", (0.0, 1.0), "linear", ""),
    ("dry_level", (0.0, 1.0), "linear", ""),
)
_DELAYING = {"lookahead_ms", "delay_seconds"}
"""What a bundle's delay would depend on, which is a constant: it stays as the preset has it."""


@dataclass(frozen=True)
class Control:
    """One parameter of a bundle.

    Attributes
    ----------
    id
        Its number.
    title
        What it is called, unlike any other of the bundle.
    group
        What it belongs to: the title of a member; empty in a bundle of one stage.
    parameter
        What it allows, its text, its places between 0 and 1.
    value
        As the stage or preset has it.
    path, name
        Slot in the chain, and parameter there; ``bypass`` is the slot's own.
    smooth
        Whether a running stream takes it over at its next frame without a jump; others are faded in.
    """

    id: int
    title: str
    group: str
    parameter: Parameter
    value: Any
    path: Path
    name: str
    smooth: bool

    @property
    def place(self) -> float:
        """Where `value` is between 0 and 1."""
        return self.parameter.to_raw(self.value)

    def meant(self, place: float) -> Any:
        """Value that a host means by a place, whatever number it gave."""
        place = min(max(place, 0.0), 1.0) if math.isfinite(place) else self.place
        if abs(place - self.place) <= NEAREST:
            return self.value
        value = self.parameter.from_raw(place)
        if isinstance(self.parameter, Number) and not isinstance(self.parameter, Integer):
            shown = float(f"{value:.6g}")
            return min(max(shown, self.parameter.low), self.parameter.high)
        return value

    def apply(self, chain: Chain, value: Any) -> None:
        """Give the parameter of `chain`, which is like the one that this was made from, a value."""
        slot = _slot_at(chain, self.path)
        if self.name == "bypass":
            slot.bypass = value
        elif isinstance(slot.member, Stage):
            setattr(slot.member, self.name, value)
        else:
            set_stock(slot.member, self.name, value)


def controls_of(chain: Chain) -> list[Control]:
    """Every parameter that hosts can move, in the order of the chain.

    A model that is named by its hash has no place on a slider, and stays as it is; so does what a stage calls
    settled, what stock effects offer in words, and whatever is in a hosted plugin.
    """
    slots = [(path, slot) for path, slot in chain.walk() if slot.member is not None]
    alone = len(slots) == 1
    titles = {} if alone else _titles(slots)
    found: list[Control] = []
    for path, slot in slots:
        group = titles.get(path, "")
        if not alone:
            bypass = Switch(slot.bypass, doc="", name="Bypass")
            found.append(_control(path, "", "bypass", bypass, group=group, value=slot.bypass, smooth=False))
        plugin = "" if isinstance(slot.member, Chain) else kind_of(slot.member).name(slot.member)
        for name, parameter, value, smooth in _settings(slot.member):
            found.append(_control(path, plugin, name, parameter, group=group, value=value, smooth=smooth))
    return found


def learners(chain: Chain) -> list[Path]:
    """Where the stages are that learn from what they hear, whether they are bypassed or not."""
    return [
        path
        for path, slot in chain.walk()
        if isinstance(slot.member, Stage) and slot.member.findings_type is not None
    ]


def parameter_id(key: str) -> int:
    """Return the number of a parameter: 31 bits of the SHA-256 of its key."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % _LARGEST_ID


def _control(
    path: Path,
    plugin: str,
    name: str,
    parameter: Parameter,
    *,
    group: str,
    value: Any,
    smooth: bool,
) -> Control:
    key = "/".join(filter(None, (slot_number(path), plugin, name)))
    title = f"{group} {parameter.name[:1].lower()}{parameter.name[1:]}" if group else parameter.name
    return Control(parameter_id(key), title, group, parameter, value, path, name, smooth)


def _titles(slots: list[tuple[Path, Slot]]) -> dict[Path, str]:
    """Return what members are called: by their titles, numbered where several have one."""
    called = {path: kind_of(slot.member).title(slot.member) for path, slot in slots}
    called = {path: title.removeprefix("pedalboard.") for path, title in called.items()}
    often, seen = Counter(called.values()), Counter[str]()
    titles = {}
    for path, title in called.items():
        seen[title] += 1
        titles[path] = f"{title} {seen[title]}" if often[title] > 1 else title
    return titles


def _settings(member: Any) -> Iterator[tuple[str, Parameter, Any, bool]]:
    """Yield name, parameter, value and whether a stream follows it smoothly, of everything on a slider."""
    if isinstance(member, Stage):
        for name, parameter in member.schema.items():
            few = isinstance(parameter, Number) or 2 <= len(parameter.valid_values()) <= _MOST_WORDS
            if few and not isinstance(parameter, Fingerprint) and name not in member.settled:
                smooth = parameter.automatable and parameter.role != "output" and not parameter.restart
                yield name, parameter, getattr(member, name), smooth
    elif type(member) is stock_effects().get(type(member).__name__):
        for name, value in stock_values(member).items():
            if shown := _stock_parameter(name, value):
                yield name, shown, value, False


def _stock_parameter(name: str, value: Any) -> Parameter | None:
    """Make what a slider needs of a stock effect's parameter; None where it is no number and no switch."""
    if isinstance(value, bool):
        return Switch(value, doc="", name=display_name(name, ""))
    ranges = next((found for found in _STOCK_RANGES if re.search(rf"{found[0]}$", name)), None)
    if name in _DELAYING or ranges is None or not isinstance(value, int | float):
        return None
    _, (low, high), scale, unit = ranges
    scale = scale if value > 0 else "linear"
    called = display_name(name, unit)
    return Number(
        float(value),
        doc="",
        name=called,
        unit=unit,
        low=min(low, value),
        high=max(high, value),
        scale="log" if scale == "log" else "linear",
    )


def _slot_at(chain: Chain, path: Path) -> Slot:
    for index in path[:-1]:
        chain = chain.slots[index].member
    return chain.slots[path[-1]]
