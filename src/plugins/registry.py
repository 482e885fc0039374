"""Stages by id: ours and third parties', all found by the entry point group ``wavemend.plugins``.

A package offers a stage with one line in its pyproject.toml, named by the stage's id::

    [project.entry-points."wavemend.plugins"]
    "studio.dehiss" = "studio_stages.dehiss:Dehiss"
"""

from __future__ import annotations

import difflib
import inspect
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from ..errors import PluginError
from .stage import Stage

GROUP = "wavemend.plugins"


@cache
def _offers() -> dict[str, dict[str, EntryPoint]]:
    # By id, then by target: an editable install may list the same offer twice.
    offers: dict[str, dict[str, EntryPoint]] = {}
    for offer in entry_points(group=GROUP):
        offers.setdefault(offer.name, {})[offer.value] = offer
    return offers


def stage_ids() -> list[str]:
    """Ids of every installed stage, sorted; none of them is loaded."""
    return sorted(_offers())


def stage_class(identifier: str) -> type[Stage]:
    """Load the class of the stage `identifier`; raises `PluginError` where there is none, or a broken one."""
    offers = _offers().get(identifier)
    if offers is None:
        near = difflib.get_close_matches(identifier, stage_ids(), n=1)
        hint = f"did you mean {near[0]}?" if near else "see `wavemend plugins list`"
        raise PluginError(f"no stage {identifier!r} is installed; {hint}")
    if len(offers) > 1:
        raise PluginError(
            f"two packages offer the stage {identifier!r}: {' and '.join(sorted(offers))}; uninstall one"
        )
    (offer,) = offers.values()
    try:
        loaded = offer.load()
    except Exception as error:
        raise PluginError(f"the stage {identifier!r} ({offer.value}) does not load: {error}") from error
    if not (isinstance(loaded, type) and issubclass(loaded, Stage)):
        raise PluginError(f"{offer.value} is offered as {identifier!r}, but is no stage")
    if getattr(loaded, "id", None) != identifier or inspect.isabstract(loaded):
        raise PluginError(f"{offer.value} is offered as {identifier!r}, but is no finished stage of that id")
    return loaded
