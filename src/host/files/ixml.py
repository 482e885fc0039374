"""What an iXML chunk (iXML 3.01) says of samples, kept true where they changed; all else stays to the byte.

Its copy of a coding history gets the line of the new samples, loudness that was measured before goes, times
follow a trim, and the file gets an identifier of its own that names the old one as its parent's.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape

from .change import Change, Cut

_MOST_BYTES = 4 << 20  # guard: of a chunk that is parsed
_START_TAG = re.compile(rb"""<(?:"[^"]*"|'[^']*'|[^>"'])*>""")
_NUMBER = re.compile(rb"\s*\d{1,20}\s*")
_MEASURED = (
    "LOUDNESS_VALUE", "LOUDNESS_RANGE", "MAX_TRUE_PEAK_LEVEL", "MAX_MOMENTARY_LOUDNESS",
    "MAX_SHORT_TERM_LOUDNESS",
)  # fmt: skip
_LOUDNESS = frozenset(f"BEXT/BWF_{name}" for name in _MEASURED) | {f"LOUDNESS/{name}" for name in _MEASURED}
_HISTORY, _BITS = "BEXT/BWF_CODING_HISTORY", "SPEED/AUDIO_BIT_DEPTH"
_REFERENCE = ("BEXT/BWF_TIME_REFERENCE_HIGH", "BEXT/BWF_TIME_REFERENCE_LOW")
_TIMESTAMP = ("SPEED/TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI", "SPEED/TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO")
_POINT = "SYNC_POINT_LIST/SYNC_POINT"


class _Element(NamedTuple):
    """An element: its path below the root, and where it and what is in it begin and end, in bytes."""

    path: str
    begin: int
    inner: int
    inner_end: int
    end: int


def renewed_ixml(payload: bytes, change: Change) -> tuple[bytes, list[str]]:
    """Return what an iXML chunk may say of samples that changed, and what is to be told of it.

    Parameters
    ----------
    payload
        The chunk as it came; one that is no XML in UTF-8 stays so.
    change
        What was done.
    """
    try:
        document = _Document(payload.rstrip(b"\0"))
        told = _renew(document, change)
    except (expat.ExpatError, ValueError) as error:
        reason = " ".join(str(error).split())
        return payload, [f"chunk 'iXML' says what it said of the old samples: it cannot be read ({reason})"]
    return document.edited() or payload, told


class _Document:
    """The elements of an iXML chunk, and what is to be put in their places."""

    def __init__(self, xml: bytes) -> None:
        if len(xml) > _MOST_BYTES:
            raise ValueError(f"it has {len(xml) >> 20} MB; at most {_MOST_BYTES >> 20} MB are read")
        if b"\0" in xml:
            raise ValueError("it is not in UTF-8")
        self.xml = xml
        self.elements: list[_Element] = []
        self._above: list[tuple[str, int, int]] = []
        self._edits: list[tuple[int, int, bytes]] = []
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._start, self._end
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.Parse(xml, True)
        later_first = sorted(self.elements, key=lambda one: one.begin, reverse=True)
        self._first = {one.path: one for one in later_first}

    def _start(self, name: str, _: object) -> None:
        begin = self._parser.CurrentByteIndex
        tag = _START_TAG.match(self.xml, begin)
        if tag is None:
            raise ValueError("it is not in UTF-8")
        path = "" if not self._above else f"{self._above[-1][0]}/{name}".lstrip("/")
        self._above.append((path, begin, tag.end()))

    def _end(self, _: str) -> None:
        path, begin, inner = self._above.pop()
        is_one_tag = self.xml[inner - 2 : inner] == b"/>"
        inner_end = inner if is_one_tag else self._parser.CurrentByteIndex
        end = inner if is_one_tag else self.xml.index(b">", inner_end) + 1
        self.elements.append(_Element(path, begin, inner, inner_end, end))

    def _refuse(self, *_: object) -> None:
        raise ValueError("it declares a document type")

    def get(self, path: str) -> _Element | None:
        """Return the first element of a path."""
        return self._first.get(path)

    def inside(self, one: _Element) -> bytes:
        """Return what is in an element, as it stands there."""
        return self.xml[one.inner : one.inner_end]

    def number(self, one: _Element | None) -> int | None:
        """Return the whole number in an element; None where there is none."""
        text = self.inside(one) if one else b""
        return int(text) if _NUMBER.fullmatch(text) else None

    def put(self, one: _Element, text: str) -> None:
        """Replace what is in an element."""
        name = one.path.split("/")[-1]
        if one.inner == one.end:  # an empty one in one tag
            self.insert(one.begin, one.end, f"<{name}>{text}</{name}>")
        else:
            self.insert(one.inner, one.inner_end, text)

    def insert(self, begin: int, end: int, text: str) -> None:
        """Replace what stands between two places."""
        self._edits.append((begin, end, text.encode("utf-8")))

    def edited(self) -> bytes:
        """Return the whole with all replacements; empty where there are none."""
        pieces, at = [], 0
        for begin, end, text in sorted(self._edits):
            pieces += [self.xml[at:begin], text]
            at = end
        return b"".join([*pieces, self.xml[at:]]) if pieces else b""


def _renew(document: _Document, change: Change) -> list[str]:
    history, depth = document.get(_HISTORY), document.get(_BITS)
    if history and change.history:
        before = document.inside(history).decode("utf-8").rstrip("\r\n")
        document.put(history, "\n".join([*filter(None, [before]), escape(change.history), ""]))
    if depth and document.number(depth) not in (None, change.bits):
        document.put(depth, str(change.bits))
    _name(document, change)
    if change.cut:
        _move(document, change.cut, change.sample_rate)
    measured = [one for one in document.elements if one.path in _LOUDNESS and document.inside(one).strip()]
    for one in measured:
        document.insert(one.begin, one.end, "")
    return ["loudness in chunk 'iXML': left out, because the samples changed"] if measured else []


def _name(document: _Document, change: Change) -> None:
    """Give the file an identifier of its own; the one that it had becomes its parent's."""
    own = document.get("FILE_UID")
    was = document.inside(own).decode("utf-8").strip() if own else ""
    if own is None or not was:
        return
    document.put(own, str(change.uid))
    said = f"<PARENT_UID>{was}</PARENT_UID>"
    parent, history, root = (document.get(path) for path in ("HISTORY/PARENT_UID", "HISTORY", ""))
    if parent:
        document.put(parent, was)
    elif history and history.inner < history.end:
        document.insert(history.inner_end, history.inner_end, said)
    elif history:
        document.put(history, said)
    elif root:
        document.insert(root.inner_end, root.inner_end, f"<HISTORY>{said}</HISTORY>")


def _move(document: _Document, cut: Cut, sample_rate: int) -> None:
    """Move times of day by what was cut off, and points that count from the file's beginning."""
    stamp_rate = document.number(document.get("SPEED/TIMESTAMP_SAMPLE_RATE")) or sample_rate
    for paths, rate in ((_REFERENCE, sample_rate), (_TIMESTAMP, stamp_rate)):
        high, low = map(document.get, paths)
        _move_pair(document, high, low, round(cut.start * rate / sample_rate), None)
    parts: dict[str, _Element] = {}
    for one in document.elements:  # what is in a point comes before it
        parts[one.path.removeprefix(f"{_POINT}/SYNC_POINT_")] = one
        if one.path == _POINT:
            kind = parts.get("TYPE")
            if kind and document.inside(kind).strip() == b"RELATIVE":
                _move_pair(document, parts.get("HIGH"), parts.get("LOW"), 0, cut)
            parts = {}


def _move_pair(
    document: _Document, high: _Element | None, low: _Element | None, later: int, cut: Cut | None
) -> None:
    """Move a position of two numbers of 32 bits: to a later time of day, or to its place in what is kept."""
    value = document.number(low)
    if low is None or value is None:
        return
    value += (document.number(high) or 0) << 32
    value = (cut.place(value) if cut else value + later) % 2**64
    document.put(low, str(value & 0xFFFFFFFF))
    if high:
        document.put(high, str(value >> 32))
