"""The kinds of parameters: declared once on a stage's class, everything else derived from it.

A parameter is a data descriptor, so that validation runs on construction and on every assignment::

    class Declick(RepairStage):
        id = "wavemend.declick"
        sensitivity: float = number(default=5.0, low=0.0, high=10.0, role="strength", doc="...")

Derived in `parametric`: the constructor, its signature and docs, checked assignment, JSON Schema, the
``parameters`` dict with pedalboard's fields. Here: text both ways (command line, sliders), places on a scale,
and the values that tests must see refused.
Ids never change and ranges never shrink; what older versions stored goes through ``upgrade``.
"""

from __future__ import annotations

import inspect
import math
import numbers
import sys
from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass, field
from types import SimpleNamespace
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    get_args,
    get_origin,
    get_type_hints,
)  # fmt: skip

from ..errors import ParameterError

if TYPE_CHECKING:
    from .parametric import Parametric

Scale = Literal["linear", "log"]
Role = Literal["", "strength", "output"]


@dataclass(frozen=True, repr=False)
class Parameter(ABC):
    """One parameter of a stage: what it is called, what it allows, what a host may do with it.

    Attributes
    ----------
    default
        The value of a new stage.
    doc
        One or two sentences for people, ending in a full stop.
    name
        Display name; derived from the id when empty.
    unit
        Unit of the value, as the id's suffix says it: ``"dB"``, ``"ms"``, ``"Hz"``.
    automatable
        May change while audio runs; takes effect at the next frame.
    restart
        A change restarts the stream, because latency or buffers depend on it.
    role
        ``"strength"``: what an intensity knob eases. ``"output"``: which signal comes out.
    id
        The attribute's name; stable for ever.
    """

    default: Any
    _: KW_ONLY
    doc: str
    name: str = ""
    unit: str = ""
    automatable: bool = True
    restart: bool = False
    role: Role = ""
    id: str = field(default="", init=False)

    def declare(self, owner: type, name: str) -> None:
        """Take the place `name` on `owner`; TypeError or `ParameterError` where the declaration is wrong."""
        object.__setattr__(self, "id", name)
        if not self.name:
            object.__setattr__(self, "name", display_name(name, self.unit))
        if self.restart:
            object.__setattr__(self, "automatable", False)
        if self.check(self.default, owner.__name__) != self.default:
            raise TypeError(f"{owner.__name__}.{name}: the default {self.default!r} is of another type")
        object.__setattr__(self, "__doc__", f"{self.doc}\n\n{self!r}")

    def __get__(self, instance: Parametric | None, owner: type) -> Any:
        return self if instance is None else instance._values[self.id]

    def __set__(self, instance: Parametric, value: object) -> None:
        instance._values[self.id] = self.check(value, type(instance).__name__)

    def __repr__(self) -> str:
        return f"<parameter {self.id}: {self.allowed()}; {self.text(self.default) or 'empty'} unless given>"

    @property
    @abstractmethod
    def annotation(self) -> Any:
        """Type of the value, as the constructor's signature shows it."""

    @abstractmethod
    def check(self, value: object, owner: str = "") -> Any:
        """Return `value` in the parameter's own type, or raise `ParameterError` naming what it allows."""

    @abstractmethod
    def to_raw(self, value: Any) -> float:
        """Place of `value` between 0 and 1 on the parameter's scale."""

    @abstractmethod
    def from_raw(self, raw: float) -> Any:
        """Value at place `raw` (0 to 1) on the parameter's scale."""

    @abstractmethod
    def parse(self, text: str) -> Any:
        """Value that a person wrote; the inverse of `text`. Raises `ParameterError`."""

    @abstractmethod
    def allowed(self) -> str:
        """Say what the parameter allows, for error messages and docs: ``"0 to 10 dB"``."""

    @abstractmethod
    def json_schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of the value."""

    @abstractmethod
    def bad_values(self) -> list[Any]:
        """Values that `check` must refuse; generated tests use them."""

    def text(self, value: Any) -> str:
        """Write `value` for people, with its unit."""
        return f"{value} {self.unit}".rstrip()

    def _without_unit(self, text: str) -> str:
        written = text.strip()
        if self.unit and written.lower().endswith(self.unit.lower()):
            written = written[: -len(self.unit)].rstrip()
        return written

    def _refuse(self, value: object, owner: str) -> ParameterError:
        where = f"{owner}.{self.id}" if owner else self.id
        written = repr(value) if not isinstance(value, int) or abs(value) < 1e15 else "a huge number"
        return ParameterError(f"{where}={written} is not allowed; it must be {self.allowed()}")

    def _described(self, schema: dict[str, Any]) -> dict[str, Any]:
        unit = {"x-unit": self.unit} if self.unit else {}
        return {"title": self.name, "description": self.doc, **schema, **unit, "default": self.default}


@dataclass(frozen=True, repr=False)
class Number(Parameter):
    """A real number between `low` and `high`, both allowed."""

    low: float = 0.0
    high: float = 1.0
    scale: Scale = "linear"

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise TypeError(f"low={self.low} must be below high={self.high}")
        if self.scale == "log" and self.low <= 0:
            raise TypeError(f"a log scale needs low > 0, not {self.low}")

    @property
    def annotation(self) -> Any:
        """See `Parameter.annotation`."""
        return float

    def check(self, value: object, owner: str = "") -> float:
        """See `Parameter.check`; any real number but a bool, NaN or infinity is refused by name."""
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise self._refuse(value, owner)
        try:
            result = float(value)
        except OverflowError:  # a whole number beyond every float
            raise self._refuse(value, owner) from None
        if not (math.isfinite(result) and self.low <= result <= self.high):
            raise self._refuse(value, owner)
        return result + 0.0  # -0.0 and 0.0 are one value, and must be one preset

    def to_raw(self, value: Any) -> float:
        """See `Parameter.to_raw`."""
        if self.scale == "log":
            return math.log(value / self.low) / math.log(self.high / self.low)
        return float((value - self.low) / (self.high - self.low))

    def from_raw(self, raw: float) -> Any:
        """See `Parameter.from_raw`; rounding never leaves the range, and 1 is the very end of it."""
        if raw == 1:
            return self.high
        if self.scale == "log":
            value = self.low * (self.high / self.low) ** raw
        else:
            value = self.low + raw * (self.high - self.low)
        return min(max(value, self.low), self.high)

    def parse(self, text: str) -> Any:
        """See `Parameter.parse`; the unit may be written or left out."""
        try:
            return self.check(float(self._without_unit(text)))
        except ValueError:
            raise self._refuse(text, "") from None

    def text(self, value: Any) -> str:
        """See `Parameter.text`."""
        return f"{value:.6g} {self.unit}".rstrip()

    def allowed(self) -> str:
        """See `Parameter.allowed`."""
        return f"a number from {self.low:g} to {self.high:g} {self.unit}".rstrip()

    def json_schema(self) -> dict[str, Any]:
        """See `Parameter.json_schema`."""
        return self._described({"type": "number", "minimum": self.low, "maximum": self.high})

    def bad_values(self) -> list[Any]:
        """See `Parameter.bad_values`."""
        beyond = [math.nextafter(self.low, -math.inf), math.nextafter(self.high, math.inf)]
        return [*beyond, math.nan, math.inf, -math.inf, True, "1", None, [1.0], 1j]


@dataclass(frozen=True, repr=False)
class Integer(Number):
    """A whole number between `low` and `high`, both allowed."""

    @property
    def annotation(self) -> Any:
        """See `Parameter.annotation`."""
        return int

    def check(self, value: object, owner: str = "") -> int:
        """See `Parameter.check`; 3.0 is taken as 3, because JSON writers may write it so."""
        result = super().check(value, owner)
        if result != int(result):
            raise self._refuse(value, owner)
        return int(result)

    def from_raw(self, raw: float) -> Any:
        """See `Parameter.from_raw`."""
        return round(super().from_raw(raw))

    def text(self, value: Any) -> str:
        """See `Parameter.text`; every digit, so that no whole number is another."""
        return f"{value:d} {self.unit}".rstrip()

    def allowed(self) -> str:
        """See `Parameter.allowed`."""
        return f"a whole number from {self.low:g} to {self.high:g} {self.unit}".rstrip()

    def json_schema(self) -> dict[str, Any]:
        """See `Parameter.json_schema`."""
        return {**super().json_schema(), "type": "integer"}

    def bad_values(self) -> list[Any]:
        """See `Parameter.bad_values`."""
        return [self.low - 1, self.high + 1, self.low + 0.5, math.nan, math.inf, True, "1", None]


@dataclass(frozen=True, repr=False)
class Choice(Parameter):
    """One of a few words, which stand once: in the attribute's annotation, where type checkers read them."""

    options: tuple[str, ...] = field(default=(), init=False)

    def declare(self, owner: type, name: str) -> None:
        """See `Parameter.declare`; the annotation must be a `Literal` of words."""
        words = _annotated_words(owner, name)
        if not words:
            raise TypeError(
                f"{owner.__name__}.{name}: annotate it with its words, as Literal['fast', 'best']"
            )
        object.__setattr__(self, "options", words)
        super().declare(owner, name)

    @property
    def annotation(self) -> Any:
        """See `Parameter.annotation`."""
        return Literal[self.options]

    def check(self, value: object, owner: str = "") -> str:
        """See `Parameter.check`."""
        if not isinstance(value, str) or value not in self.options:
            raise self._refuse(value, owner)
        return str(value)

    def to_raw(self, value: Any) -> float:
        """See `Parameter.to_raw`."""
        return self.options.index(value) / max(len(self.options) - 1, 1)

    def from_raw(self, raw: float) -> Any:
        """See `Parameter.from_raw`."""
        return self.options[round(raw * (len(self.options) - 1))]

    def parse(self, text: str) -> Any:
        """See `Parameter.parse`."""
        return self.check(self._without_unit(text))

    def allowed(self) -> str:
        """See `Parameter.allowed`."""
        return "one of " + ", ".join(self.options)

    def json_schema(self) -> dict[str, Any]:
        """See `Parameter.json_schema`."""
        return self._described({"enum": list(self.options)})

    def bad_values(self) -> list[Any]:
        """See `Parameter.bad_values`."""
        return ["", self.options[0] + "?", self.options[0].upper() + "_", 0, None, True]


@dataclass(frozen=True, repr=False)
class Switch(Parameter):
    """On or off."""

    _TRUE: ClassVar = ("on", "true", "yes", "1")
    _FALSE: ClassVar = ("off", "false", "no", "0")

    @property
    def annotation(self) -> Any:
        """See `Parameter.annotation`."""
        return bool

    def check(self, value: object, owner: str = "") -> bool:
        """See `Parameter.check`; only a bool is one, so that 0.3 is not quietly on."""
        if type(value).__name__ not in ("bool", "bool_"):  # numpy's bool is no subclass of bool
            raise self._refuse(value, owner)
        return bool(value)

    def to_raw(self, value: Any) -> float:
        """See `Parameter.to_raw`."""
        return float(value)

    def from_raw(self, raw: float) -> Any:
        """See `Parameter.from_raw`."""
        return raw >= 0.5

    def parse(self, text: str) -> Any:
        """See `Parameter.parse`."""
        written = text.strip().lower()
        if written not in self._TRUE + self._FALSE:
            raise self._refuse(text, "")
        return written in self._TRUE

    def text(self, value: Any) -> str:
        """See `Parameter.text`."""
        return "on" if value else "off"

    def allowed(self) -> str:
        """See `Parameter.allowed`."""
        return "on or off (True or False)"

    def json_schema(self) -> dict[str, Any]:
        """See `Parameter.json_schema`."""
        return self._described({"type": "boolean"})

    def bad_values(self) -> list[Any]:
        """See `Parameter.bad_values`."""
        return [0, 1, 0.5, "on", None]


def number(
    *, default: float, low: float, high: float, doc: str, scale: Scale = "linear", **described: Any
) -> Any:
    """Declare a real-valued parameter; the fields are those of `Parameter` and `Number`."""
    return Number(float(default), low=low, high=high, doc=doc, scale=scale, **described)


def integer(*, default: int, low: int, high: int, doc: str, **described: Any) -> Any:
    """Declare a whole-number parameter; the fields are those of `Parameter` and `Integer`."""
    return Integer(default, low=low, high=high, doc=doc, **described)


def choice(*, default: str, doc: str, **described: Any) -> Any:
    """Declare a parameter that is one of a few words, those of its annotation; fields as in `Parameter`.

    ::

        quality: Literal["fast", "best"] = choice(default="fast", doc="...")
    """
    return Choice(default, doc=doc, **described)


def switch(*, default: bool, doc: str, **described: Any) -> Any:
    """Declare an on/off parameter; the fields are those of `Parameter`."""
    return Switch(default, doc=doc, **described)


def display_name(identifier: str, unit: str) -> str:
    """Words for an id, its unit's suffix left out: ``max_length_ms`` in ms is "Max length"."""
    words = identifier.split("_")
    if len(words) > 1 and unit and words[-1].lower() == unit.lower().split("/")[0]:
        words = words[:-1]
    return " ".join(words).capitalize()


def _annotated_words(owner: type, name: str) -> tuple[str, ...]:
    """Return the words of an attribute's ``Literal`` annotation, written as text or not; () for others."""
    alone = SimpleNamespace(__annotations__={name: inspect.get_annotations(owner).get(name)})
    module = sys.modules.get(owner.__module__)
    try:
        hint = get_type_hints(alone, vars(module) if module else {}, dict(vars(owner)))[name]
    except NameError as error:
        raise TypeError(f"{owner.__name__}.{name}: its annotation cannot be read: {error}") from None
    words = get_args(hint) if get_origin(hint) is Literal else ()
    return words if all(isinstance(word, str) for word in words) else ()
