"""ffmpeg's notation of filter chains, taken apart as ffmpeg does.

Quotes and backslashes are taken off twice, of a filter's options as a whole and of each value: FFmpeg,
"ffmpeg-filters", "Notes on filtergraph escaping"; `av_get_token` and `av_opt_get_key_value` of libavutil 57.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ....errors import PresetError
from ...storage.strict_json import short

_BLANKS = " \n\t\r"
_KEY = re.compile(r"[ \n\t\r]*([A-Za-z0-9_./-]+)[ \n\t\r]*=")
_LABEL = re.compile(r"[ \n\t\r]*\[[^\[\]]*\]")


@dataclass(frozen=True)
class WrittenFilter:
    """One filter as it was written.

    Attributes
    ----------
    name
        Of the filter, without the instance's own after an ``@``.
    options
        Key, or None where the place says which, and value.
    text
        All of it, as it stood there.
    """

    name: str
    options: list[tuple[str | None, str]]
    text: str


def parse_filters(text: str) -> list[WrittenFilter]:
    """Take a chain of filters apart.

    Labels of a stream may stand at its two ends: ``[0:a]highpass=f=80[voice]``.

    Raises
    ------
    PresetError
        It is none, or several chains.
    """
    at = _after_labels(text, 0)
    found: list[WrittenFilter] = []
    while True:
        begin = at
        name, at = _token(text, at, "=,;[")
        written = ""
        if text[at : at + 1] == "=":
            written, at = _token(text, at + 1, "[],;")
        shown = text[begin:at].strip(_BLANKS)
        if not name:
            raise PresetError(f"filter {len(found) + 1} has no name: {short(shown)}")
        found.append(WrittenFilter(name.partition("@")[0], _options(written), shown))
        at = _after_labels(text, at)
        if at == len(text):
            return found
        if text[at] != ",":
            what = "several chains" if text[at] == ";" else f"{short(text[at:])}"
            raise PresetError(f"{what} after {short(shown)}; give one chain of filters, a comma between two")
        at += 1


def _token(text: str, at: int, ends: str) -> tuple[str, int]:
    """Read up to one of `ends`, without quotes and escapes; return that and where it ended."""
    while at < len(text) and text[at] in _BLANKS:
        at += 1
    letters: list[str] = []
    kept = 0  # so many letters were quoted, or stand before such: no blanks to be cut off
    while at < len(text) and text[at] not in ends:
        if text[at] == "\\" and at + 1 < len(text):
            letters.append(text[at + 1])
            at, kept = at + 2, len(letters)
        elif text[at] == "'":
            close = text.find("'", at + 1)
            if close < 0:
                raise PresetError(f"a quote is not closed: {short(text[at:])}")
            letters += text[at + 1 : close]
            at, kept = close + 1, len(letters)
        else:
            letters.append(text[at])
            at += 1
    while len(letters) > kept and letters[-1] in _BLANKS:
        letters.pop()
    return "".join(letters), at


def _after_labels(text: str, at: int) -> int:
    while label := _LABEL.match(text, at):
        at = label.end()
    while at < len(text) and text[at] in _BLANKS:
        at += 1
    return at


def _options(text: str) -> list[tuple[str | None, str]]:
    found: list[tuple[str | None, str]] = []
    at = 0
    while at < len(text):
        key = _KEY.match(text, at)
        value, at = _token(text, key.end() if key else at, ":")
        if key is None and any(name is not None for name, _ in found):
            raise PresetError(f"{short(value)} stands after options with names, and needs one too")
        found.append((key[1] if key else None, value))
        at += 1
    return found
