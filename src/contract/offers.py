"""What installed packages offer by entry point, found without loading any of it.

An offer is one line in a package's pyproject.toml: a group, an id, and where the object is.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ..errors import PluginError


@cache
def offers(group: str) -> dict[str, dict[str, EntryPoint]]:
    """Return what is offered in a group by id, then by target: an editable install may list one twice."""
    found: dict[str, dict[str, EntryPoint]] = {}
    for offer in entry_points(group=group):
        found.setdefault(offer.name, {})[offer.value] = offer
    return found


def load_offer(group: str, identifier: str, what: str) -> tuple[Any, str]:
    """Load what is offered as `identifier`, and say where it is; errors call it by `what`: ``"the stage"``.

    Raises
    ------
    PluginError
        Two packages offer it, or it does not load.
    """
    known = offers(group)[identifier]
    if len(known) > 1:
        raise PluginError(
            f"two packages offer {what} {identifier!r}: {' and '.join(sorted(known))}; uninstall one"
        )
    (offer,) = known.values()
    try:
        return offer.load(), offer.value
    except Exception as error:
        raise PluginError(f"{what} {identifier!r} ({offer.value}) does not load: {error}") from error
