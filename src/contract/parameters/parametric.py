"""`Parametric`: a class whose parameters are its constructor, its attributes, its value and its docs."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Never, Self, dataclass_transform

from ...errors import UnknownParameterError
from .bound import BoundParameter
from .constructor import SchemaSignature, by_schema, documented
from .number import integer, number
from .parameter import Parameter
from .switch import switch
from .words import choice


def vars_of(instance: object, name: str) -> object:
    """Return what the instance's class holds under `name`, or None, without triggering descriptors."""
    return next((vars(base)[name] for base in type(instance).__mro__ if name in vars(base)), None)


@dataclass_transform(kw_only_default=True, field_specifiers=(number, integer, choice, switch))
class Parametric:
    """Anything with parameters: keyword constructor, checked assignment, equality by value."""

    schema: ClassVar[Mapping[str, Parameter]] = MappingProxyType({})
    version: ClassVar[int] = 1
    about: ClassVar[str] = ""
    """The class's docstring as its author wrote it; ``__doc__`` goes on with the parameters."""
    __signature__: ClassVar = SchemaSignature()

    def __init_subclass__(cls, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Parameter)}
        for name, parameter in own.items():
            parameter.declare(cls, name)
        cls.schema = MappingProxyType({**cls.schema, **own})
        cls.about = inspect.cleandoc(cls.__doc__ or "")
        if cls.__doc__:
            cls.__doc__ = documented(cls.__doc__, cls.schema.values())

    # No annotation of what is private stands on the class: type checkers would take it for an argument.
    @by_schema
    def __init__(self, /, *unnamed: Never, **values: Any) -> None:
        if unnamed:
            raise TypeError(self._by_name_alone(unnamed[0]))
        self._values: dict[str, Any] = {name: p.default for name, p in self.schema.items()}
        for name, value in values.items():
            if name not in self.schema:
                raise UnknownParameterError(self._unknown(name))
            setattr(self, name, value)

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

    @classmethod
    def _by_name_alone(cls, value: object) -> str:
        parameters = sorted(cls.schema.values(), key=lambda parameter: parameter.role != "strength")
        if not parameters:
            return f"{cls.__name__} takes no values, but was given {value!r:.40}"
        name = parameters[0].id
        made = cls.__name__
        return f"{made} takes values by name: {made}({name}=...), not {made}({value!r:.40})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values == other._values

    __hash__ = None  # type: ignore[assignment]  # settings change, so they cannot be keys

    def __repr__(self) -> str:
        changed = {n: v for n, v in self._values.items() if v != self.schema[n].default}
        values = " ".join(f"{name}={value!r}" for name, value in changed.items())
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
