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
_MOST_BYTES = 4 * 2**20
_AUDIO_EFFECT = "Audio Module Class"
_STRING = r'"(?:[^"\\]|\\.)*"'
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"({_STRING})|,(?=\s*[\]}}])", re.DOTALL)


def identities(bundle: Path) -> list[Identity] | None:
    """Every audio plugin that the bundle declares; None where it declares nothing usable."""
    for place in _PLACES:
        path = bundle / place
        try:
            if path.stat().st_size > _MOST_BYTES:
                return None
            text = path.read_text(encoding="utf-8-sig")
            declared = json.loads(plain_json(text))
            found = list(_declared(declared))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue
        if found:
            return found
    return None


def plain_json(text: str) -> str:
    """Return JSON5 without its comments and its commas before closing brackets."""
    keep = lambda match: match.group(1) or " "  # noqa: E731
    return _TRAILING_COMMA.sub(keep, _COMMENT.sub(keep, text))


def _declared(module: dict[str, Any]) -> list[Identity]:
    factory_vendor = module.get("Factory Info", {}).get("Vendor", "")
    return [
        checked_identity(
            identifier=declared["CID"].replace("-", ""),
            name=declared["Name"],
            vendor=declared.get("Vendor") or factory_vendor,
            version=declared.get("Version") or module.get("Version", ""),
            category="|".join(declared.get("Sub Categories", [])),
        )
        for declared in module["Classes"]
        if declared["Category"] == _AUDIO_EFFECT
    ]
