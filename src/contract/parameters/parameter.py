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

from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar, Literal, Protocol

from ...errors import ParameterError

Role = Literal["", "strength", "output"]


class Holder(Protocol):
    """Whatever holds values by parameter id: a `Parametric`."""

    _values: dict[str, Any]


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

    python_type: ClassVar[type] = str
    """Type of the value as pedalboard's parameters tell it: float, str or bool (whole numbers are float)."""
    is_discrete: ClassVar[bool] = True
    """Whether only some values are allowed."""

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

    def __get__(self, instance: Holder | None, owner: type) -> Any:
        return self if instance is None else instance._values[self.id]

    def __set__(self, instance: Holder, value: object) -> None:
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

    @property
    def limits(self) -> tuple[Any, Any, Any]:
        """Lowest value, highest value and step; None where there is none."""
        return None, None, None

    def valid_values(self) -> list[Any]:
        """Every allowed value of a discrete parameter; the two ends of a continuous one."""
        return [self.default]

    def eased(self, value: Any, percent: float) -> Any:
        """Return what `percent` of `value` is, for parameters whose role is ``strength``.

        The value itself where the kind knows no less of it.
        """
        return value

    def text(self, value: Any) -> str:
        """Write `value` for people, with its unit."""
        return f"{value} {self.unit}".rstrip()

    def without_unit(self, text: str) -> str:
        """Return what a person wrote, without blanks around it and without the unit."""
        written = text.strip()
        if self.unit and written.lower().endswith(self.unit.lower()):
            written = written[: -len(self.unit)].rstrip()
        return written

    def refusal(self, value: object, owner: str) -> ParameterError:
        """Return the error for a value that is not allowed; `owner` is whose parameter it is, or empty."""
        where = f"{owner}.{self.id}" if owner else self.id
        written = repr(value) if not isinstance(value, int) or abs(value) < 1e15 else "a huge number"
        return ParameterError(f"{where}={written} is not allowed; it must be {self.allowed()}")

    def described(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Add name, doc, unit and default to the JSON Schema of a value."""
        unit = {"x-unit": self.unit} if self.unit else {}
        return {"title": self.name, "description": self.doc, **schema, **unit, "default": self.default}


def display_name(identifier: str, unit: str) -> str:
    """Words for an id, its unit's suffix left out: ``max_length_ms`` in ms is "Max length"."""
    words = identifier.split("_")
    if len(words) > 1 and unit and words[-1].lower() == unit.lower().split("/")[0]:
        words = words[:-1]
    return " ".join(words).capitalize()
