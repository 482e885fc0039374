"""Stages, ours and third parties', as members of a chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....contract.marks import NO_MARKS
from ....contract.registry import stage_class, stage_ids
from ....contract.stage import RepairStage, Stage, Step, Stream
from ....errors import PresetError
from ...storage.strict_json import short
from .kind import MemberKind, Opening
from .reading import Read, Reading, demand, written_parameters


class StageKind(MemberKind[Stage]):
    """A stage."""

    id = "stage"
    types = (Stage,)
    named = False
    fields = frozenset({"version", "draft", "parameters", "findings"})

    def name(self, member: Stage) -> str:
        """See `MemberKind.name`."""
        return member.id

    def title(self, member: Stage) -> str:
        """See `MemberKind.title`."""
        return type(member).__name__

    def calls(self, member: Stage) -> list[str]:
        """See `MemberKind.calls`."""
        return [member.id.rpartition(".")[2], member.id, type(member).__name__]

    def place(self, member: Stage) -> Step:
        """See `MemberKind.place`."""
        return member.place

    def repairs(self, member: Stage) -> bool:
        """See `MemberKind.repairs`."""
        return isinstance(member, RepairStage) and member.output == "repaired"

    def sounds(self, member: Stage) -> bool:
        """See `MemberKind.sounds`: what was removed may be nothing."""
        return member.values().get("output") != "removed"

    def stage(self, member: Stage) -> Stage:
        """See `MemberKind.stage`."""
        return member

    def warnings(self, member: Stage) -> list[str]:
        """See `MemberKind.warnings`."""
        if not member.draft:
            return []
        return [f"{member.name} is a draft: its sound may change with any version of its package"]

    def stream(self, member: Stage, opening: Opening) -> Stream:
        """See `MemberKind.stream`; raises `NotLearned` where it lacks its findings."""
        marks = opening.marks.get(member.id, NO_MARKS)
        return member.stream(opening.sample_rate, opening.channels, opening.findings, marks, opening.begins)

    def set(self, member: Stage, name: str, text: str) -> None:
        """See `MemberKind.set`."""
        parameter = member.schema.get(name)
        if parameter is None:
            type(member)(**{name: None})  # raises the schema's own error, which knows what is near it
        else:
            setattr(member, name, parameter.parse(text))

    def eased(self, member: Stage, percent: float) -> Stage:
        """See `MemberKind.eased`: `percent` of every parameter whose role is ``strength``."""
        result = member.copy()
        for parameter in member.schema.values():
            if parameter.role == "strength":
                setattr(result, parameter.id, parameter.eased(getattr(member, parameter.id), percent))
        return result

    def to_json(self, member: Stage) -> dict[str, Any]:
        """See `MemberKind.to_json`."""
        described = {"plugin": member.id, "version": member.version}
        described |= {"draft": True} if member.draft else {}
        described |= {"parameters": member.values()}
        return described | ({"findings": member.findings.to_json()} if member.findings is not None else {})

    def read(self, data: Mapping[str, Any], reading: Reading) -> Read:
        """See `MemberKind.read`."""
        values = written_parameters(data)
        kind = stage_class(data["plugin"])
        if kind.id != data["plugin"]:  # which people may say in short, and files that are shared may not
            raise PresetError(f"a preset names a stage by its id, {kind.id!r}")
        _check_draft(kind, data)
        version = data.get("version")
        values = _upgraded(kind, version, values)
        for name in values:
            if name not in kind.schema:
                kind(**{name: None})  # raises the schema's own error
        demand(values, {name: parameter.default for name, parameter in kind.schema.items()})
        stage = kind(**values)
        if "findings" in data:
            if kind.findings_type is None:
                raise PresetError("has findings, but this stage takes none")
            stage.findings = kind.findings_type.from_json(data["findings"])
        older = f"its values are of {kind.__name__} {version}, and {kind.version} is installed: "
        return Read(stage, None, f"{older}it may sound different" if version != kind.version else "")

    def schemas(self) -> list[dict[str, Any]]:
        """See `MemberKind.schemas`."""
        return [_schema(stage_class(identifier)) for identifier in stage_ids()]


def _check_draft(kind: type[Stage], data: Mapping[str, Any]) -> None:
    """Refuse what a draft made that is none any more: no version says how that sounded."""
    if "draft" not in data:
        return
    if data["draft"] is not True:
        raise PresetError(f"draft is {short(data['draft'])}; it is true, or left out")
    if not kind.draft:
        raise PresetError(
            "was made with a draft of the stage, which is finished now and may sound different: "
            'take "draft" out of the slot, and listen'
        )


def _upgraded(kind: type[Stage], version: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Return values that some version of a stage stored as the installed one takes them."""
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise PresetError(f"version is {short(version)}; it must be a whole number from 1")
    if version > kind.version:
        raise PresetError(
            f"was made with version {version} of the stage, but {kind.version} is installed; "
            "upgrade wavemend, or the package that the stage comes from"
        )
    if version == kind.version:
        return values
    try:
        return kind.upgrade(version, values)
    except Exception as error:
        raise PresetError(f"its version {version} cannot be upgraded: {error}") from error


def _schema(kind: type[Stage]) -> dict[str, Any]:
    return {
        "description": kind.name,
        "properties": {
            "plugin": {"const": kind.id},
            "version": {"type": "integer", "minimum": 1, "maximum": kind.version},
            **({"draft": {"const": True}} if kind.draft else {}),
            "parameters": kind.json_schema() | {"required": list(kind.schema)},
            **({"findings": {"type": "object"}} if kind.findings_type else {}),
        },
        "required": ["plugin", "version", "parameters"],
    }
