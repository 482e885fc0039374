"""A real or a whole number in a range, on a linear or a logarithmic scale."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
)  # fmt: skip

if TYPE_CHECKING:
    pass
from .parameter import Parameter

Scale = Literal["linear", "log"]


@dataclass(frozen=True, repr=False)
class Number(Parameter):
    """A real number between `low` and `high`, both allowed."""

    python_type = float
    is_discrete = False

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

    @property
    def limits(self) -> tuple[Any, Any, Any]:
        """See `Parameter.limits`."""
        return self.low, self.high, None

    def valid_values(self) -> list[Any]:
        """See `Parameter.valid_values`."""
        return [self.low, self.high]

    def check(self, value: object, owner: str = "") -> float:
        """See `Parameter.check`; any real number but a bool, NaN or infinity is refused by name."""
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise self.refusal(value, owner)
        try:
            result = float(value)
        except OverflowError:  # a whole number beyond every float
            raise self.refusal(value, owner) from None
        if not (math.isfinite(result) and self.low <= result <= self.high):
            raise self.refusal(value, owner)
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

    def eased(self, value: Any, percent: float) -> Any:
        """See `Parameter.eased`; never below the range."""
        return max(value * percent / 100, self.low)

    def parse(self, text: str) -> Any:
        """See `Parameter.parse`; the unit may be written or left out."""
        try:
            return self.check(float(self.without_unit(text)))
        except ValueError:
            raise self.refusal(text, "") from None

    def text(self, value: Any) -> str:
        """See `Parameter.text`."""
        return f"{value:.6g} {self.unit}".rstrip()

    def allowed(self) -> str:
        """See `Parameter.allowed`."""
        return f"a number from {self.low:g} to {self.high:g} {self.unit}".rstrip()

    def json_schema(self) -> dict[str, Any]:
        """See `Parameter.json_schema`."""
        return self.described({"type": "number", "minimum": self.low, "maximum": self.high})

    def bad_values(self) -> list[Any]:
        """See `Parameter.bad_values`."""
        beyond = [math.nextafter(self.low, -math.inf), math.nextafter(self.high, math.inf)]
        return [*beyond, math.nan, math.inf, -math.inf, True, "1", None, [1.0], 1j]


@dataclass(frozen=True, repr=False)
class Integer(Number):
    """A whole number between `low` and `high`, both allowed."""

    is_discrete = True

    @property
    def annotation(self) -> Any:
        """See `Parameter.annotation`."""
        return int

    @property
    def limits(self) -> tuple[Any, Any, Any]:
        """See `Parameter.limits`."""
        return self.low, self.high, 1

    def valid_values(self) -> list[Any]:
        """See `Parameter.valid_values`."""
        return list(range(int(self.low), int(self.high) + 1))

    def check(self, value: object, owner: str = "") -> int:
        """See `Parameter.check`; 3.0 is taken as 3, because JSON writers may write it so."""
        result = super().check(value, owner)
        if result != int(result):
            raise self.refusal(value, owner)
        return int(result)

    def from_raw(self, raw: float) -> Any:
        """See `Parameter.from_raw`."""
        return round(super().from_raw(raw))

    def eased(self, value: Any, percent: float) -> Any:
        """See `Parameter.eased`; the nearest whole number."""
        return round(super().eased(value, percent))

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


def number(
    *, default: float, low: float, high: float, doc: str, scale: Scale = "linear", **described: Any
) -> Any:
    """Declare a real-valued parameter; the fields are those of `Parameter` and `Number`."""
    return Number(float(default), low=low, high=high, doc=doc, scale=scale, **described)


def integer(*, default: int, low: int, high: int, doc: str, **described: Any) -> Any:
    """Declare a whole-number parameter; the fields are those of `Parameter` and `Integer`."""
    return Integer(default, low=low, high=high, doc=doc, **described)
