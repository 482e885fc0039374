"""Who a bundle says it is, read from its ``moduleinfo.json`` without running any of its code.

The file is JSON5 in practice (comments, commas before a closing bracket); see "Module Info" in the VST 3
SDK's documentation.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from .identity import Identity, checked_identity

_PLACES = ("Contents/Resources/moduleinfo.json", "Contents/moduleinfo.json")
_MOST_BYTES, _MOST_CLASSES = 4 * 2**20, 4096  # guard: of a text file in a bundle
_AUDIO_EFFECT = "audio module class"
# What is not closed goes to the end: looking for it once must be enough, for a file made to take hours.
_STRING = r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)'
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"({_STRING})|,(?=\s*[\]}}])", re.DOTALL)


def identities(bundle: Path) -> list[Identity] | None:
    """Every audio plugin, instruments too, that the bundle declares; None where that is not clear.

    It is a hint and no more: a bundle whose file is not understood in every place is asked itself.
    """
    for place in _PLACES:
        path = bundle / place
        try:
            if not path.is_file() or path.stat().st_size > _MOST_BYTES:
                continue
            declared = json.loads(plain_json(path.read_text(encoding="utf-8-sig")))
            found = _declared(_spelt_alike(declared))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue
        if found:
            return found
    return None


def plain_json(text: str) -> str:
    """Return JSON5 without its comments and its commas before closing brackets."""
    keep = lambda match: match.group(1) or " "  # noqa: E731
    return _TRAILING_COMMA.sub(keep, _COMMENT.sub(keep, text))


def _spelt_alike(value: Any) -> Any:
    """Return it with keys that are in small letters, without spaces, dashes and underscores."""
    if isinstance(value, dict):
        return {re.sub(r"[ _-]", "", key).casefold(): _spelt_alike(inner) for key, inner in value.items()}
    return [_spelt_alike(inner) for inner in value] if isinstance(value, list) else value


def _declared(module: dict[str, Any]) -> list[Identity]:
    factory_vendor = module.get("factoryinfo", {}).get("vendor", "")
    classes = module["classes"]
    if len(classes) > _MOST_CLASSES:
        raise ValueError("more classes than any bundle has")
    return [
        checked_identity(
            identifier=re.sub("[-{} ]", "", declared["cid"]),
            name=declared["name"],
            vendor=declared.get("vendor") or factory_vendor,
            version=declared.get("version") or module.get("version", ""),
            category=_category(declared.get("subcategories", [])),
        )
        for declared in classes
        if declared["category"].strip().casefold() == _AUDIO_EFFECT
    ]


def _category(sub_categories: list[str] | str) -> str:
    return sub_categories if isinstance(sub_categories, str) else "|".join(sub_categories)
