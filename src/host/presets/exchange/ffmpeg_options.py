"""The options of ffmpeg's filters: by name, alias or place, with its defaults and ways to write numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ....errors import PresetError
from ...storage.strict_json import short
from .ffmpeg_syntax import WrittenFilter

# source: libavutil's `av_strtod`: prefixes of SI, and levels in dB as factors
_PREFIXES = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "c": 1e-2, "d": 1e-1, "h": 1e2, "k": 1e3, "K": 1e3, "M": 1e6}
_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(dB|[numcdhkKM]?)", re.IGNORECASE)
_TRUE, _FALSE = ("1", "true", "yes", "on", "y", "enable"), ("0", "false", "no", "off", "n", "disable")


@dataclass(frozen=True)
class Option:
    """An option of a filter.

    Attributes
    ----------
    name, alias
        Both are one option; the alias may be empty.
    default
        As ffmpeg has it, written down.
    silent
        What it changes is nothing that is heard.
    """

    name: str
    alias: str
    default: str
    silent: bool = False


def options(*written: str) -> list[Option]:
    """Declare options in ffmpeg's order: ``"frequency f 3000"``; without an alias ``"level_in - 1"``.

    A ``~`` behind it marks what is not heard.
    """
    split = (one.split(" ") for one in written)
    return [
        Option(name, alias.strip("-"), default.removesuffix("~"), default.endswith("~"))
        for name, alias, default in split
    ]


@dataclass
class Given:
    """The options of one written filter.

    Attributes
    ----------
    values
        What was said, by the option's own name.
    notes
        What a person should know of how it was carried over.
    """

    known: list[Option]
    values: dict[str, str]
    notes: list[str] = field(default_factory=list)
    _used: set[str] = field(default_factory=set)

    def word(self, name: str) -> str:
        """Return an option as it was written, or ffmpeg's default."""
        self._used.add(name)
        return self.values.get(name) or next(one.default for one in self.known if one.name == name)

    def is_number(self, name: str) -> bool:
        """Whether an option is one, and no expression."""
        return _NUMBER.fullmatch(self.word(name).strip()) is not None

    def number(self, name: str) -> float:
        """Return an option that is a number; raises `PresetError`."""
        text = self.word(name)
        match = _NUMBER.fullmatch(text.strip())
        if match is None:
            raise PresetError(f"{name}={short(text)} is no number; write one out")
        value, unit = float(match[1]), match[2]
        if unit.lower() == "db":
            return float(10 ** (value / 20)) if abs(value) < 1000 else _beyond(name, text)
        return value * _PREFIXES[unit] if unit else value

    def positive(self, name: str) -> float:
        """Return an option that is a number over 0; raises `PresetError`."""
        value = self.number(name)
        if value <= 0:
            raise PresetError(f"{name}={short(self.word(name))} is not allowed; it must be over 0")
        return value

    def switch(self, name: str) -> bool:
        """Return an option that is on or off; raises `PresetError`."""
        text = self.word(name).lower()
        if text not in _TRUE + _FALSE:
            raise PresetError(f"{name}={short(text)} is not allowed; it must be 1 or 0")
        return text in _TRUE

    def note(self, text: str) -> None:
        """Say what a person should know."""
        self.notes.append(text)

    def unused(self) -> list[str]:
        """Names of the options that were said, are heard, and were not asked for."""
        heard = (one for one in self.known if not one.silent)
        return [
            one.name
            for one in heard
            if one.name in self.values and one.name not in self._used and self.values[one.name] != one.default
        ]


def _beyond(name: str, text: str) -> float:
    raise PresetError(f"{name}={short(text)} is beyond every level")


def given(written: WrittenFilter, known: list[Option]) -> Given:
    """Return what was said of a filter's options; raises `PresetError`."""
    names = {call: one.name for one in known for call in (one.name, one.alias) if call}
    values: dict[str, str] = {}
    for place, (key, value) in enumerate(written.options):
        if key is None and place >= len(known):
            raise PresetError(f"{short(value)} is one option more than it has")
        called = known[place].name if key is None else key
        if called not in names:
            raise PresetError(f"it has no option {short(called)}; it has {', '.join(o.name for o in known)}")
        values[names[called]] = value
    return Given(known, values)
