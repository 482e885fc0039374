"""The parameter schema: declared once on a stage's class, everything else derived from it.

A parameter is a data descriptor, so that validation runs on construction and on every assignment::

    class Declick(RepairStage):
        id = "wavemend.declick"
        sensitivity: float = number(default=5.0, low=0.0, high=10.0, role="strength", doc="...")

Derived here: the ``parameters`` dict with pedalboard's fields, JSON Schema, text conversion both ways
(command line, sliders), rows for the docs' tables, and the values that tests must see refused.
Ids never change and ranges never shrink; what older versions stored goes through ``upgrade``.
"""

from __future__ import annotations

import difflib
import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, dataclass_transform

from ..errors import ParameterError, UnknownParameterError

if TYPE_CHECKING:
    from .bound_parameter import BoundParameter

Scale = Literal["linear", "log"]
Role = Literal["", "strength", "output"]


@dataclass(frozen=True)
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

    def __set_name__(self, owner: type, name: str) -> None:
        object.__setattr__(self, "id", name)
        if not self.name:
            object.__setattr__(self, "name", display_name(name, self.unit))
        if self.restart:
            object.__setattr__(self, "automatable", False)
        if self.check(self.default, owner.__name__) != self.default:
            raise TypeError(f"{owner.__name__}.{name}: the default {self.default!r} is of another type")

    def __get__(self, instance: Parametric | None, owner: type) -> Any:
        return self if instance is None else instance._values[self.id]

    def __set__(self, instance: Parametric, value: object) -> None:
        instance._values[self.id] = self.check(value, type(instance).__name__)

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


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Integer(Number):
    """A whole number between `low` and `high`, both allowed."""

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


@dataclass(frozen=True)
class Choice(Parameter):
    """One of a few words."""

    options: tuple[str, ...] = ()

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


@dataclass(frozen=True)
class Switch(Parameter):
    """On or off."""

    _TRUE: ClassVar = ("on", "true", "yes", "1")
    _FALSE: ClassVar = ("off", "false", "no", "0")

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


def choice(*, default: str, options: Sequence[str], doc: str, **described: Any) -> Any:
    """Declare a parameter that is one of a few words; the fields are those of `Parameter`."""
    return Choice(default, options=tuple(options), doc=doc, **described)


def switch(*, default: bool, doc: str, **described: Any) -> Any:
    """Declare an on/off parameter; the fields are those of `Parameter`."""
    return Switch(default, doc=doc, **described)


def display_name(identifier: str, unit: str) -> str:
    """Words for an id, its unit's suffix left out: ``max_length_ms`` in ms is "Max length"."""
    words = identifier.split("_")
    if len(words) > 1 and unit and words[-1].lower() == unit.lower().split("/")[0]:
        words = words[:-1]
    return " ".join(words).capitalize()


def vars_of(instance: object, name: str) -> object:
    """Return what the instance's class holds under `name`, or None, without triggering descriptors."""
    return next((vars(base)[name] for base in type(instance).__mro__ if name in vars(base)), None)


@dataclass_transform(kw_only_default=True, field_specifiers=(number, integer, choice, switch))
class Parametric:
    """Anything with parameters: keyword constructor, checked assignment, equality by value."""

    schema: ClassVar[Mapping[str, Parameter]] = MappingProxyType({})
    version: ClassVar[int] = 1

    def __init_subclass__(cls, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        found = {**cls.schema, **{k: v for k, v in vars(cls).items() if isinstance(v, Parameter)}}
        cls.schema = MappingProxyType(found)

    def __init__(self, /, **values: Any) -> None:
        object.__setattr__(self, "_values", {name: p.default for name, p in self.schema.items()})
        for name, value in values.items():
            if name not in self.schema:
                raise UnknownParameterError(self._unknown(name))
            setattr(self, name, value)

    _values: dict[str, Any]

    def __setattr__(self, name: str, value: object) -> None:
        own = name in self.schema or name.startswith("_") or isinstance(vars_of(self, name), property)
        if not own:
            raise UnknownParameterError(self._unknown(name))
        super().__setattr__(name, value)

    def values(self) -> dict[str, Any]:
        """Every parameter's value by id, in the order of declaration."""
        return dict(self._values)

    @property
    def parameters(self) -> dict[str, BoundParameter]:
        """Parameter objects by id, as pedalboard's plugins have them."""
        from .bound_parameter import BoundParameter  # noqa: PLC0415 - it is made of parameters

        return {name: BoundParameter(self, parameter) for name, parameter in self.schema.items()}

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """JSON Schema (2020-12) of the object that `values` gives."""
        properties = {name: parameter.json_schema() for name, parameter in cls.schema.items()}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    @classmethod
    def upgrade(cls, version: int, values: dict[str, Any]) -> dict[str, Any]:
        """Translate `values` that version `version` of this stage stored, so that they sound the same."""
        return values

    @classmethod
    def parameter_table(cls) -> Iterator[tuple[str, str, str, str]]:
        """Rows for docs and help: id, default, what is allowed, what it does."""
        for name, parameter in cls.schema.items():
            yield name, parameter.text(parameter.default), parameter.allowed(), parameter.doc

    @classmethod
    def _unknown(cls, name: str) -> str:
        near = difflib.get_close_matches(name, cls.schema, n=1)
        known = f"did you mean {near[0]}?" if near else f"it has {', '.join(cls.schema) or 'none'}"
        return f"{cls.__name__} has no parameter {name!r}; {known}"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values == other._values

    __hash__ = None  # type: ignore[assignment]  # settings change, so they cannot be keys

    def __repr__(self) -> str:
        values = " ".join(f"{name}={value!r}" for name, value in self._values.items())
        package = type(self).__module__.partition(".")[0]
        return f"<{package}.{type(self).__name__} {values}>".replace(" >", ">")

    def copy(self) -> Self:
        """Return an independent object with the same settings."""
        duplicate = type(self).__new__(type(self))
        duplicate.__setstate__(self.__getstate__())
        return duplicate

    def __getstate__(self) -> dict[str, Any]:
        return {"_values": dict(self._values)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)
