"""Stages by id: ours and third parties', all found by the entry point group ``wavemend.plugins``.

A package offers a stage with one line in its pyproject.toml, named by the stage's id::

    [project.entry-points."wavemend.plugins"]
    "studio.dehiss" = "studio_stages.dehiss:Dehiss"
"""

from __future__ import annotations

import difflib
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from ..errors import PluginError
from .stage import Stage

GROUP = "wavemend.plugins"


@cache
def _offers() -> dict[str, EntryPoint]:
    offers: dict[str, EntryPoint] = {}
    for offer in entry_points(group=GROUP):
        taken = offers.setdefault(offer.name, offer)
        if taken.value != offer.value:
            raise PluginError(
                f"two packages offer the stage {offer.name!r}: {taken.value} and {offer.value}; uninstall one"
            )
    return offers


def stage_ids() -> list[str]:
    """Ids of every installed stage, sorted; none of them is loaded."""
    return sorted(_offers())


def stage_class(identifier: str) -> type[Stage]:
    """Load the class of the stage `identifier`; raises `PluginError` where there is none, or a broken one."""
    offer = _offers().get(identifier)
    if offer is None:
        near = difflib.get_close_matches(identifier, stage_ids(), n=1)
        hint = f"did you mean {near[0]}?" if near else "see `wavemend plugins list`"
        raise PluginError(f"no stage {identifier!r} is installed; {hint}")
    try:
        loaded = offer.load()
    except Exception as error:
        raise PluginError(f"the stage {identifier!r} ({offer.value}) does not load: {error}") from error
    if not (isinstance(loaded, type) and issubclass(loaded, Stage) and loaded.id == identifier):
        raise PluginError(f"{offer.value} is offered as {identifier!r}, but is no stage of that id")
    return loaded
