"""Who a plugin is: what a preset names it by on every machine."""

from __future__ import annotations

import re
from dataclasses import dataclass

IDENTIFIER = r"[0-9A-F]{32}"
_LONGEST = 256  # guard: of a name that a stranger's binary gives
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True)
class Identity:
    """Who a plugin is.

    Attributes
    ----------
    identifier
        Its VST3 class id, 32 hexadecimal digits: the same on every machine, and in its ``.vstpreset`` files.
    name, vendor, version
        As it calls itself.
    category
        Such as ``"Fx|Dynamics"``.
    """

    identifier: str
    name: str
    vendor: str
    version: str
    category: str = ""


def checked_identity(
    *, identifier: object, name: object, vendor: object, version: object, category: object = ""
) -> Identity:
    """Return an identity made of what a stranger wrote; raises `ValueError` where it is not usable."""
    if not isinstance(identifier, str) or not re.fullmatch(IDENTIFIER, identifier.upper()):
        raise ValueError(f"{identifier!r} is no class id of 32 hexadecimal digits")
    texts = []
    for what, text in (("name", name), ("vendor", vendor), ("version", version), ("category", category)):
        if not isinstance(text, str) or len(text) > _LONGEST:
            raise ValueError(f"the {what} is not a text of at most {_LONGEST} characters")
        texts.append(_UNPRINTABLE.sub(" ", text).strip())
    if not texts[0]:
        raise ValueError("the name is empty")
    return Identity(identifier.upper(), *texts)
