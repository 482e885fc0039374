"""One of a few words, which stand in the attribute's annotation."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    get_args,
    get_origin,
    get_type_hints,
)  # fmt: skip

if TYPE_CHECKING:
    pass
from .parameter import Parameter


@dataclass(frozen=True, repr=False)
class Choice(Parameter):
    """One of a few words, which stand once: in the attribute's annotation, where type checkers read them."""

    python_type = str

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

    def valid_values(self) -> list[Any]:
        """See `Parameter.valid_values`."""
        return list(self.options)

    def check(self, value: object, owner: str = "") -> str:
        """See `Parameter.check`."""
        if not isinstance(value, str) or value not in self.options:
            raise self.refusal(value, owner)
        return str(value)

    def to_raw(self, value: Any) -> float:
        """See `Parameter.to_raw`."""
        return self.options.index(value) / max(len(self.options) - 1, 1)

    def from_raw(self, raw: float) -> Any:
        """See `Parameter.from_raw`."""
        return self.options[round(raw * (len(self.options) - 1))]

    def parse(self, text: str) -> Any:
        """See `Parameter.parse`."""
        return self.check(self.without_unit(text))

    def allowed(self) -> str:
        """See `Parameter.allowed`."""
        return "one of " + ", ".join(self.options)

    def json_schema(self) -> dict[str, Any]:
        """See `Parameter.json_schema`."""
        return self.described({"enum": list(self.options)})

    def bad_values(self) -> list[Any]:
        """See `Parameter.bad_values`."""
        return ["", self.options[0] + "?", self.options[0].upper() + "_", 0, None, True]


def choice(*, default: str, doc: str, **described: Any) -> Any:
    """Declare a parameter that is one of a few words, those of its annotation; fields as in `Parameter`.

    ::

        quality: Literal["fast", "best"] = choice(default="fast", doc="...")
    """
    return Choice(default, doc=doc, **described)


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
