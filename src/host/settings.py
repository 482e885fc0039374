"""Values changed on the way: ``--set declick.sensitivity=4`` over a preset's own."""

from __future__ import annotations

import json

from ..errors import ParameterError, PresetError
from ..plugins.parameters import Switch
from ..plugins.stage import Stage
from .chain import Chain, Slot
from .chain_stream import slot_number
from .native import set_stock
from .vst3.plugin import VST3


def chain_with(preset: str, settings: list[str]) -> Chain:
    """Load the chain of `preset` and change values in it.

    Parameters
    ----------
    preset
        Name of a factory preset, or path of a preset file.
    settings
        ``SLOT.PARAMETER=VALUE`` each. The slot is its number (``2``, ``3.1`` in a nested chain) or its
        plugin (``declick``, ``highshelffilter``), where only one slot holds that. The parameter is one of
        the plugin's, or ``bypass`` or ``mix``.

    Raises
    ------
    PresetError
        The preset cannot be used, or there is no such slot.
    ParameterError, PluginError
        There is no such parameter, or the value is not allowed.
    """
    chain = Chain.from_preset(preset)
    for setting in settings:
        target, equals, value = setting.partition("=")
        slot, dot, name = target.strip().rpartition(".")
        if not (equals and dot):
            raise ParameterError(f"--set {setting!r}: write SLOT.PARAMETER=VALUE, as declick.sensitivity=4")
        _change(_find(chain, slot, setting), name, value)
    return chain


def _change(slot: Slot, name: str, text: str) -> None:
    member = slot.member
    if name == "bypass":
        slot.bypass = _on_or_off(name, text)
    elif name == "mix":
        slot.mix = _plain(text)  # type: ignore[assignment]  # checked by the slot
    elif isinstance(member, Stage):
        parameter = member.schema.get(name)
        if parameter is None:
            type(member)(**{name: None})  # raises the schema's own error, which knows what is near it
        else:
            setattr(member, name, parameter.parse(text))
    elif isinstance(member, VST3):
        setattr(member, name, _as_word_or_switch(member, name, text))
    elif isinstance(member, Chain):
        raise ParameterError(f"{name!r} is no setting of a nested chain; it has bypass and mix")
    else:
        is_switch = isinstance(getattr(member, name, None), bool)
        set_stock(member, name, _on_or_off(name, text) if is_switch else _plain(text))


def _on_or_off(name: str, text: str) -> bool:
    switch = Switch(False, doc="")
    try:
        return bool(switch.parse(text))
    except ParameterError:
        raise ParameterError(f"{name}={text!r} is not allowed; it must be {switch.allowed()}") from None


def _as_word_or_switch(plugin: VST3, name: str, text: str) -> object:
    parameter = plugin.parameters.get(name)
    return _on_or_off(name, text) if parameter and parameter.is_boolean else text.strip()


def _plain(text: str) -> object:
    """Read a number, true or false; anything else is a word."""
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()


def _find(chain: Chain, name: str, setting: str) -> Slot:
    slots = {path: slot for path, slot in chain.walk() if slot.member is not None}
    names = {path: (slot_number(path), _short(slot)) for path, slot in slots.items()}
    matches = [path for path in slots if name.lower() in names[path]]
    if len(matches) == 1:
        return slots[matches[0]]
    known = ", ".join(f"{number} ({short})" for number, short in names.values()) or "none"
    problem = "fits several slots; use its number" if matches else "is no slot of this preset"
    raise PresetError(f"--set {setting!r}: {name!r} {problem}; it has {known}")


def _short(slot: Slot) -> str:
    if isinstance(slot.member, Stage):
        return slot.member.id.rpartition(".")[2]
    if isinstance(slot.member, VST3):
        return slot.member.name.lower()
    return type(slot.member).__name__.lower()
