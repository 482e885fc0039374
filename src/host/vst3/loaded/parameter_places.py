"""Places of a VST3's parameter, 0 to 1: where its texts are looked at, and which of them shows a number."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from itertools import pairwise

from .parameter_text import allowed_by, finite_in

SAME_PLACE = 1e-5
"""guard: two places of a parameter nearer than this are one: plugins keep their states as rounded texts."""

MOST_PLACES = 257  # derived: a 256th of the range at most from one to the next
_MOST_SECONDS = 0.5  # guard: for the places of one parameter
_MOST_BISECTIONS = 24
"""derived: halvings of a 256th: to less than a step of the 32-bit numbers that places are handed over in."""

TextAt = Callable[[float], str]
"""Text that the plugin shows for a place between 0 and 1."""

Samples = list[tuple[float, str]]
"""Places and their texts, in order."""


def sample_texts(text_at: TextAt, steps: int, default: float = 0.0) -> Samples:
    """Texts at up to `MOST_PLACES` places, ends first, ever finer until the time for it is used up.

    The default's is among them. Where a scale of numbers has words, the places beside each word follow, so
    that the scale is known to its ends.
    """
    count = min(steps, MOST_PLACES) if steps > 1 else MOST_PLACES
    limit = time.monotonic() + _MOST_SECONDS
    places = [0.0, 1.0, default]
    stride = (count - 1) // 2
    while stride >= 1:
        places += [step / (count - 1) for step in range(0, count, stride)]
        stride //= 2
    texts: dict[float, str] = {}
    for place in places:
        if place not in texts:
            texts[place] = text_at(place)
        if len(texts) > 2 and time.monotonic() > limit:
            break
    samples = sorted(texts.items())
    allowed = allowed_by(samples)
    if allowed.kind == "number" and allowed.words and not 1 < steps <= MOST_PLACES:
        samples = _with_edges(samples, text_at, limit)
    return samples


def _with_edges(samples: Samples, text_at: TextAt, limit: float) -> Samples:
    """Add the places at which numbers end and words begin, and the reverse."""
    found = dict(samples)
    for one, other in pairwise(samples):
        if (finite_in(one[1]) is None) != (finite_in(other[1]) is None):
            word, number = sorted((one, other), key=lambda sample: finite_in(sample[1]) is not None)
            found |= _edge(word[0], number[0], text_at, limit)
    return sorted(found.items())


def _edge(word: float, number: float, text_at: TextAt, limit: float) -> dict[float, str]:
    """Look at places between one with a word and one with a number, ever nearer to where the word begins."""
    found = {}
    # Not nearer than two places can be told apart: a move from the one to the other would be none.
    while abs(number - word) > 2 * SAME_PLACE and time.monotonic() < limit:
        middle = (word + number) / 2
        found[middle] = text_at(middle)
        if finite_in(found[middle]) is None:
            word = middle
        else:
            number = middle
    return found


def place_of_number(value: float, text_at: TextAt, own: float, samples: Samples) -> float:
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
        shown = finite_in(text_at(place))
        return math.inf if shown is None else abs(shown - value)

    best, error = own, miss(own)
    if error == 0:
        return own
    numbers = [(place, number) for place, text in samples if (number := finite_in(text)) is not None]
    for (left, low), (right, high) in pairwise(numbers):
        if not min(low, high) <= value <= max(low, high):
            continue
        for place in _around(value, left, right, rising=high >= low, text_at=text_at):
            if miss(place) < error:
                best, error = place, miss(place)
        if error == 0:
            break
    return best if best == own else _centre(best, text_at, samples)


def _around(value: float, left: float, right: float, *, rising: bool, text_at: TextAt) -> tuple[float, float]:
    """Return two places that enclose `value` closely, or show it."""
    for _ in range(_MOST_BISECTIONS):
        middle = (left + right) / 2
        shown = finite_in(text_at(middle))
        if shown is None:  # a word between two numbers that are neighbours
            break
        if shown == value:
            return middle, middle
        if (shown < value) == rising:
            left = middle
        else:
            right = middle
    return left, right


def _centre(place: float, text_at: TextAt, samples: Samples) -> float:
    """Return the middle of all places with the same text: what the rounded text stands for; or the end."""
    text = text_at(place)
    edges = []
    for end, beyond in (
        (0.0, [p for p, other in samples if p < place and other != text][-1:]),
        (1.0, [p for p, other in samples if p > place and other != text][:1]),
    ):
        if not beyond:
            return end
        inside, outside = place, beyond[0]
        for _ in range(_MOST_BISECTIONS):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if text_at(middle) == text else (inside, middle)
        edges.append(inside)
    return sum(edges) / 2
