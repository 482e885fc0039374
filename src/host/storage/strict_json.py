"""JSON from strangers: parsed strictly, refused in one short printable line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from ...errors import StrictJsonError

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# source: Unicode UAX 9, embeddings, overrides and isolates: what is shown in another order than it stands
_NOT_SHOWN = re.compile(f"(?:{_CONTROL.pattern}|[\u202a-\u202e\u2066-\u2069]+)+")
_LONGEST_LINE = 300  # guard: of an error, which is one line
# guard: what a file says in memory: a value takes about 120 bytes at worst, however few it takes in the file.
_MOST_VALUES = 2_000_000
_MOST_NESTING = 64  # guard: of what is read by recursion
_MOST_DIGITS = 300  # guard: every whole number of so many is also a float
# A text up to its closing quote, or to the end where that is missing, so that none is looked at twice.
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_OPENING, _CLOSING = np.frombuffer(b"[{", np.uint8), np.frombuffer(b"]}", np.uint8)
_TOO_DEEP = f"is nested too deeply; at most {_MOST_NESTING} levels are read"


def parse_object(data: bytes, kind: str) -> Any:
    """Parse the bytes of a JSON file; `kind` says what it should have been: ``"a preset"``.

    Raises
    ------
    StrictJsonError
        Not UTF-8, not JSON, NaN or infinity, a number larger than any float, a name twice in one object,
        too many values, or nested too deeply.
    """
    _check_extent(data)
    try:
        return json.loads(
            data.decode("utf-8-sig"),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_whole,
            object_pairs_hook=_refuse_doubles,
        )
    except StrictJsonError:
        raise
    except UnicodeDecodeError:
        raise StrictJsonError(f"is not text in UTF-8; {kind} is a JSON file") from None
    except json.JSONDecodeError as error:
        raise StrictJsonError(f"is not JSON: {error.msg} in line {error.lineno}") from None
    except RecursionError:  # what only looks like JSON may nest unseen by `_check_extent`
        raise StrictJsonError(_TOO_DEEP) from None


def check_fields(data: Any, where: str, known: Iterable[str], needed: Iterable[str]) -> None:
    """Refuse anything but an object with the `known` fields, all the `needed` ones among them."""
    if not isinstance(data, dict):
        raise StrictJsonError(f"{where} must be a JSON object, not {short(data)}")
    allowed = set(known)
    for name in data:
        if name not in allowed:
            raise StrictJsonError(
                f"{where}: unknown field {short(name)}; known are {', '.join(sorted(allowed))}"
            )
    for name in sorted(needed):
        if name not in data:
            raise StrictJsonError(f"{where}: {name!r} is missing")


def has_control_characters(text: str) -> bool:
    """Whether `text` holds control characters other than line breaks and tabs."""
    return bool(_CONTROL.search(re.sub(r"[\n\t]", "", text)))


def short(value: Any) -> str:
    """Return any value as one printable line of bounded length."""
    return clip(repr(value))


def printable(text: str) -> str:
    """Return text without control characters, line breaks and changes of direction, whoever wrote it."""
    return _NOT_SHOWN.sub(" ", text)


def clip(text: str) -> str:
    """Return one printable line of bounded length, whatever a stranger wrote."""
    line = printable(text)
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 3] + "..."


def _check_extent(data: bytes) -> None:
    """Refuse what would take far more memory or depth than its bytes do, before anything is made of it."""
    bare = _TEXT.sub(b"", data)
    openings, commas = bare.count(b"[") + bare.count(b"{"), bare.count(b",")
    if openings + commas > _MOST_VALUES:
        raise StrictJsonError(f"holds more than {_MOST_VALUES} values; leave out what is not needed")
    if openings > _MOST_NESTING:
        letters = np.frombuffer(bare, np.uint8)
        steps = np.isin(letters, _OPENING).astype(np.int8) - np.isin(letters, _CLOSING).astype(np.int8)
        if np.cumsum(steps[steps != 0], dtype=np.int64).max() > _MOST_NESTING:
            raise StrictJsonError(_TOO_DEEP)


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise StrictJsonError(f"holds {clip(digits)}, which is beyond every number; at most 1.8e308 is read")
    return value


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise StrictJsonError(f"holds a number of {len(digits)} digits; at most {_MOST_DIGITS} are read")
    return int(digits)


def _refuse_constant(constant: str) -> None:
    raise StrictJsonError(f"holds {constant}, which is no number in JSON")


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise StrictJsonError(f"holds {short(key)} twice in one object")
        result[key] = value
    return result
