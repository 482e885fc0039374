"""What the page may say: each message's fields, and what they hold. All else is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...errors import StrictJsonError
from ..storage.strict_json import check_fields, has_control_characters, parse_object, short

MOST_BYTES = 1 << 16
"""guard: of one message."""
_MOST_TEXT = 256  # guard: characters
_MOST_SAMPLES = 1 << 53  # guard: what JavaScript counts exactly

Check = Callable[[Any], bool]


def _whole(low: int, high: int) -> Check:
    return lambda value: type(value) is int and low <= value <= high


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MOST_TEXT and not has_control_characters(value)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _setting(value: Any) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= _MOST_TEXT)


def _share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


_SAMPLE, _SEAT, _PLACE = _whole(0, _MOST_SAMPLES), _whole(0, 1 << 31), _whole(0, 1 << 10)

MESSAGES: Mapping[str, Mapping[str, Check]] = {
    "listen": {"start": _SAMPLE, "stop": _SAMPLE, "at": _SAMPLE},
    "at": {"position": _SAMPLE},
    "set": {"seat": _SEAT, "parameter": _text, "value": _setting},
    "turn": {"seat": _SEAT, "parameter": _text, "place": _share},
    "bypass": {"seat": _SEAT, "value": _flag},
    "mix": {"seat": _SEAT, "value": _share},
    "add": {"plugin": _text, "index": _PLACE},
    "remove": {"seat": _SEAT},
    "move": {"seat": _SEAT, "index": _PLACE},
    "solo": {"seat": _or_null(_SEAT)},
    "undo": {},
    "redo": {},
    "veto": {
        "stage": _text, "position": _SAMPLE, "length": _SAMPLE,
        "channel": _or_null(_whole(0, 255)), "value": _flag,
    },
    "print": {"start": _SAMPLE, "stop": _SAMPLE},
    "clear_prints": {},
    "load_preset": {"name": _text},
    "save_preset": {"name": _text, "overwrite": _flag},
    "save_decisions": {},
    "learn": {},
    "render": {},
    "cancel": {},
    "open": {"file": _text},
    "reference": {"file": _or_null(_text)},
}  # fmt: skip
"""Fields by message; every one must be there."""


def parse_message(data: str | bytes) -> dict[str, Any]:
    """Read one message; its name is in ``do``.

    Raises
    ------
    StrictJsonError
        Too long, not JSON, unknown, or a field is missing, unknown or holds what it may not.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > MOST_BYTES:
        raise StrictJsonError(f"a message holds at most {MOST_BYTES} bytes")
    message = parse_object(raw, "a message")
    if not isinstance(message, dict) or not isinstance(message.get("do"), str):
        raise StrictJsonError("a message is a JSON object whose 'do' says what is wanted")
    fields = MESSAGES.get(message["do"])
    if fields is None:
        raise StrictJsonError(f"there is no message {short(message['do'])}; there are {', '.join(MESSAGES)}")
    check_fields(message, message["do"], {"do", *fields}, fields)
    for name, check in fields.items():
        if not check(message[name]):
            raise StrictJsonError(f"{message['do']}: {name} may not be {short(message[name])}")
    return dict(message)
