"""Chains of Python: a Pedalboard, or a `Chain`, that a person's own script makes, as a preset.

The script is run, as Python runs it. So a board is named by whoever types its name, and by no file: neither a
preset nor a pack can name one.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pedalboard

from ....errors import PresetError, WavemendError
from ...chain.chain import Chain
from ...chain.members.registry import kind_of
from ...chain.slot import Slot
from ...storage.strict_json import clip, short
from ...vst3.plugin import VST3
from ..slots import chain_to_json
from ..vst3_slot import adopted
from .imported import Imported


def named_board(source: str) -> Any:
    """Run a module, or a script, and return what it calls by a name.

    Parameters
    ----------
    source
        ``"module:board"``, or ``"path/to/script.py:board"``.

    Raises
    ------
    PresetError
        It is not written so, the code fails, or there is no such name.
    """
    where, colon, name = source.rpartition(":")
    if not (colon and where and name.isidentifier()):
        raise PresetError(f"{source!r}: write MODULE:BOARD, or path/to/script.py:BOARD")
    try:
        module = _script(Path(where)) if where.endswith(".py") else _module(where)
    except PresetError:
        raise
    except (Exception, SystemExit) as error:  # anything may come out of somebody's code
        raise PresetError(f"{where}: its code ends in an error, {_told(error)}") from error
    if not hasattr(module, name):
        known = [n for n, value in vars(module).items() if isinstance(value, Chain | pedalboard.Chain)]
        raise PresetError(f"{where} has nothing called {name}; its boards: {', '.join(known) or 'none'}")
    return getattr(module, name)


def _script(path: Path) -> ModuleType:
    """Run a script as if it were imported, beside the modules in its own folder."""
    if not path.is_file():
        raise PresetError(f"{path}: is no file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise PresetError(f"{path}: is no Python script")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, os.path.abspath(path.parent))
    sys.modules.setdefault(path.stem, module)  # a script called like a library must not take its place
    spec.loader.exec_module(module)
    return module


def _module(name: str) -> ModuleType:
    sys.path.insert(0, os.getcwd())
    return importlib.import_module(name)


def _told(error: BaseException) -> str:
    """Say what an error was and in which line, without the name of its class in front of a colon."""
    lines = traceback.extract_tb(error.__traceback__)
    theirs = [line for line in lines if line.filename != __file__ and "importlib" not in line.filename]
    place = f" (line {theirs[-1].lineno} of {Path(theirs[-1].filename).name})" if theirs else ""
    return clip(f"{type(error).__name__} {str(error)!r}{place}")


def from_board(board: Any) -> Imported:
    """Make a chain of a board: its members anew, stages, stock effects, VST3s and nested boards.

    Parameters
    ----------
    board
        A Pedalboard, a `Chain`, a list of members, or one member.

    Raises
    ------
    PresetError
        It is none.
    """
    told: list[str] = []
    left_out: list[str] = []
    slots = [*_carried(_slots_of(board), "", told, left_out)]
    return Imported(Chain(slots), told, left_out)


def _slots_of(board: Any) -> Sequence[Any]:
    if isinstance(board, list | tuple | pedalboard.Chain):
        return list(board)
    if isinstance(board, Chain):
        return board.slots
    try:
        kind_of(board)
    except WavemendError:
        raise PresetError(f"{short(board)} is no board: no Pedalboard, no Chain, no list") from None
    return [board]


def _carried(members: Sequence[Any], above: str, told: list[str], left_out: list[str]) -> Iterator[Slot]:
    """Yield a slot for each member that a preset can hold; say of each what became of it."""
    for number, member in enumerate(members, start=1):
        slot = member if isinstance(member, Slot) else None
        inside = member if slot is None else slot.member
        place = f"{above}{number}"
        if inside is None:
            continue
        try:
            if isinstance(inside, Chain | pedalboard.Chain):
                made: Any = Chain(_carried(_slots_of(inside), f"{place}.", told, left_out))
            else:
                made = _remade(inside)
                told.append(f"slot {place}: {clip(kind_of(made).title(made))}")
        except WavemendError as error:
            left_out.append(f"slot {place}: {error}")
            continue
        yield Slot(made) if slot is None else Slot(made, bypass=slot.bypass, mix=slot.mix)


def _remade(member: Any) -> Any:
    """Return a member like another, that a preset can hold; raises `WavemendError`."""
    if isinstance(member, pedalboard.VST3Plugin):
        member = adopted(member)
    chain_to_json(Chain([member]))  # raises the error that knows what presets hold
    recipe = kind_of(member).recipe(member)
    if recipe is not None:  # pedalboard's own objects sit in one place alone
        return recipe.make()
    return member.copy() if isinstance(member, VST3) else member
