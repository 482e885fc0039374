"""What a VST3's parameter allows, told from the texts it shows.

A VST3 knows only places between 0 and 1 and the text of each; a range, words or a switch are read off
texts at a bounded number of places, see `parameter_places`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ....errors import ParameterError

_MOST_WORDS = 64  # guard: of one parameter
_NUMBER = re.compile(
    r"([-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?inf)\s*([^\d\s]\D*)?", re.IGNORECASE
)
_ON = ("on", "yes", "true", "enabled")


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
        Words in the order of their places; those that a number has beside its range, such as ``"Off"``.
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


def finite_in(text: str) -> float | None:
    """Return the number a text shows; None for words, and for infinity, which no range leads to."""
    number = number_in(text)
    return number if number is not None and math.isfinite(number) else None


def allowed_by(samples: list[tuple[float, str]]) -> Allowed:
    """Tell what a parameter allows from its texts at several places, in order."""
    texts: dict[str, list[float]] = {}
    for place, text in samples:
        texts.setdefault(text, []).append(place)
    if _is_range(samples, texts):
        numbers = [number for text in texts if (number := finite_in(text)) is not None]
        words = [text for text in texts if finite_in(text) is None]
        return Allowed("number", min(numbers), max(numbers), tuple(words), _places_of(words, texts))
    kind = "switch" if len(texts) == 2 and sum(map(is_on, texts)) == 1 else "word"
    return Allowed(kind, words=tuple(texts), places=_places_of(texts, texts))


def _is_range(samples: list[tuple[float, str]], texts: Iterable[str]) -> bool:
    """Whether the texts are numbers, or a scale of numbers with a few words at its ends or on its way.

    With words among them, numbers that go up and down again, or that are told apart by what follows them
    (``"20 L"`` and ``"20 R"``), are a choice of texts.
    """
    numbers = {number for text in texts if (number := finite_in(text)) is not None}
    words = sum(number_in(text) is None for text in texts)
    if not words:
        return bool(numbers)
    on_the_way = [(number, text) for _, text in samples if (number := finite_in(text)) is not None]
    steps = [after - before for (before, _), (after, _) in pairwise(on_the_way)]
    one_way = all(step >= 0 for step in steps) or all(step <= 0 for step in steps)
    told_apart = {(number, _unit(text)) for number, text in on_the_way}
    return len(numbers) > max(words, 1) and one_way and len(told_apart) == len(numbers)


def _unit(text: str) -> str:
    match = _NUMBER.fullmatch(text.strip())
    unit = (match.group(2) or "").strip().lower() if match else ""
    return "hz" if unit == "khz" else unit


def _places_of(words: Iterable[str], texts: dict[str, list[float]]) -> tuple[float, ...]:
    """One place of each word: an end where it has one, else in the middle."""
    places = []
    for word in words:
        known = texts[word]
        end = next((place for place in (0.0, 1.0) if place in known), None)
        places.append(known[len(known) // 2] if end is None else end)
    return tuple(places)


def value_of(text: str, allowed: Allowed) -> Any:
    """Return what a parameter's text means: a float, a word, or True or False."""
    if allowed.kind == "number":
        number = number_in(text)
        return text if number is None else number
    if allowed.kind == "switch":
        return is_on(text)
    return text


def check(value: object, allowed: Allowed, where: str, unit: str) -> Any:
    """Return `value` in the parameter's own type; raises `ParameterError` naming what is allowed.

    Texts are rounded: what the plugin shows at its ends is allowed.
    """
    if allowed.kind == "switch":
        if isinstance(value, bool):
            return value
        wanted = "True or False"
    else:
        if (word := _word_for(value, allowed)) is not None:
            return word
        number = _number_for(value) if allowed.kind == "number" else None
        if number is not None and allowed.low <= number <= allowed.high:
            return number
        wanted = described(allowed, unit)
    raise ParameterError(f"{where}={_short(value)} is not allowed; it must be {wanted}")


def described(allowed: Allowed, unit: str) -> str:
    """Say what a number or a choice allows, after "it must be"."""
    words = [repr(word) for word in allowed.words] if allowed.kind == "number" else list(allowed.words)
    listed = ", ".join(words[:_MOST_WORDS]) + (", ..." if len(words) > _MOST_WORDS else "")
    if allowed.kind == "word":
        return f"one of {listed}"
    numbers = f"a number from {allowed.low:g} to {allowed.high:g} {unit}".rstrip()
    return numbers + (f", or {'one of ' if len(words) > 1 else ''}{listed}" if words else "")


def _number_for(value: object) -> float | None:
    if isinstance(value, str):
        return number_in(value)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _word_for(value: object, allowed: Allowed) -> str | None:
    """Return the word that was said, or that alone shows the number that was said: infinity, say."""
    if isinstance(value, str):
        said = [word for word in allowed.words if word == value] or [
            word for word in allowed.words if word.strip() == value.strip()
        ]
    else:
        number = _number_for(value)
        said = [word for word in allowed.words if number is not None and number_in(word) == number]
    return said[0] if len(said) == 1 else None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
