"""Values changed in a preset's own: ``declick.sensitivity=4``, on the way or for good."""

from __future__ import annotations

from ...contract.registry import plugin_key
from ...errors import ParameterError, PresetError
from ..chain.chain import Chain
from ..chain.members.reading import on_or_off, plain
from ..chain.members.registry import kind_of
from ..chain.path import Path, slot_number
from ..chain.slot import Member, Slot
from .preset import Preset, described_preset, load_preset


def chain_with(preset: str, settings: list[str], missing: str | None = None) -> Chain:
    """Load the chain of `preset` and change values in it.

    Parameters
    ----------
    preset
        Name of a factory preset, or path of a preset file.
    settings
        ``SLOT.PARAMETER=VALUE`` each. The slot is its number (``2``, ``3.1`` in a nested chain) or its
        plugin (``declick``, ``highshelffilter``), where only one slot holds that. The parameter is one of
        the plugin's, or ``bypass`` or ``mix``. ``bypass`` holds before any plugin is looked for, so that
        what is bypassed need not be installed.
    missing
        What to do where a VST3 is missing; see `load_preset`.

    Raises
    ------
    PresetError
        The preset cannot be used, or there is no such slot.
    ParameterError, PluginError
        There is no such parameter, or the value is not allowed.
    """
    changes = [_split(setting) for setting in settings]
    bypass = _bypassed_before(preset, changes) if any(name == "bypass" for _, name, _, _ in changes) else {}
    chain = load_preset(preset, missing=missing, bypass=bypass).chain
    for slot, name, value, setting in changes:
        _change(slot_called(chain, slot, setting), name, value, slot)
    return chain


def edited_preset(preset: str, settings: list[str]) -> Preset:
    """Load `preset` and change values in it, to be saved; parameters and errors as in `chain_with`.

    VST3s are loaded where a value of one changes; otherwise none need be installed.
    """
    changes = [_split(setting) for setting in settings]
    loaded = described_preset(preset)
    if any(_needs_plugin(loaded.chain, slot, name) for slot, name, _, _ in changes):
        loaded = load_preset(preset)
    for slot, name, value, setting in changes:
        _change(slot_called(loaded.chain, slot, setting), name, value, slot)
    return loaded


def _needs_plugin(described: Chain, name: str, parameter: str) -> bool:
    slots = dict(described.walk())
    named = [slots[path] for path in _matches(described, name)]
    return parameter not in ("bypass", "mix") and any(slot.stands_for is not None for slot in named)


_Change = tuple[str, str, str, str]
"""Slot, parameter and value as written, and the whole of it for errors."""


def _split(setting: str) -> _Change:
    target, equals, value = setting.partition("=")
    slot, dot, name = target.strip().rpartition(".")
    if not (equals and dot):
        raise ParameterError(f"{setting!r}: write SLOT.PARAMETER=VALUE, as declick.sensitivity=4")
    return slot, name, value, setting


def _bypassed_before(preset: str, changes: list[_Change]) -> dict[str, bool]:
    """Return what is bypassed or not, by slot number, as far as slots can be told without their plugins."""
    described = described_preset(preset).chain
    found = {}
    for slot, name, value, _ in changes:
        matches = _matches(described, slot)
        if name == "bypass" and len(matches) == 1:  # else the loaded chain tells, or the error comes from it
            found[slot_number(matches[0])] = on_or_off(name, value)
    return found


def _change(slot: Slot, name: str, text: str, called: str) -> None:
    member = slot.member
    missing = _missing_calls(slot)
    if name == "bypass":
        slot.bypass = on_or_off(name, text)
    elif name == "mix":
        slot.mix = plain(text)  # type: ignore[assignment]  # checked by the slot
    elif missing and (member is None or called.lower() in map(str.lower, missing)):
        instead = "" if member is None else f"; what stands in for it is called {_calls(member)[0]}"
        raise ParameterError(f"{missing[0]} is not installed here, so its {name} cannot be set{instead}")
    elif member is None:
        raise ParameterError(f"{name} cannot be set: the slot is empty")
    else:
        kind_of(member).set(member, name, text)


def _matches(chain: Chain, name: str) -> list[Path]:
    key = plugin_key(name)
    slots = dict(chain.walk())
    numbered = [path for path, (number, *_) in _named(chain).items() if name == number]
    return numbered or [  # a stranger's plugin may be called "2"
        path
        for path, (_, *names) in _named(chain).items()
        if key in {plugin_key(call) for call in (*names, *_calls(slots[path].member))}
    ]


def slot_called(chain: Chain, name: str, setting: str) -> Slot:
    """Return the slot that is called `name`, by number or plugin; raises `PresetError` about `setting`."""
    matches = _matches(chain, name)
    if len(matches) == 1:
        return dict(chain.walk())[matches[0]]
    known = ", ".join(f"{number} ({short})" for number, short, *_ in _named(chain).values()) or "none"
    problem = "fits several slots; use its number" if matches else "is no slot of this preset"
    raise PresetError(f"{setting!r}: {name!r} {problem}; it has {known}")


def _named(chain: Chain) -> dict[Path, list[str]]:
    """Return number and names of every slot: a missing VST3 has its own, and that of what stands in."""
    named = {}
    for path, slot in chain.walk():
        names = [call.lower() for call in _missing_calls(slot)] + _calls(slot.member)[:1]
        if names:
            named[path] = [slot_number(path), *names]
    return named


def _missing_calls(slot: Slot) -> list[str]:
    """Return what a plugin that is not here is called, a VST3 by its name; nothing where it is here."""
    if slot.stands_for is None:
        return []
    plugin, name = slot.stands_for["plugin"], slot.stands_for.get("name")
    return [name] if name else [plugin.rpartition(".")[2], plugin]


def _calls(member: Member) -> list[str]:
    """Return what a member is called, the shortest first; nothing where there is none."""
    return [] if member is None else kind_of(member).calls(member)
