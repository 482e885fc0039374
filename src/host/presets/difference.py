"""How two presets differ: by slot and setting, whatever the order of their keys and slots."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from .preset import described_preset
from .settings import Setting, SlotSettings, settings_of
from .slots import chain_to_json

_NOT_THERE = "-"
_WHOLE = ("findings", "state", "unkept", "substitute")
"""Fields that are told to be others, and not what is in them."""


@dataclass(frozen=True)
class Difference:
    """One thing in which two presets differ.

    Attributes
    ----------
    slot
        What the slot is called; empty for the preset itself.
    what
        Name of a setting, or ``version``, ``place``, ``slot`` and the like.
    before, after
        In words, with units; ``"-"`` where it is not there.
    """

    slot: str
    what: str
    before: str
    after: str

    def to_json(self) -> dict[str, str]:
        """Return it as JSON values."""
        return asdict(self)


def differences(before: str | os.PathLike[str], after: str | os.PathLike[str]) -> list[Difference]:
    """Compare two presets; nothing need be installed. Errors are those of `described_preset`.

    Slots of the same plugin are compared in their order; one that only moved is told by its place.
    """
    one, other = _Whole(before), _Whole(after)
    found = [
        Difference("", what, mine, theirs)
        for what, mine, theirs in zip(("name", "description"), one.titles, other.titles, strict=True)
        if mine != theirs
    ]
    for mine, theirs, moved in _paired(one.slots, other.slots):
        if mine is not None and theirs is not None:
            place = Difference(mine.title, "place", f"slot {mine.number}", f"slot {theirs.number}")
            found += [place] if moved else []
            found += _of_slot(mine, theirs)
            found += _of_wholes(mine.title, one.whole[mine.number], other.whole[theirs.number])
        elif mine is not None:
            found.append(Difference(mine.title, "slot", mine.number, _NOT_THERE))
        elif theirs is not None:
            found.append(Difference(theirs.title, "slot", _NOT_THERE, theirs.number))
    return found


class _Whole:
    """One of the two presets: titles, slots in words, and what of each slot is compared as a whole."""

    def __init__(self, source: str | os.PathLike[str]) -> None:
        preset = described_preset(source)
        self.titles = preset.name, preset.description
        self.slots = settings_of(source)
        self.whole = {number: _hashes(slot) for number, slot in _numbered(chain_to_json(preset.chain))}


def _numbered(slots: list[dict[str, Any]], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for number, slot in enumerate(slots, start=1):
        yield f"{above}{number}", slot
        yield from _numbered(slot.get("chain", []), f"{above}{number}.")


def _hashes(slot: dict[str, Any]) -> dict[str, str]:
    texts = {name: repr(slot[name]) for name in _WHOLE if name in slot}
    return {name: f"SHA-256 {sha256(text.encode()).hexdigest()[:12]}..." for name, text in texts.items()}


_Pair = tuple[SlotSettings | None, SlotSettings | None, bool]


def _paired(before: list[SlotSettings], after: list[SlotSettings]) -> Iterator[_Pair]:
    """Yield slots of the same plugin in pairs, and whether they moved past others."""
    mine, theirs = ([slot.plugin for slot in slots] for slots in (before, after))
    blocks = difflib.SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    pairs = {a + step: b + step for a, b, size in blocks for step in range(size)}
    left = [number for number in range(len(after)) if number not in pairs.values()]
    for number, slot in enumerate(before):
        moved = number not in pairs
        if moved:
            same = next((one for one in left if after[one].plugin == slot.plugin), None)
            if same is not None:
                left.remove(same)
                pairs[number] = same
        yield slot, after[pairs[number]] if number in pairs else None, moved
    for number in left:
        yield None, after[number], False


def _of_slot(mine: SlotSettings, theirs: SlotSettings) -> Iterator[Difference]:
    """Yield what differs between two slots of one plugin, but for what is compared as a whole."""
    if mine.version != theirs.version:
        yield Difference(mine.title, "version", str(mine.version), str(theirs.version))
    values: list[dict[str, Setting]] = [{s.name: s for s in slot.settings} for slot in (mine, theirs)]
    for name in dict.fromkeys([*values[0], *values[1]]):
        texts = [_text(name, settings.get(name)) for settings in values]
        exact = [settings[name].value if name in settings else None for settings in values]
        if texts[0] == texts[1] and exact[0] != exact[1] and None not in exact:
            texts = [str(value) for value in exact]  # digits that people are spared otherwise
        if texts[0] != texts[1]:
            yield Difference(mine.title, name, texts[0], texts[1])


def _of_wholes(title: str, mine: dict[str, str], theirs: dict[str, str]) -> Iterator[Difference]:
    for what in _WHOLE:
        told = mine.get(what, _NOT_THERE), theirs.get(what, _NOT_THERE)
        if told[0] != told[1]:
            yield Difference(title, what, *told)


def _text(name: str, setting: Setting | None) -> str:
    """Say a setting; what is left out of a slot's place has its usual value."""
    if setting is not None:
        return setting.text
    return {"bypass": "off", "mix": "1"}.get(name, _NOT_THERE)
