"""Stages by id: ours and third parties', all found by the entry point group ``wavemend.plugins``.

A package offers a stage with one line in its pyproject.toml, named by the stage's id::

    [project.entry-points."wavemend.plugins"]
    "studio.dehiss" = "studio_stages.dehiss:Dehiss"
"""

from __future__ import annotations

import difflib
import inspect
import re

from ..errors import PluginError
from .offers import load_offer, offers
from .stage import Stage

GROUP = "wavemend.plugins"


def stage_ids() -> list[str]:
    """Ids of every installed stage, sorted; none of them is loaded."""
    return sorted(offers(GROUP))


def plugin_key(name: str) -> str:
    """Return what a name is compared by: neither case nor the marks between words count."""
    return re.sub(r"[\s_-]", "", name).casefold()


def stage_id(name: str) -> str:
    """Return the id of the stage that people call `name`: its id, the last part of that, or its class.

    Raises
    ------
    PluginError
        No stage, or several, are called so.
    """
    if name in offers(GROUP):
        return name
    calls: dict[str, set[str]] = {}
    for identifier, known in offers(GROUP).items():
        classes = (offer.attr for offer in known.values())
        for call in (identifier, identifier.rpartition(".")[2], *classes):
            calls.setdefault(plugin_key(call), set()).add(identifier)
    fitting = sorted(calls.get(plugin_key(name), ()))
    if len(fitting) > 1:
        raise PluginError(f"several stages are called {name!r}; say {' or '.join(fitting)}")
    if fitting:
        return fitting[0]
    near = difflib.get_close_matches(name, stage_ids(), n=1)
    near = near or [min(calls[key]) for key in difflib.get_close_matches(plugin_key(name), calls, n=1)]
    hint = f"did you mean {near[0]}?" if near else "see `wavemend plugins list`"
    raise PluginError(f"no stage {name!r} is installed; {hint}")


def stage_class(name: str) -> type[Stage]:
    """Load the class of a stage, called as `stage_id` takes it.

    Raises
    ------
    PluginError
        There is no such stage, or a broken one.
    """
    identifier = stage_id(name)
    loaded, target = load_offer(GROUP, identifier, "the stage")
    if not (isinstance(loaded, type) and issubclass(loaded, Stage)):
        raise PluginError(f"{target} is offered as {identifier!r}, but is no stage")
    if getattr(loaded, "id", None) != identifier or inspect.isabstract(loaded):
        raise PluginError(f"{target} is offered as {identifier!r}, but is no finished stage of that id")
    return loaded
