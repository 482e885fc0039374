"""What a shell completes: presets, plugins, and the values of a preset's slots, without loading a plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer


def complete_preset(incomplete: str) -> list[str]:
    """Return the presets of the library, and the preset files, that begin so."""
    from ..presets.library import entries  # noqa: PLC0415

    folder = Path(incomplete).parent
    files = [str(path) for path in folder.glob("*.json")] if folder.is_dir() else []
    known = [entry.qualified if entry.hidden_by else entry.name for entry in entries()]
    return [name for name in [*sorted(known), *sorted(files)] if name.startswith(incomplete)]


def complete_plugin(incomplete: str) -> list[str]:
    """Return the stages and stock effects that begin so."""
    from ...contract.registry import stage_ids  # noqa: PLC0415
    from ..stock.stock import stock_effects  # noqa: PLC0415

    stages = [identifier.rpartition(".")[2] for identifier in stage_ids()]
    known = [*stages, *stage_ids(), *sorted(stock_effects())]
    return [name for name in known if name.casefold().startswith(incomplete.casefold())]


def complete_effect(incomplete: str) -> list[str]:
    """Return the stages, factory presets and preset files that begin so."""
    from ...contract.registry import stage_ids  # noqa: PLC0415

    stages = [identifier.rpartition(".")[2] for identifier in stage_ids()]
    known = [name for name in [*stages, *stage_ids()] if name.startswith(incomplete)]
    return known + complete_preset(incomplete)


def complete_setting(context: typer.Context, incomplete: str) -> list[str]:
    """Return ``SLOT.PARAMETER=`` of the preset that was named, as far as it begins so."""
    from ...errors import PresetError  # noqa: PLC0415
    from ..presets.preset import preset_slots  # noqa: PLC0415

    try:
        slots = preset_slots(context.params.get("preset") or "")
    except PresetError:
        return []
    found = dict.fromkeys(f"{slot}.{name}=" for slot, name in _settings(slots))
    return [setting for setting in found if setting.startswith(incomplete)]


def _settings(slots: Any) -> Iterator[tuple[str, str]]:
    """Name every value in a preset's JSON, whatever a stranger wrote there."""
    for slot in slots if isinstance(slots, list) else []:
        if not isinstance(slot, dict):
            continue
        called = str(slot.get("name", slot.get("plugin", ""))).rpartition(".")[2].lower()
        values = slot.get("parameters", {})
        names = [*(values if isinstance(values, dict) else {}), "bypass", "mix"]
        yield from ((called, name) for name in names if called)
        yield from _settings(slot.get("chain"))
