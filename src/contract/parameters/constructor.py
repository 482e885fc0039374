"""What editors, notebooks and ``help()`` show of a constructor whose arguments are a schema's."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from .parameter import Parameter

Init = TypeVar("Init", bound=Callable[..., None])

_HEADING = re.compile(r"^\w[\w ]*\n-{3,}$", re.MULTILINE)
_INDENT = " " * 4


def by_schema(init: Init) -> Init:
    """Mark an ``__init__`` that takes the schema's values by name; an author's own speaks for itself."""
    vars(init)["by_schema"] = True
    return init


class SchemaSignature:
    """``__signature__`` of a class with a schema. Its objects have none: theirs is that of ``__call__``."""

    def __get__(self, instance: object, owner: type[Any]) -> inspect.Signature:
        if instance is not None or not getattr(owner.__init__, "by_schema", False):
            raise AttributeError("__signature__")
        return inspect.Signature(
            [
                inspect.Parameter(
                    name, inspect.Parameter.KEYWORD_ONLY, default=p.default, annotation=p.annotation
                )
                for name, p in owner.schema.items()
            ]
        )


def documented(doc: str, parameters: Iterable[Parameter]) -> str:
    """Add the section of parameters to a class's docstring, unless it has one; other sections stay last."""
    text = inspect.cleandoc(doc)
    headings = list(_HEADING.finditer(text))
    entries = [_entry(parameter) for parameter in parameters]
    if not entries or any(heading[0].startswith("Parameters\n") for heading in headings):
        return text
    at = headings[0].start() if headings else len(text)
    section = "\n".join(["Parameters", "----------", *entries])
    return "\n\n".join(part for part in (text[:at].rstrip(), section, text[at:]) if part)


def _entry(parameter: Parameter) -> str:
    default = parameter.text(parameter.default) or "empty"
    kind = re.sub(r"\btyping\.", "", inspect.formatannotation(parameter.annotation))
    allowed = parameter.allowed()
    lines = [*parameter.doc.splitlines(), f"{allowed[0].upper()}{allowed[1:]}; {default} unless given."]
    return "\n".join([f"{parameter.id} : {kind}", *(_INDENT + line for line in lines)])
