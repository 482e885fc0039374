"""What fields of findings must hold, declared beside each field and checked in one place.

::

    _STRETCHES = Axis("stretches", most=8)

    @dataclass(frozen=True, eq=False)
    class Wow(Findings):
        start_s: Annotated[Array, Each(_STRETCHES), Range(0.0), Below("end_s")]
        end_s: Annotated[Array, Each(_STRETCHES), Range(0.0)]
        confidence: Annotated[float, SHARE]

Types come from the annotations alone: arrays of real numbers, whole numbers or truth values, float, int, str,
bool, or one of these or None, which no constraint is asked about. NaN and infinity are refused always.
"""

from __future__ import annotations

import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from ..audio.checks import MAX_CHANNELS

Values = Mapping[str, Any]
"""All fields of one findings."""

_SCALARS: Mapping[type, tuple[type[Any], ...]] = {
    # what analysers compute with NumPy counts as well
    float: (numbers.Real,),
    int: (numbers.Integral,),
    bool: (bool, np.bool_),
    str: (str,),
}


@dataclass(frozen=True)
class Axis:
    """What an array has one value for each of; arrays of one axis have one length."""

    name: str
    least: int = 0
    most: int = 2**31

    def __str__(self) -> str:
        if self.least == self.most:
            return f"{self.least} {self.name}"
        return f"{self.least} to {self.most} {self.name}"


CHANNELS = Axis("channels", 1, MAX_CHANNELS)


class Constraint(ABC):
    """One thing that a field's value must keep."""

    @abstractmethod
    def fault(self, value: Any, others: Values) -> str:
        """Say what is wrong, in words that follow the field's name; empty where nothing is.

        `value` is of the annotated type, finite and of its declared shape, and so are all `others`.
        """


@dataclass(frozen=True)
class Each(Constraint):
    """An array with one value for each of what is on its axes; where none is declared, any shape will do."""

    axes: tuple[Axis, ...]

    def __init__(self, *axes: Axis) -> None:
        object.__setattr__(self, "axes", axes)

    def fault(self, value: Any, others: Values) -> str:
        """See `Constraint.fault`; lengths that fields share are compared by `check`."""
        fits = value.ndim == len(self.axes) and all(
            axis.least <= length <= axis.most for axis, length in zip(self.axes, value.shape, strict=True)
        )
        wanted = " and ".join(str(axis) for axis in self.axes)
        return "" if fits else f"must have one value for each of {wanted}, not the shape {value.shape}"


@dataclass(frozen=True)
class Range(Constraint):
    """From `low` to `high`, both allowed."""

    low: float = -math.inf
    high: float = math.inf

    def fault(self, value: Any, others: Values) -> str:
        """See `Constraint.fault`."""
        outside = np.atleast_1d(np.less(value, self.low) | np.greater(value, self.high))
        return f"must be {self}, not {_first(value, outside)}" if outside.any() else ""

    def __str__(self) -> str:
        if self.high == math.inf:
            return f"{self.low:g} or more"
        return f"{self.low:g} to {self.high:g}"


SHARE = Range(0.0, 1.0)
"""Probabilities, confidences, parts of a whole."""


@dataclass(frozen=True)
class Choices(Constraint):
    """One of some values."""

    values: tuple[Any, ...]

    def __init__(self, *values: Any) -> None:
        object.__setattr__(self, "values", values)

    def fault(self, value: Any, others: Values) -> str:
        """See `Constraint.fault`."""
        said = ", ".join(f"{one:g}" if isinstance(one, float) else repr(one) for one in self.values)
        return "" if value in self.values else f"must be one of {said}, not {value!r:.40}"


@dataclass(frozen=True)
class Ascending(Constraint):
    """Each value above the one before."""

    def fault(self, value: Any, others: Values) -> str:
        """See `Constraint.fault`."""
        falls = np.diff(value) <= 0
        if not falls.any():
            return ""
        return f"must ascend, but {_first(value[1:], falls)} follows {_first(value[:-1], falls)}"


@dataclass(frozen=True)
class AtMost(Constraint):
    """At most as large as another field, `slack` over it at most."""

    other: str
    slack: float = 0.0

    def fault(self, value: Any, others: Values) -> str:
        """See `Constraint.fault`."""
        return _above(
            value, self.other, others[self.other], np.greater(value, others[self.other] + self.slack)
        )


@dataclass(frozen=True)
class Below(Constraint):
    """Less than another field."""

    other: str

    def fault(self, value: Any, others: Values) -> str:
        """See `Constraint.fault`."""
        return _above(value, self.other, others[self.other], np.greater_equal(value, others[self.other]))


@dataclass(frozen=True)
class EndsOf(Constraint):
    """Ends of parts that start at another field's times: in order, without overlap."""

    starts: str

    def fault(self, value: Any, others: Values) -> str:
        """See `Constraint.fault`."""
        times = np.stack([others[self.starts], value], axis=1).ravel()
        back = np.diff(times) < 0
        if not back.any():
            return ""
        said = f"{_first(times[1:], back)} after {_first(times[:-1], back)}"
        return f"and {self.starts} must be parts in order, without overlap, not {said}"


@dataclass(frozen=True)
class PlacesIn(Constraint):
    """Whole numbers, each the place of a value in another field."""

    other: str

    def fault(self, value: Any, others: Values) -> str:
        """See `Constraint.fault`."""
        outside = (value < 0) | (value >= len(others[self.other]))
        if not outside.any():
            return ""
        return f"must name one of the {len(others[self.other])} of {self.other}, not {_first(value, outside)}"


@dataclass(frozen=True)
class AtLeastAsManyAs(Constraint):
    """A count of what another field lists, perhaps not to its end."""

    other: str

    def fault(self, value: Any, others: Values) -> str:
        """See `Constraint.fault`."""
        listed = len(others[self.other])
        return (
            ""
            if value >= listed
            else f"must be {listed}, as many as {self.other} lists, or more, not {value}"
        )


@dataclass(frozen=True)
class OneMoreThan(Constraint):
    """An array with one value more than another field has."""

    other: str

    def fault(self, value: Any, others: Values) -> str:
        """See `Constraint.fault`."""
        fewer = len(others[self.other])
        fits = len(value) == fewer + 1
        return (
            ""
            if fits
            else f"has {len(value)} values; it must have one more than {self.other}, which has {fewer}"
        )


@dataclass(frozen=True)
class JustWith(Constraint):
    """Above 0 just where another field lists anything."""

    other: str

    def fault(self, value: Any, others: Values) -> str:
        """See `Constraint.fault`."""
        listed = len(others[self.other])
        both = (value > 0) == (listed > 0)
        return "" if both else f"is {value:g} with {listed} in {self.other}; there must be both or neither"


def fault_of(values: Values, kind: type) -> str:
    """Return what is wrong with `values`, the fields of findings of class `kind`; empty where nothing is.

    The field's name comes first. Types are looked at before shapes, and these before values, so that no
    constraint meets what it cannot compute with.
    """
    declared = _declared(kind)
    for name, (hint, _) in declared.items():
        if wrong := _type_fault(values[name], hint):
            return f"{name} {wrong}"
    rules = [(name, rule) for name in declared if values[name] is not None for rule in declared[name][1]]
    lengths: dict[Axis, tuple[str, int]] = {}
    for name, rule in rules:
        if wrong := _length_fault(name, rule, values, lengths) if isinstance(rule, Each) else "":
            return f"{name} {wrong}"
    for name, rule in rules:
        if wrong := rule.fault(values[name], values):
            return f"{name} {wrong}"
    return ""


@cache
def _declared(kind: type) -> dict[str, tuple[Any, tuple[Constraint, ...]]]:
    """Return each field's type and constraints."""
    hints = get_type_hints(kind, include_extras=True)
    found = {}
    for field in fields(kind):
        hint, *extras = (
            get_args(hints[field.name]) if _is_annotated(hints[field.name]) else [hints[field.name]]
        )
        found[field.name] = hint, tuple(extra for extra in extras if isinstance(extra, Constraint))
    return found


def _is_annotated(hint: Any) -> bool:
    return get_origin(hint) is Annotated


def _type_fault(value: Any, hint: Any) -> str:
    """Say so where a value is not of the annotated type, or not finite."""
    options = [hint]
    if get_origin(hint) in (Union, UnionType):
        options = [option for option in get_args(hint) if option is not NoneType]
        if value is None and NoneType in get_args(hint):
            return ""
    (wanted,) = options
    if get_origin(wanted) is np.ndarray:
        dtype = np.dtype(dtype_of(wanted))
        if not isinstance(value, np.ndarray) or value.dtype.kind != dtype.kind:
            given = f"one of {value.dtype}" if isinstance(value, np.ndarray) else f"{value!r:.40}"
            return f"must be an array of {dtype}, not {given}"
        return "" if np.isfinite(value).all() else "must be finite"
    # True is an int to Python, but none to JSON
    if not isinstance(value, _SCALARS[wanted]) or (isinstance(value, bool) and wanted is not bool):
        return f"must be of type {wanted.__name__}, not {value!r:.40}"
    return "" if wanted is str or math.isfinite(value) else f"must be finite, not {value}"


def dtype_of(array: Any) -> type[np.generic]:
    """Return the type of an annotated array's elements."""
    return get_args(get_args(array)[1])[0]  # type: ignore[no-any-return]


def _length_fault(name: str, each: Each, values: Values, lengths: dict[Axis, tuple[str, int]]) -> str:
    """Say so where an array has not the declared shape, or not the length of those before on an axis."""
    if wrong := each.fault(values[name], values):
        return wrong
    for axis, length in zip(each.axes, values[name].shape, strict=True):
        other, known = lengths.setdefault(axis, (name, length))
        if length != known:
            return f"has {length} {axis.name}, but {other} has {known}"
    return ""


def _above(value: Any, other: str, limit: Any, above: Any) -> str:
    above = np.atleast_1d(above)
    return f"lies above {other}: {_first(value, above)} over {_first(limit, above)}" if above.any() else ""


def _first(values: Any, where: Any) -> str:
    """Write the first value that is meant, of an array or alone."""
    value = np.broadcast_to(values, where.shape)[where][0]
    return f"{value:g}" if isinstance(value, np.floating) else f"{value}"
