"""What kinds of members share when they read presets, and what people type."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ....contract.parameters.switch import Switch
from ....errors import ParameterError, PresetError, UnknownParameterError
from ...storage.strict_json import short


@dataclass(frozen=True)
class Reading:
    """What a kind is told about the slot that it reads.

    Attributes
    ----------
    stand_in
        Makes the stage or the stock effect that a JSON object describes.
    missing
        What to do where a plugin is not installed, over what the slot says; see `load_preset`.
    bypassed
        The member will not be heard, and need not be there.
    look_only
        Nothing is made or run: the slot is only checked as far as that goes.
    """

    stand_in: Callable[[Any], Any]
    missing: str | None = None
    bypassed: bool = False
    look_only: bool = False


class Read(NamedTuple):
    """What became of a slot.

    Attributes
    ----------
    member
        What sits there.
    stands_for
        The slot's JSON where the member only stands in for another.
    note
        What a person should know of how it was read: a sentence, or empty.
    """

    member: Any
    stands_for: dict[str, Any] | None = None
    note: str = ""


def written_parameters(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that a slot holds; raises `PresetError` where there are none."""
    parameters = data.get("parameters")
    if not isinstance(parameters, dict):
        raise PresetError("'parameters' must be there, with every value")
    return dict(parameters)


def exact_parameters(data: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that a slot holds: those of `defaults`, every one and no other, still unchecked.

    Raises
    ------
    PresetError
        There are none.
    UnknownParameterError
        One is missing, or there is no such parameter.
    """
    values = written_parameters(data)
    for name in values:
        if name not in defaults:
            raise UnknownParameterError(
                f"no parameter {short(name)}; known are {', '.join(defaults) or 'none'}"
            )
    demand(values, defaults)
    return values


def demand(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Refuse a value left out: a default that changed later would change how the preset sounds."""
    for name, default in defaults.items():
        if name not in values:
            raise UnknownParameterError(
                f"{name} is missing; a preset writes out every value (the default is {json.dumps(default)})"
            )


def on_or_off(name: str, text: str) -> bool:
    """Read a switch that a person wrote; raises `ParameterError`."""
    switch = Switch(False, doc="")
    try:
        return bool(switch.parse(text))
    except ParameterError:
        raise ParameterError(f"{name}={text!r} is not allowed; it must be {switch.allowed()}") from None


def plain(text: str) -> object:
    """Read a number, true or false; anything else is a word."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text.strip()
