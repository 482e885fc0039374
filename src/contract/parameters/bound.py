"""A parameter of one stage object, as pedalboard's plugins show theirs."""

from __future__ import annotations

from typing import Any

from ...errors import ParameterError
from .parameter import Parameter


class BoundParameter:
    """One parameter of one stage object, with the fields of pedalboard's ``AudioProcessorParameter``.

    Setting `raw_value` (0 to 1) sets the stage's attribute.
    """

    def __init__(self, stage: object, parameter: Parameter) -> None:
        self._stage = stage
        self._parameter = parameter

    @property
    def name(self) -> str:
        """Display name."""
        return self._parameter.name

    @property
    def python_name(self) -> str:
        """Name of the attribute on the stage."""
        return self._parameter.id

    @property
    def label(self) -> str | None:
        """Unit, or None."""
        return self._parameter.unit or None

    units = label

    @property
    def type(self) -> type:
        """Python type of the value: float, str or bool (pedalboard has no int: whole numbers are float)."""
        return self._parameter.python_type

    @property
    def range(self) -> tuple[Any, Any, Any]:
        """Minimum, maximum and step; (None, None, None) for words."""
        return self._parameter.limits

    @property
    def min_value(self) -> Any:
        """Lowest value; None for words."""
        return self.range[0]

    @property
    def max_value(self) -> Any:
        """Highest value; None for words."""
        return self.range[1]

    @property
    def step_size(self) -> float | None:
        """1 for whole numbers and switches; None where every value between the ends is allowed."""
        step: float | None = self.range[2]
        return step

    @property
    def valid_values(self) -> list[Any]:
        """Every allowed value of a discrete parameter; the two ends of a continuous one."""
        return self._parameter.valid_values()

    @property
    def raw_value(self) -> float:
        """The value's place between 0 and 1."""
        return self._parameter.to_raw(getattr(self._stage, self.python_name))

    @raw_value.setter
    def raw_value(self, raw: float) -> None:
        setattr(self._stage, self.python_name, self._at(raw))

    @property
    def default_raw_value(self) -> float:
        """The default's place between 0 and 1."""
        return self._parameter.to_raw(self._parameter.default)

    @property
    def string_value(self) -> str:
        """The value as text, with its unit."""
        return self._parameter.text(getattr(self._stage, self.python_name))

    @property
    def is_discrete(self) -> bool:
        """Whether only some values are allowed."""
        return self._parameter.is_discrete

    @property
    def is_boolean(self) -> bool:
        """Whether it is a switch."""
        return self._parameter.python_type is bool

    @property
    def is_automatable(self) -> bool:
        """Whether it may change while audio runs."""
        return self._parameter.automatable

    def get_raw_value_for(self, value: Any) -> float:
        """Place of `value` between 0 and 1; `ParameterError` where it is not allowed."""
        return self._parameter.to_raw(self._parameter.check(value, type(self._stage).__name__))

    def get_text_for_raw_value(self, raw: float) -> str:
        """Text of the value at place `raw`; `ParameterError` where that is not 0 to 1."""
        return self._parameter.text(self._at(raw))

    def _at(self, raw: float) -> Any:
        if not 0 <= raw <= 1:
            where = f"{type(self._stage).__name__}.{self.python_name}"
            raise ParameterError(f"{where}: raw value {raw!r} is not allowed; it must be 0 to 1")
        return self._parameter.from_raw(raw)

    def __repr__(self) -> str:
        limits = f"range={self.range}" if self.type is float else f"valid_values={self.valid_values}"
        return f'<wavemend parameter name="{self.name}" value={self.string_value} {limits}>'
