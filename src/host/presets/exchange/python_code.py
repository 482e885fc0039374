"""A preset as Python that makes the same chain: of pedalboard alone where that can hold it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pedalboard

from ....contract.stage import Stage
from ....errors import PresetError
from ...chain.chain import Chain
from ...chain.members.registry import kind_of
from ...chain.slot import Slot
from ...stock.stock import stock_effects, stock_values
from ...vst3.plugin import VST3
from ..preset import Preset

_INDENT = "    "


def python_code(preset: Preset) -> str:
    """Return Python that makes the chain of `preset` and calls it ``board``.

    Where every slot holds one of pedalboard's effects, heard in full, that is a `pedalboard.Pedalboard`; else
    a `Chain`, which takes the audio that a Pedalboard takes.

    Raises
    ------
    PresetError
        A slot holds what no code can make.
    """
    chain = preset.chain
    alone = all(_is_plain(slot) for _, slot in chain.walk())
    code = _Code("pedalboard.Pedalboard" if alone else "wavemend.Chain")
    board = code.board(chain, "")
    lines = [f"# {preset.name!a}", *sorted(f"import {name}" for name in code.modules), ""]
    return "\n".join([*lines, *code.before, f"board = {board}", *code.after]) + "\n"


def _is_plain(slot: Slot) -> bool:
    held = type(slot.member).__name__ in stock_effects() or isinstance(slot.member, Chain)
    return held and not slot.bypass and slot.mix == 1 and slot.stands_for is None


class _Code:
    """What code is made of, while it is made."""

    def __init__(self, container: str) -> None:
        self.modules = {container.partition(".")[0]}
        self.before: list[str] = []
        self.after: list[str] = []
        self._container = container

    def board(self, chain: Chain, indices: str, indent: str = "") -> str:
        """Write a chain, a line a slot."""
        inner = indent + _INDENT
        slots = [
            f"{inner}{self._slot(slot, f'{indices}[{number}]', inner)},\n"
            for number, slot in enumerate(chain.slots)
        ]
        return f"{self._container}([\n{''.join(slots)}{indent}])" if slots else f"{self._container}([])"

    def _slot(self, slot: Slot, indices: str, indent: str) -> str:
        if slot.stands_for is not None or slot.member is None:
            raise PresetError(f"slot {_number(indices)}: {slot.warnings() or 'empty'}")
        member = self._member(slot.member, indices, indent)
        if not slot.bypass and slot.mix == 1:
            return member
        self.modules.add("wavemend")
        said = ["bypass=True"] * slot.bypass + [f"mix={slot.mix!r}"] * (slot.mix != 1)
        return f"wavemend.Slot({member}, {', '.join(said)})"

    def _member(self, member: Any, indices: str, indent: str) -> str:
        if isinstance(member, Chain):
            return self.board(member, indices, indent)
        if isinstance(member, Stage):
            return self._stage(member, indices)
        if isinstance(member, VST3):
            return self._vst3(member, indices)
        if type(member).__name__ in stock_effects():
            return self._effect(member)
        raise PresetError(
            f"slot {_number(indices)}: {kind_of(member).name(member)} cannot be written as code; "
            "load the preset in Python: wavemend.load_preset"
        )

    def _stage(self, stage: Stage, indices: str) -> str:
        if stage.findings is not None:
            self.modules.add("json")
            found = json.dumps(json.dumps(stage.findings.to_json()))  # in ASCII, and one line
            self.after.append(_findings(indices, found))
        return f"{self._class(type(stage))}({_arguments(stage.values())})"

    def _class(self, kind: type) -> str:
        import wavemend  # noqa: PLC0415 - the package itself, which imports this room when it is asked for it

        module = "wavemend" if getattr(wavemend, kind.__name__, None) is kind else kind.__module__
        self.modules.add(module)
        return f"{module}.{kind.__qualname__}"

    def _effect(self, effect: pedalboard.Plugin) -> str:
        self.modules.add("pedalboard")
        return f"pedalboard.{type(effect).__name__}({', '.join(_effect_arguments(effect))})"

    def _vst3(self, plugin: VST3, indices: str) -> str:
        self.modules |= {"base64", "wavemend"}
        name = f"vst3_{_number(indices).replace('.', '_')}"
        beside: dict[str, Any] = {
            "block_size": plugin.block_size,
            "timeout_s": plugin.timeout_s,
            "memory_limit_gb": plugin.memory_limit_gb,
            "missing": plugin.missing,
        }
        said = _arguments(beside)
        if plugin.substitute is not None:
            said += f", substitute={self._member(plugin.substitute, indices, '')}"
        state = base64.b64encode(plugin.state).decode("ascii")
        who = ascii(f"{plugin.name} {plugin.version} by {plugin.manufacturer_name}")
        self.before += [
            f"{name} = wavemend.VST3({plugin.identifier!r}, {said})  # {who}",
            f"{name}.take(base64.b64decode({state!r}), {plugin.places!r})",
            "",
        ]
        return name


def _findings(indices: str, text: str) -> str:
    kind = f"type(board{indices}).findings_type"
    return f"board{indices}.findings = {kind}.from_json(json.loads({text}))"


def _effect_arguments(effect: pedalboard.Plugin) -> Iterator[str]:
    for name, value in stock_values(effect).items():
        kind = type(getattr(effect, name))
        if hasattr(kind, "__members__"):
            yield f"{name}=pedalboard.{kind.__qualname__}.{value}"
        else:
            yield f"{name}={value!r}"


def _arguments(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!a}" for name, value in values.items())


def _number(indices: str) -> str:
    """Return the number of a slot as people say it: ``[2][0]`` is 3.1."""
    return ".".join(str(int(one) + 1) for one in indices.strip("[]").split("]["))
