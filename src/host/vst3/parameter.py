"""A parameter of one VST3, as pedalboard's plugins show theirs."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from ...errors import ParameterError
from .controls import Controls
from .loaded.parameter_text import Allowed, check, value_of


class HostedParameter:
    """One parameter, with the fields of pedalboard's ``AudioProcessorParameter``.

    What it allows is read off its texts when first asked for, at about 257 places. A number may have words
    beside its range, such as ``"-oo"`` below it; its value is then a float or such a word.

    Attributes
    ----------
    name, python_name, label
        Display name, name of the attribute, and unit or None.
    default_raw_value
        The default's place between 0 and 1.
    is_automatable
        Whether it may change while audio runs.
    """

    def __init__(self, plugin: Controls, described: dict[str, Any]) -> None:
        self._plugin = plugin
        self.name: str = described["name"]
        self.python_name: str = described["python_name"]
        self.label: str | None = described["label"]
        self.default_raw_value: float = described["default"]
        self.is_automatable: bool = described["automatable"]
        self._steps: int = described["steps"]

    @property
    def units(self) -> str | None:
        """Unit, or None."""
        return self.label

    @cached_property
    def _allowed(self) -> Allowed:
        return self._plugin.hosted().allowed(self.python_name)

    @property
    def type(self) -> type:
        """Python type of the value: float (which may have words beside its range), str or bool."""
        return {"number": float, "word": str, "switch": bool}[self._allowed.kind]

    @property
    def min_value(self) -> Any:
        """Lowest value; None for words."""
        return {"number": self._allowed.low, "switch": False}.get(self._allowed.kind)

    @property
    def max_value(self) -> Any:
        """Highest value; None for words."""
        return {"number": self._allowed.high, "switch": True}.get(self._allowed.kind)

    @property
    def step_size(self) -> float | None:
        """Distance of neighbouring values where there are few, all of them numbers; else None."""
        if self.type is bool:
            return 1
        if self.type is float and self._steps > 1 and not self._allowed.words:
            return (self._allowed.high - self._allowed.low) / (self._steps - 1)
        return None

    @property
    def range(self) -> tuple[Any, Any, Any]:
        """Minimum, maximum and step; (None, None, None) for words."""
        return self.min_value, self.max_value, self.step_size

    @property
    def valid_values(self) -> list[Any]:
        """Every word of a choice, both states of a switch, the two ends of a number and its words."""
        if self.type is bool:
            return [False, True]
        ends = [self.min_value, self.max_value] if self.type is float else []
        return [*ends, *self._allowed.words]

    @property
    def is_boolean(self) -> bool:
        """Whether it is a switch."""
        return self.type is bool

    @property
    def is_discrete(self) -> bool:
        """Whether only some values are allowed."""
        return self._steps > 1 or self.type is not float

    @property
    def raw_value(self) -> float:
        """The value's place between 0 and 1; setting it moves the parameter."""
        return self._plugin.hosted().place(self.python_name)

    @raw_value.setter
    def raw_value(self, raw: float) -> None:
        self._plugin.move(self.python_name, self._checked_raw(raw))

    @property
    def string_value(self) -> str:
        """The value as the plugin writes it."""
        return self._plugin.hosted().text(self.python_name)

    @property
    def value(self) -> Any:
        """The value: a float, a word, or True or False."""
        return value_of(self.string_value, self._allowed)

    def get_raw_value_for(self, value: Any) -> float:
        """Place of `value` between 0 and 1; `ParameterError` where it is not allowed."""
        where = f"{self._plugin.name}.{self.python_name}"
        try:
            allowed = check(value, self._allowed, where, self.label or "")
        except ParameterError:
            # A text that none of the places looked at has, and that was just read off it.
            if not isinstance(value, bool) and value in (self.value, self.string_value):
                return self.raw_value
            raise
        return self._plugin.hosted().place_of(self.python_name, allowed)

    def get_text_for_raw_value(self, raw: float) -> str:
        """Text of the value at place `raw`; `ParameterError` where that is not 0 to 1."""
        return self._plugin.hosted().text(self.python_name, self._checked_raw(raw))

    def _checked_raw(self, raw: float) -> float:
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 <= raw <= 1:
            where = f"{self._plugin.name}.{self.python_name}"
            raise ParameterError(f"{where}: raw value {raw!r} is not allowed; it must be 0 to 1")
        return float(raw)

    def __repr__(self) -> str:
        return f'<wavemend parameter name="{self.name}" value={self.string_value!r}>'
