"""Kinds of members by the class of a member, and by the id in a preset: ours and third parties'.

A package offers a kind as it offers a stage, by one line that is named by the kind's id; every process finds
it so, those of a batch too::

    [project.entry-points."wavemend.members"]
    "studio.loop" = "studio_loops.kind:LoopKind"

What has no package, in a notebook say, is registered by `register`.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from ....contract.offers import load_offer, offers
from ....errors import PluginError
from .kind import MemberKind

GROUP = "wavemend.members"

_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_kinds: dict[str, MemberKind[Any]] = {}
_by_type: dict[type, MemberKind[Any]] = {}


def register(kind: MemberKind[Any]) -> None:
    """Make a kind known in this process.

    It may take over what an earlier kind has only where it is a subclass of that: it then answers for it, and
    for nothing else.

    Raises
    ------
    PluginError
        It is no finished kind, or its id or one of its types is another kind's.
    """
    identifier = getattr(kind, "id", None)
    if not (isinstance(kind, MemberKind) and isinstance(identifier, str) and _ID.fullmatch(identifier)):
        raise PluginError(f"{kind!r} is no kind of member with an id such as 'studio.loop'")
    others = [_kinds.get(identifier), *map(_known, kind.types)]
    for other in others:
        if other is not None and not isinstance(kind, type(other)):
            raise PluginError(
                f"the kind {identifier!r} would take members of the kind {other.id!r}; "
                "choose an id and types of its own"
            )
    _kinds[identifier] = kind
    _by_type.update(dict.fromkeys(kind.types, kind))


def kind_of(member: Any) -> MemberKind[Any]:
    """Return the kind of a member; raises `PluginError` where it is none."""
    found = _known(type(member))
    if found is not None:
        return found
    broken = ""
    for identifier in offers(GROUP):
        try:
            _loaded(identifier)
        except PluginError as error:  # which may be the kind of others
            broken = f"; {error}"
    found = _known(type(member))
    if found is None:
        raise PluginError(
            f"{member!r} cannot sit in a chain; a member is a stage, a VST3, a pedalboard plugin, "
            f"a Chain or None, or of a kind that a package adds{broken}"
        )
    return found


def kind_named(plugin: str) -> MemberKind[Any] | None:
    """Return the kind that reads slots of the plugin that a preset names; None where it is not installed.

    Only that kind is loaded. Stages are named by ids of their own, and are none of these.
    """
    fitting = [known for known in kind_ids() if f"{plugin}.".startswith(f"{known}.")]
    kind = _loaded(max(fitting, key=len)) if fitting else None
    return kind if kind is not None and kind.named else None


def kind_ids() -> list[str]:
    """Ids of every kind, sorted; none of them is loaded."""
    return sorted({*_kinds, *offers(GROUP)})


def kinds() -> list[MemberKind[Any]]:
    """Every kind, by id; raises `PluginError` where one does not load."""
    return [_loaded(identifier) for identifier in kind_ids()]


def offered_kinds() -> list[str]:
    """Ids of the kinds that packages offer, sorted; none of them is loaded."""
    return sorted(offers(GROUP))


def _known(cls: type) -> MemberKind[Any] | None:
    return next((_by_type[base] for base in cls.__mro__ if base in _by_type), None)


def _loaded(identifier: str) -> MemberKind[Any]:
    if identifier not in _kinds:
        loaded, target = load_offer(GROUP, identifier, "the kind of member")
        good = isinstance(loaded, type) and issubclass(loaded, MemberKind) and not inspect.isabstract(loaded)
        if not good or getattr(loaded, "id", None) != identifier:
            raise PluginError(
                f"{target} is offered as {identifier!r}, but is no finished kind of member of that id"
            )
        register(loaded())
    return _kinds[identifier]
