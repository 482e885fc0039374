"""JSON that leaves the program: one encoder for what is printed, logged and written beside recordings."""

from __future__ import annotations

import enum
import json
import math
import os
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


def json_text(data: Any, *, indent: int | None = None, ascii_only: bool = False) -> str:
    """Write `data` as JSON that every reader takes, in text that UTF-8 can always hold.

    Parameters
    ----------
    data
        Numbers, strings, mappings and lists of them; NumPy's scalars and arrays, enumerations, paths and
        sets too. NaN and infinity, which JSON has no number for, become null.
    indent
        Blanks a level; None: one line.
    ascii_only
        Write everything beyond ASCII as JSON's own escapes, for output that is not UTF-8. File names that
        are not valid text in this system's encoding are always escaped.

    Raises
    ------
    TypeError
        `data` holds something that JSON has no word for.
    """
    text = json.dumps(plain(data), indent=indent, ensure_ascii=ascii_only, allow_nan=False)
    return _LONE_SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def plain(value: Any) -> Any:
    """Return `value` as JSON's own kinds: dict, list, str, int, float, bool, None; errors as `json_text`."""
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if isinstance(value, Mapping):
        return {_name(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no place in JSON: {value!r:.80}")


def _name(key: Any) -> str:
    name = plain(key)
    if not isinstance(name, str):
        raise TypeError(f"a name in a JSON object must be text, not {key!r:.80}")
    return name
