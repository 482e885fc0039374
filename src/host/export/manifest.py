"""What a bundle tells its shell and its hosts: ``manifest.tsv``, ``moduleinfo.json``, factory presets.

The shell reads the manifest without any help, also while a host only looks what there is; so it holds numbers
and texts alone, a line a fact, split by tabs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...contract.parameters.number import Integer, Number
from ...contract.parameters.parameter import Parameter
from ...errors import PluginError
from ..presets.preset import preset_to_json
from ..storage.json_text import json_text
from ..storage.strict_json import printable
from ..vst3.bundle.vstpreset import vstpreset_bytes
from .controls import LEARN, learners
from .effects import Effect, Program
from .state import state_bytes

MANIFEST_NAME, PRESET_NAME, MODULE_INFO_NAME = "manifest.tsv", "preset.json", "moduleinfo.json"
PRESETS_FOLDER = "Presets"
_HOMEPAGE = ""
_CATEGORIES = ("Fx", "Restoration")  # source: VST 3's plug-in type strings
_SDK = "VST 3.7"  # source: the interface that the shell declares
_MOST_CLASSES = 0x7FFFFFFF  # source: VST 3's PClassInfo::kManyInstances


@dataclass(frozen=True)
class Promised:
    """What a manifest has promised hosts.

    Attributes
    ----------
    parameters
        Numbers of the parameters, in the shell's order.
    held_back
        Most samples that may be held back, by sample rate in Hz.
    """

    parameters: list[int]
    held_back: dict[int, int]


def manifest_text(effect: Effect) -> str:
    """Return the manifest of an effect."""
    lines = [
        ("wavemend-effect", 1),
        ("class", effect.class_id),
        ("name", effect.name),
        ("vendor", effect.vendor),
        ("version", effect.version),
        ("url", _HOMEPAGE),
        ("email", ""),
        ("categories", "|".join(_CATEGORIES)),
        *(("run", word) for word in (_python(), "-P", "-m", "wavemend.host.export.engine")),
        *(("latency", rate, delay.reported, delay.slack) for rate, delay in effect.delays.items()),
        *_parameter_lines(effect),
        *(("program", name, file) for name, file in program_files(effect)),
    ]
    return "".join("\t".join(printable(str(field)) for field in line) + "\n" for line in lines)


def read_manifest(path: Path) -> Promised:
    """Read what the engine needs of a manifest; raises `PluginError` where it is none."""
    parameters, held_back = [], {}
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            keyword, *fields = line.split("\t")
            if keyword == "parameter":
                parameters.append(int(fields[0]))
            elif keyword == "latency":
                rate, reported, slack = map(int, fields)
                held_back[rate] = reported - slack
    except (OSError, ValueError, IndexError) as error:
        raise PluginError(f"{path} cannot be used: {error}; export the effect again") from None
    return Promised(parameters, held_back)


def resources(effect: Effect) -> dict[str, bytes]:
    """Return the files beside the code, by their names."""
    files = {
        MANIFEST_NAME: manifest_text(effect).encode(),
        PRESET_NAME: json_text(preset_to_json(effect.preset), indent=2).encode(),
        MODULE_INFO_NAME: json_text(_module_info(effect), indent=2).encode(),
    }
    states = {program.name: state_bytes(program.places) for program in effect.programs}
    for name, state in states.items():
        preset = vstpreset_bytes(effect.class_id, {b"Comp": state, b"Cont": b""})
        files[f"{PRESETS_FOLDER}/{file_name(name)}.vstpreset"] = preset
    return files | {file: states[name] for name, file in program_files(effect)}


def program_files(effect: Effect) -> list[tuple[str, str]]:
    """Return name and file of every program; one alone is no choice."""
    programs: list[Program] = effect.programs if len(effect.programs) > 1 else []
    return [(program.name, f"program-{number}.state") for number, program in enumerate(programs)]


def file_name(name: str) -> str:
    """Return a name without what folders and some systems do not take."""
    return "".join("-" if letter in '/\\:*?"<>|' else letter for letter in name).strip(" .")


def _parameter_lines(effect: Effect) -> Iterator[tuple[Any, ...]]:
    groups = list(dict.fromkeys(control.group for control in effect.controls if control.group))
    numbers = {group: number for number, group in enumerate(groups[:255], start=1)}
    yield from (("unit", number, group) for group, number in numbers.items())
    if learners(effect.preset.chain):
        yield "parameter", LEARN, 0, "switch", "transient", "Learn", "", "linear", 0, 1, 0.0, "off", "on"
    for control in effect.controls:
        parameter = control.parameter
        yield (
            "parameter", control.id, numbers.get(control.group, 0), _kind(parameter), "-", control.title,
            parameter.unit, *_scale(parameter), repr(float(control.place)), *_labels(parameter),
        )  # fmt: skip


def _kind(parameter: Parameter) -> str:
    if isinstance(parameter, Number):
        return "integer" if isinstance(parameter, Integer) else "number"
    return "switch" if parameter.python_type is bool else "list"


def _scale(parameter: Parameter) -> tuple[str, str, str]:
    if isinstance(parameter, Number):
        return parameter.scale, repr(float(parameter.low)), repr(float(parameter.high))
    return "linear", "0", str(len(parameter.valid_values()) - 1)


def _labels(parameter: Parameter) -> list[str]:
    if isinstance(parameter, Number):
        return []
    return [parameter.without_unit(parameter.text(value)) for value in parameter.valid_values()]


def _module_info(effect: Effect) -> dict[str, Any]:
    """Return what hosts read and run nothing; see "Module Info" in the VST 3 SDK's documentation."""
    flags = {"Unicode": True, "Classes Discardable": False, "Component Non Discardable": False}
    return {
        "Name": effect.name,
        "Version": effect.version,
        "Factory Info": {"Vendor": effect.vendor, "URL": _HOMEPAGE, "E-Mail": "", "Flags": flags},
        "Compatibility": [],
        "Classes": [
            {
                "CID": effect.class_id,
                "Category": "Audio Module Class",
                "Name": effect.name,
                "Vendor": effect.vendor,
                "Version": effect.version,
                "SDKVersion": _SDK,
                "Sub Categories": list(_CATEGORIES),
                "Class Flags": 0,
                "Cardinality": _MOST_CLASSES,
                "Snapshots": [],
            }
        ],
    }


def _python() -> str:
    if not sys.executable:
        raise PluginError("this Python does not know where it is, and an effect has to start it")
    return sys.executable
