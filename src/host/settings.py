"""Values changed on the way: ``--set declick.sensitivity=4`` over a preset's own."""

from __future__ import annotations

from ..errors import ParameterError, PresetError
from ..plugins.stage import Stage
from .chain import Chain, Path
from .render import slot_number


def chain_with(preset: str, settings: list[str]) -> Chain:
    """Load the chain of `preset` and change values in it.

    Parameters
    ----------
    preset
        Name of a factory preset, or path of a preset file.
    settings
        ``SLOT.PARAMETER=VALUE`` each; the slot is its number (``2``, ``3.1`` in a nested chain) or the last
        part of a stage's id (``declick``), where only one slot holds that stage.

    Raises
    ------
    PresetError
        The preset cannot be used, or there is no such slot.
    ParameterError
        There is no such parameter, or the value is not allowed.
    """
    chain = Chain.from_preset(preset)
    stages = list(chain.stages())
    for setting in settings:
        target, equals, value = setting.partition("=")
        slot, dot, name = target.strip().rpartition(".")
        if not (equals and dot):
            raise ParameterError(f"--set {setting!r}: write SLOT.PARAMETER=VALUE, as declick.sensitivity=4")
        stage = _find(stages, slot, setting)
        parameter = stage.schema.get(name)
        # An unknown name is refused by the assignment, whose message knows what is near it.
        setattr(stage, name, parameter.parse(value) if parameter else value)
    return chain


def _find(stages: list[tuple[Path, Stage]], slot: str, setting: str) -> Stage:
    names = {path: (slot_number(path), stage.id.rpartition(".")[2], stage.id) for path, stage in stages}
    matches = [stage for path, stage in stages if slot in names[path]]
    if len(matches) == 1:
        return matches[0]
    known = ", ".join(f"{number} ({short})" for number, short, _ in names.values()) or "none"
    problem = "fits several slots; use its number" if matches else "is no stage of this preset"
    raise PresetError(f"--set {setting!r}: {slot!r} {problem}; it has {known}")
