"""VST3s of this machine as members of a chain; the presets' room adds how a preset holds one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...storage.hashing import sha256_of
from ...vst3.bundle.bundles import code_of
from ...vst3.opening import open_together
from ...vst3.plugin import VST3
from .kind import MemberKind, MemberStream, Opening
from .reading import on_or_off


class VST3Kind(MemberKind[VST3]):
    """A third-party plugin, in a process of its own."""

    id = "vst3"
    types = (VST3,)

    def name(self, member: VST3) -> str:
        """See `MemberKind.name`."""
        return member.name

    def warnings(self, member: VST3) -> list[str]:
        """See `MemberKind.warnings`."""
        return member.warnings

    def absent(self, data: Mapping[str, Any]) -> str:
        """See `MemberKind.absent`."""
        return f"the VST3 {data['name']}"

    def code(self, member: VST3) -> dict[str, Any]:
        """See `MemberKind.code`; the hash is None where the code is gone by now."""
        code = code_of(Path(member.bundle.path))
        return {
            "plugin": f"{self.id}.{member.identifier}",
            "name": member.name,
            "version": member.version,
            "sha256": sha256_of(code) if code.is_file() else None,
        }

    def streams(self, members: Sequence[tuple[VST3, Opening]]) -> list[MemberStream]:
        """See `MemberKind.streams`: they load and get ready at the same time."""
        opening = members[0][1]
        plugins = [member for member, _ in members]
        return [*open_together(plugins, opening.sample_rate, opening.channels)]

    def set(self, member: VST3, name: str, text: str) -> None:
        """See `MemberKind.set`."""
        parameter = member.parameters.get(name)
        is_switch = parameter is not None and parameter.is_boolean
        setattr(member, name, on_or_off(name, text) if is_switch else text.strip())
