"""JSON from strangers: parsed strictly, refused in one short printable line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONGEST_LINE = 300


class StrictJsonError(ValueError):
    """What is wrong with a text; callers put the file's name before it."""


def parse_object(data: bytes, kind: str) -> Any:
    """Parse the bytes of a JSON file; `kind` says what it should have been: ``"a preset"``.

    Raises
    ------
    StrictJsonError
        Not UTF-8, not JSON, NaN or infinity, a name twice in one object, or nested too deeply.
    """
    try:
        return json.loads(
            data.decode("utf-8-sig"), parse_constant=_refuse_constant, object_pairs_hook=_refuse_doubles
        )
    except StrictJsonError:
        raise
    except UnicodeDecodeError:
        raise StrictJsonError(f"is not text in UTF-8; {kind} is a JSON file") from None
    except json.JSONDecodeError as error:
        raise StrictJsonError(f"is not JSON: {error.msg} in line {error.lineno}") from None
    except RecursionError:
        raise StrictJsonError("is nested too deeply") from None
    except ValueError as error:  # an integer of thousands of digits
        raise StrictJsonError(f"is not usable JSON: {error}") from None


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


def clip(text: str) -> str:
    """Return one printable line of bounded length, whatever a stranger wrote."""
    line = _CONTROL.sub(" ", text)
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 3] + "..."


def _refuse_constant(constant: str) -> None:
    raise StrictJsonError(f"holds {constant}, which is no number in JSON")


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise StrictJsonError(f"holds {short(key)} twice in one object")
        result[key] = value
    return result
