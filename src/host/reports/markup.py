"""HTML and SVG as text: whatever comes from a file is escaped, and here alone is text made into markup."""

from __future__ import annotations

import html
from collections.abc import Iterable

from ..storage.strict_json import printable

_LONG_NAME = 24  # tuned: by eye, 2026-11-30; letters from which on a row's name may break anywhere


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()

    def __add__(self, other: str) -> Markup:
        return Markup(str(self) + str(text(other)))


def text(words: object) -> Markup:
    """Return words as they are shown: escaped, without control characters or changes of direction."""
    if isinstance(words, Markup):
        return words
    clean = (
        printable(str(words)).encode("utf-8", "backslashreplace").decode("utf-8")
    )  # names that are no text
    return Markup(html.escape(clean))


def element(name: str, /, *inside: object, **attributes: object) -> Markup:
    """Return an element; ``class_`` is the attribute ``class``, and None leaves an attribute out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{given}>{''.join(text(one) for one in inside)}</{name}>")


def void(name: str, /, **attributes: object) -> Markup:
    """Return an element that holds nothing and has no end."""
    return Markup(element(name, **attributes).removesuffix(f"</{name}>"))


def joined(parts: Iterable[object]) -> Markup:
    """Return parts one after another."""
    return Markup("".join(text(one) for one in parts))


def table(
    caption: str,
    heads: Iterable[object],
    rows: Iterable[Iterable[object]],
    *,
    numbers: Iterable[int] = (),
    kept: Iterable[int] = (),
) -> Markup:
    """Return a table with a caption; the first cell of each row heads it.

    Columns of `numbers` are set to the right, those that are `kept` are never broken into lines.
    """
    kinds = dict.fromkeys(numbers, "n") | dict.fromkeys(kept, "k")

    def cell(index: int, inside: object) -> Markup:
        if index == 0:
            return element("th", inside, scope="row", class_="f" if len(str(inside)) > _LONG_NAME else None)
        return element("td", inside, class_=kinds.get(index))

    head = joined(element("th", one, scope="col", class_=kinds.get(index)) for index, one in enumerate(heads))
    body = joined(element("tr", *(cell(index, one) for index, one in enumerate(row))) for row in rows)
    inside = element("caption", caption) + element("thead", element("tr", head)) + element("tbody", body)
    return element("div", element("table", inside), class_="wide")
