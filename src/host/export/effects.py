"""What is exported: a stage or a preset as an effect, with a name and a class id that never change."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ...contract.registry import stage_class
from ...contract.stage import Stage
from ...errors import PluginError, PresetError
from ..chain.chain import Chain
from ..presets.library import find_entry, preset_names, said_names
from ..presets.preset import Preset, load_preset, parse_preset, preset_to_json
from ..storage.json_text import json_text
from ..storage.strict_json import printable
from .controls import Control, controls_of
from .latency import Delay, delays_of

NAMESPACE = uuid.UUID("8f0f6c1e-5a52-5d5b-9d1c-4a0b4e2b7c11")
"""What class ids are made in (RFC 4122, version 5); with another one every session would lose its effects."""

_FORBIDDEN = re.compile("vst", re.IGNORECASE)
_LONGEST_NAME = 63  # source: VST 3's PClassInfo, in bytes
_MOST_CONTROLS = 500  # source: the shell's manifest, less those that are not of the chain
_MOST_DELAY = 2**22  # source: the shell's manifest, in samples


@dataclass(frozen=True)
class Program:
    """A factory preset of an effect: its name, and the place of each parameter by number."""

    name: str
    places: dict[int, float]


@dataclass(frozen=True)
class Effect:
    """One effect as hosts know it.

    Attributes
    ----------
    name, vendor, version
        As hosts list it.
    class_id
        32 hexadecimal digits.
    preset
        What runs, as a preset.
    controls
        Its parameters.
    delays
        By sample rate in Hz.
    programs
        Factory presets; first the effect as it comes.
    """

    name: str
    vendor: str
    version: str
    class_id: str
    preset: Preset
    controls: list[Control]
    delays: dict[int, Delay]
    programs: list[Program]


def effect_of(what: str | os.PathLike[str] | Preset | Stage) -> Effect:
    """Describe the effect that a stage or a preset makes.

    Parameters
    ----------
    what
        Name of a stage or of a factory preset, path of a preset file, a loaded preset, or a stage whose
        values are to be the effect's own.

    Raises
    ------
    PluginError, PresetError
        There is no such stage or preset, or it cannot be an effect.
    """
    if isinstance(what, Stage):
        return _stage_effect(what)
    if isinstance(what, Preset):
        return _preset_effect(what)
    text = os.fspath(what)
    if find_entry(text) is not None or text.endswith(".json") or os.sep in text or Path(text).is_file():
        return _preset_effect(load_preset(text))
    try:
        return _stage_effect(stage_class(text)())
    except PluginError as error:
        raise PluginError(f"{error}; the factory presets are {said_names(text)}") from None


def _stage_effect(stage: Stage) -> Effect:
    vendor = stage.id.partition(".")[0]
    settled = {name: getattr(stage, name) for name in stage.settled}
    name = " ".join([stage.name, *map(str, settled.values())])
    identity = "/".join(["stage", stage.id, *(f"{each}={value}" for each, value in settled.items())])
    preset = Preset(name, type(stage).about.partition("\n")[0], Chain([stage.copy()]))
    return _effect(preset, vendor, identity, list(_stage_programs(stage)))


def _preset_effect(preset: Preset) -> Effect:
    made_of = _made_of(preset_to_json(preset)["chain"])
    identity = f"preset/{json_text([preset.name, made_of], ascii_only=True)}"
    return _effect(preset, "wavemend", identity, list(_preset_programs(preset, made_of)))


def _effect(preset: Preset, vendor: str, identity: str, programs: list[Program]) -> Effect:
    if _FORBIDDEN.search(preset.name):
        raise PresetError(
            f"{preset.name!r} cannot be an effect's name: it holds a trademark; rename the preset"
        )
    # as it comes back from the bundle: without empty slots
    chain = parse_preset(json_text(preset_to_json(preset)).encode(), preset.name).chain
    controls, delays = controls_of(chain), delays_of(chain)
    delays = {rate: delay for rate, delay in delays.items() if delay.reported <= _MOST_DELAY}
    if not chain.slots:
        raise PresetError(f"{preset.name!r} is empty; an effect has to do something")
    if not delays:
        raise PresetError(f"{preset.name!r} looks further ahead than an effect can, {_MOST_DELAY} samples")
    if len(controls) > _MOST_CONTROLS or len({control.id for control in controls}) < len(controls):
        raise PresetError(f"{preset.name!r} has more parameters than an effect can; leave slots out")
    known = {control.id for control in controls}
    default = Program("Default", {c.id: c.place for c in controls})
    fitting = [program for program in programs if program.places.keys() == known]
    return Effect(
        name=_name(preset.name),
        vendor=vendor,
        version=version("wavemend"),
        class_id=uuid.uuid5(NAMESPACE, identity).hex.upper(),
        preset=Preset(preset.name, preset.description, chain),
        controls=controls,
        delays=delays,
        programs=[default, *fitting],
    )


def _stage_programs(stage: Stage) -> Iterator[Program]:
    """Yield the factory presets in which such a stage has values of its own."""
    for name in preset_names():
        preset = load_preset(f"factory:{name}")
        for _, slot in preset.chain.walk():
            if type(slot.member) is type(stage):
                places = {c.id: c.place for c in controls_of(Chain([slot.member]))}
                yield Program(_name(preset.name), places)


def _preset_programs(preset: Preset, made_of: list[Any]) -> Iterator[Program]:
    """Yield the other factory presets that are made of the same members in the same order."""
    for name in preset_names():
        other = load_preset(f"factory:{name}")
        if other.name != preset.name and _made_of(preset_to_json(other)["chain"]) == made_of:
            yield Program(_name(other.name), {c.id: c.place for c in controls_of(other.chain)})


def _made_of(slots: list[dict[str, Any]]) -> list[Any]:
    """Return the ids of a chain's members, those of nested chains in lists: what its parameters go by."""
    return [slot["plugin"] if "plugin" in slot else _made_of(slot["chain"]) for slot in slots]


def _name(text: str) -> str:
    """Return a name that every host can hold."""
    name = printable(text).strip()
    while len(name.encode()) > _LONGEST_NAME:
        name = name[:-1]
    return name
