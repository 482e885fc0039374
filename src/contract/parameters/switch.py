"""On or off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
)  # fmt: skip

if TYPE_CHECKING:
    pass
from .parameter import Parameter


@dataclass(frozen=True, repr=False)
class Switch(Parameter):
    """On or off."""

    python_type = bool

    _TRUE: ClassVar = ("on", "true", "yes", "1")
    _FALSE: ClassVar = ("off", "false", "no", "0")

    @property
    def annotation(self) -> Any:
        """See `Parameter.annotation`."""
        return bool

    @property
    def limits(self) -> tuple[Any, Any, Any]:
        """See `Parameter.limits`."""
        return False, True, 1

    def valid_values(self) -> list[Any]:
        """See `Parameter.valid_values`."""
        return [False, True]

    def check(self, value: object, owner: str = "") -> bool:
        """See `Parameter.check`; only a bool is one, so that 0.3 is not quietly on."""
        if type(value).__name__ not in ("bool", "bool_"):  # numpy's bool is no subclass of bool
            raise self.refusal(value, owner)
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
            raise self.refusal(text, "")
        return written in self._TRUE

    def text(self, value: Any) -> str:
        """See `Parameter.text`."""
        return "on" if value else "off"

    def allowed(self) -> str:
        """See `Parameter.allowed`."""
        return "on or off (True or False)"

    def json_schema(self) -> dict[str, Any]:
        """See `Parameter.json_schema`."""
        return self.described({"type": "boolean"})

    def bad_values(self) -> list[Any]:
        """See `Parameter.bad_values`."""
        return [0, 1, 0.5, "on", None]


def switch(*, default: bool, doc: str, **described: Any) -> Any:
    """Declare an on/off parameter; the fields are those of `Parameter`."""
    return Switch(default, doc=doc, **described)
