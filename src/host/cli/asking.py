"""Questions about a preset that is to be made: which one to begin with, what to turn on, how strongly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ...errors import WavemendError
from ..chain.members.registry import kind_of
from ..chain.path import slot_number
from ..chain.slot import Slot
from ..presets.preset import Preset, load_preset
from ..storage.strict_json import clip

Ask = Callable[[str, str], str]
"""Asks a question and offers an answer; returns what was said."""

_YES, _NO = ("y", "yes"), ("n", "no")


def chosen_preset(suggested: str, ask: Ask, say: Callable[[str], None]) -> tuple[str, Preset]:
    """Ask which preset to begin with; return what it was called, and the preset.

    Parameters
    ----------
    suggested
        Name of the one that fits.
    ask
        Asks a person.
    say
        Tells what was wrong with an answer, before it is asked again.
    """

    def load(name: str) -> tuple[str, Preset]:
        return name, load_preset(name)

    found: tuple[str, Preset] = _asked("Preset to begin with", suggested, load, ask, say)
    return found


def refined(preset: Preset, ask: Ask, say: Callable[[str], None]) -> Preset:
    """Ask which slots that are off to turn on, how strongly stages are to work, and what to call it."""
    for path, slot in preset.chain.walk():
        called = f"{slot_number(path)}, {clip(_title(slot))}"
        if slot.bypass and slot.stands_for is None:
            slot.bypass = not _asked(f"{called}: is off; turn it on?", "n", _is_yes, ask, say)
        if not slot.bypass:
            _refine(slot, called, ask, say)
    name = _asked("Name for people", preset.name, _words, ask, say)
    return replace(preset, name=name)


def _refine(slot: Slot, called: str, ask: Ask, say: Callable[[str], None]) -> None:
    """Ask for the values that say how strongly a stage works."""
    schema = getattr(slot.member, "schema", {})
    for name, parameter in schema.items():
        if parameter.role != "strength":
            continue

        def take(text: str, name: str = name) -> None:
            kind_of(slot.member).set(slot.member, name, text)

        value = parameter.text(getattr(slot.member, name))
        _asked(f"{called}: {name}, {parameter.allowed()}", value, take, ask, say)


def _title(slot: Slot) -> str:
    return "a nested chain" if slot.member is None else kind_of(slot.member).title(slot.member)


def _asked(
    question: str, offered: str, take: Callable[[str], Any], ask: Ask, say: Callable[[str], None]
) -> Any:
    """Ask until an answer can be taken."""
    while True:
        try:
            return take(ask(question, offered))
        except WavemendError as error:
            say(str(error))


def _is_yes(text: str) -> bool:
    word = text.strip().lower()
    if word not in _YES + _NO:
        raise WavemendError(f"{text!r} is no answer; say y or n")
    return word in _YES


def _words(text: str) -> str:
    if clip(text) != text or not text.strip():
        raise WavemendError("a name is one line of plain text")
    return text
