"""What a VST3's parameter allows, told from the texts it shows.

A VST3 knows only places between 0 and 1 and the text of each; a range, words or a switch are read off
texts at a bounded number of places.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ...errors import ParameterError

SAME_PLACE = 1e-5
"""Two places of a parameter nearer than this are one: plugins keep their states as rounded texts."""

MOST_PLACES = 257
_MOST_SECONDS = 0.5
_MOST_WORDS = 64
_NUMBER = re.compile(
    r"([-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?inf)\s*([^\d\s]\D*)?", re.IGNORECASE
)
_ON = ("on", "yes", "true", "enabled")
_MOST_BISECTIONS = 40

TextAt = Callable[[float], str]
"""Text that the plugin shows for a place between 0 and 1."""


@dataclass(frozen=True)
class Allowed:
    """What a parameter allows.

    Attributes
    ----------
    kind
        ``"number"``, ``"word"`` or ``"switch"``.
    low, high
        Lowest and highest value of a number.
    words
        Words in the order of their places.
    places
        Place of each word.
    """

    kind: str
    low: float = 0.0
    high: float = 1.0
    words: tuple[str, ...] = ()
    places: tuple[float, ...] = ()


def is_on(word: str) -> bool:
    """Whether the text of a switch means on."""
    return word.strip().lower() in _ON


def number_in(text: str) -> float | None:
    """Return the number a text shows, kilo spelt out; None where it shows none."""
    match = _NUMBER.fullmatch(text.strip())
    if not match:
        return None
    value = float(match.group(1).replace(",", ""))
    return value * 1000 if (match.group(2) or "").strip().lower() == "khz" else value


def sample_texts(text_at: TextAt, steps: int) -> list[tuple[float, str]]:
    """Texts at up to `MOST_PLACES` places, ends first, ever finer until the time for it is used up."""
    count = min(steps, MOST_PLACES) if steps > 1 else MOST_PLACES
    limit = time.monotonic() + _MOST_SECONDS
    texts: dict[int, str] = {}
    stride = count - 1
    while stride >= 1:
        for step in range(0, count, stride):
            if step not in texts:
                texts[step] = text_at(step / (count - 1))
            if len(texts) > 2 and time.monotonic() > limit:
                return [(step / (count - 1), texts[step]) for step in sorted(texts)]
        stride = max(stride // 2, 1) if stride > 1 else 0
    return [(step / (count - 1), texts[step]) for step in sorted(texts)]


def allowed_by(samples: list[tuple[float, str]]) -> Allowed:
    """Tell what a parameter allows from its texts at several places."""
    words: dict[str, list[float]] = {}
    for place, text in samples:
        words.setdefault(text, []).append(place)
    numbers = [number_in(word) for word in words]
    if all(number is not None for number in numbers):
        finite = [number for number in numbers if number is not None]
        return Allowed("number", min(finite), max(finite))
    kind = "switch" if len(words) == 2 and sum(map(is_on, words)) == 1 else "word"
    middles = tuple(places[len(places) // 2] for places in words.values())
    return Allowed(kind, words=tuple(words), places=middles)


def value_of(text: str, allowed: Allowed) -> Any:
    """Return what a parameter's text means: a float, a word, or True or False."""
    if allowed.kind == "number":
        number = number_in(text)
        return text if number is None else number
    if allowed.kind == "switch":
        return is_on(text)
    return text


def place_of_number(value: float, text_at: TextAt, own: float, samples: list[tuple[float, str]]) -> float:
    """Return the place whose text shows `value` best.

    Parameters
    ----------
    value
        Number asked for.
    text_at
        The plugin's text for a place.
    own
        Where the plugin itself puts it; taken unless another place shows a number nearer to `value`.
    samples
        Texts at several places, in order.
    """

    def miss(place: float) -> float:
        shown = number_in(text_at(place))
        return math.inf if shown is None else abs(shown - value) if shown != value else 0.0

    best, error = own, miss(own)
    numbers = [(place, number_in(text)) for place, text in samples]
    for (left, low), (right, high) in pairwise(numbers):
        if error == 0:
            break
        if low is None or high is None or not min(low, high) <= value <= max(low, high):
            continue
        place = _bisect(value, left, right, rising=high >= low, text_at=text_at)
        if miss(place) < error:
            best, error = place, miss(place)
    return best


def _bisect(value: float, left: float, right: float, *, rising: bool, text_at: TextAt) -> float:
    for _ in range(_MOST_BISECTIONS):
        middle = (left + right) / 2
        shown = number_in(text_at(middle))
        if shown is None or shown == value:
            return middle
        if (shown < value) == rising:
            left = middle
        else:
            right = middle
    return right


def check(value: object, allowed: Allowed, where: str, unit: str) -> Any:
    """Return `value` in the parameter's own type; raises `ParameterError` naming what is allowed."""
    if allowed.kind == "number":
        if isinstance(value, str):
            number = number_in(value)
            value = value if number is None else number
        good = isinstance(value, int | float) and not isinstance(value, bool)
        # Texts are rounded: what the plugin shows at its end is allowed.
        if good and allowed.low <= float(value) <= allowed.high:  # type: ignore[arg-type]
            return float(value)  # type: ignore[arg-type]
        wanted = f"a number from {allowed.low:g} to {allowed.high:g} {unit}".rstrip()
    elif allowed.kind == "switch":
        if isinstance(value, bool):
            return value
        wanted = "True or False"
    else:
        if isinstance(value, str) and value in allowed.words:
            return value
        words = ", ".join(allowed.words[:_MOST_WORDS])
        wanted = f"one of {words}{', ...' if len(allowed.words) > _MOST_WORDS else ''}"
    raise ParameterError(f"{where}={_short(value)} is not allowed; it must be {wanted}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
