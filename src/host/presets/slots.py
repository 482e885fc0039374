"""The slots of a preset: written from a chain, and read from what a stranger wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...contract.parameters.fingerprint import Fingerprint
from ...contract.registry import stage_class, stage_ids
from ...errors import ParameterError, PluginError, PresetError, WavemendError
from ...inference.own import own_models
from ..chain.chain import Chain
from ..chain.members.effect import EffectKind
from ..chain.members.kind import MemberKind
from ..chain.members.nested import slots_to_json
from ..chain.members.reading import Read, Reading, written_parameters
from ..chain.members.registry import kind_named, register
from ..chain.members.stage import StageKind
from ..chain.path import slot_number
from ..chain.slot import Slot
from ..stock.stock import MOST_OF
from ..storage.strict_json import check_fields, clip, short
from .vst3_kinds import LoadedVST3Kind, StoredVST3Kind

MOST_SLOTS = 256  # guard: memory and time, against hostile presets
_MOST_NESTING = 8  # guard: the stack, against hostile presets
_PLACE_FIELDS = {"bypass", "mix"}
_STOCK = f"{EffectKind.id}."
_STAGES = StageKind()

register(StoredVST3Kind())
register(LoadedVST3Kind())


@dataclass(frozen=True)
class Loading:
    """How the slots of a preset become members.

    Attributes
    ----------
    missing, bypass
        See `load_preset`.
    look_only
        See `described_preset`.
    """

    missing: str | None = None
    bypass: Mapping[str, bool] = field(default_factory=dict)
    look_only: bool = False


def chain_to_json(chain: Chain) -> list[dict[str, Any]]:
    """Return the slots of `chain` as JSON objects; empty slots are left out. Raises `PresetError`."""
    return slots_to_json(chain.slots)


def parse_chain(slots: Any, how: Loading) -> Chain:
    """Make a chain of a preset's slots; raises `PresetError` and `StrictJsonError`."""
    return _parse_chain(slots, "slot ", 0, how)


def _parse_chain(slots: Any, where: str, depth: int, how: Loading) -> Chain:
    if not isinstance(slots, list):
        raise PresetError(f"{where.removesuffix('.')}: chain must be a list of slots")
    if depth > _MOST_NESTING:
        raise PresetError(f"has chains nested deeper than {_MOST_NESTING}; make two of it")
    if depth == 0:
        _check_number(list(_every_slot(slots)))
    return Chain([_parse_slot(slot, f"{where}{index + 1}", depth, how) for index, slot in enumerate(slots)])


def _every_slot(slots: list[Any]) -> Iterator[Any]:
    """Yield the slots of a chain, and those of nested chains, whatever they hold."""
    waiting = [slots]
    while waiting:
        for slot in waiting.pop():
            yield slot
            inside = slot.get("chain") if isinstance(slot, dict) else None
            waiting += [inside] if isinstance(inside, list) else []


def _check_number(slots: list[Any]) -> None:
    """Refuse more slots than there is memory and time for."""
    if len(slots) > MOST_SLOTS:
        raise PresetError(f"has more than {MOST_SLOTS} slots; make two of it")
    effects = [slot for slot in slots if isinstance(slot, dict)]
    named = [
        one.get("plugin")
        for slot in effects
        for one in (slot, slot.get("substitute"))
        if isinstance(one, dict)
    ]
    for name, most in MOST_OF.items():
        if named.count(_STOCK + name) > most:
            raise PresetError(f"has more than {most} slots of {_STOCK}{name}; make two of it")


def _parse_slot(data: Any, where: str, depth: int, how: Loading) -> Slot:
    if not isinstance(data, dict):
        raise PresetError(f"{where} must be a JSON object, not {short(data)}")
    if ("plugin" in data) == ("chain" in data):
        raise PresetError(f"{where}: needs either 'plugin' or 'chain'")
    bypass, mix = how.bypass.get(where.removeprefix("slot "), data.get("bypass", False)), data.get("mix", 1.0)
    if "chain" in data:
        check_fields(data, where, {"chain", *_PLACE_FIELDS}, set())
        read = Read(_parse_chain(data["chain"], where + ".", depth + 1, how))
    else:
        reading = Reading(_stand_in, how.missing, bypassed=bypass is True, look_only=how.look_only)
        read = _read(data, where, reading)
    stands_for = read.stands_for
    if stands_for is not None:
        stands_for = {name: value for name, value in stands_for.items() if name not in _PLACE_FIELDS}
    try:
        return Slot(read.member, bypass=bypass, mix=mix, stands_for=stands_for, note=read.note)
    except (ParameterError, PluginError) as error:
        raise PresetError(f"{where}: {error}") from None


def _read(data: dict[str, Any], where: str, reading: Reading) -> Read:
    """Have the kind that a slot names read it; errors say where."""
    plugin = data["plugin"]
    if not isinstance(plugin, str):
        raise PresetError(f"{where}: plugin is {short(plugin)}; it must be the id of a stage")
    where = f"{where} ({short(data.get('name', plugin)).strip(chr(39))})"
    try:
        kind = _kind_reading(plugin)
        if kind is None:
            if not reading.look_only:
                stage_class(plugin)  # raises the error that knows what is near it
            written_parameters(data)
            return Read(None, data)
        check_fields(data, "the slot", {"plugin", *kind.fields, *_PLACE_FIELDS}, set())
        return kind.read(data, reading)
    except WavemendError as error:
        raise PresetError(f"{where}: {clip(str(error))}") from None


def _kind_reading(plugin: str) -> MemberKind[Any] | None:
    """Return the kind that reads slots of `plugin`; None where neither a stage nor a kind is called so."""
    return _STAGES if plugin in stage_ids() else kind_named(plugin)


def _stand_in(data: Any) -> Any:
    """Make the stage or stock effect that a slot names as a substitute."""
    check_fields(data, "substitute", {"plugin", *StageKind.fields, *EffectKind.fields}, {"plugin"})
    plugin = data["plugin"]
    kind = _kind_reading(plugin) if isinstance(plugin, str) else None
    if not isinstance(kind, StageKind | EffectKind):
        raise PresetError(f"substitute ({clip(str(plugin))}): is no stage and no stock effect of here")
    try:
        check_fields(data, "substitute", {"plugin", *kind.fields}, set())
        return kind.read(data, Reading(_stand_in)).member
    except WavemendError as error:
        raise PresetError(f"substitute ({clip(plugin)}): {error}") from None


def check_models(chain: Chain, source: str) -> None:
    """Refuse a chain that a model of one's own is missing for; raises `PresetError` with the remedy."""
    there = {path.stem for path in own_models()}
    for path, stage in chain.stages():
        for name, parameter in stage.schema.items():
            value = getattr(stage, name)
            if isinstance(parameter, Fingerprint) and value and value not in there:
                raise PresetError(
                    f"{source}: slot {slot_number(path)} ({stage.id}): model {value[:12]}... is not on this "
                    "machine; ask for the file, and add it: wavemend models add FILE"
                )


def absences(chain: Chain) -> Iterator[tuple[str, str]]:
    """Yield number and a sentence for every plugin of a `described_preset` that is missing here."""
    for path, slot in chain.walk():
        if slot.stands_for is not None:
            plugin = slot.stands_for["plugin"]
            kind = _kind_reading(plugin)
            absence = kind.absence(slot.stands_for) if kind else f"{plugin} is not installed here"
            if absence:
                yield slot_number(path), clip(absence)
