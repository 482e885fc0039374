"""A parameter that names a file by what is in it, so that a preset means the same file everywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .parameter import Parameter

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, repr=False)
class Fingerprint(Parameter):
    """The SHA-256 of a file in 64 hexadecimal digits, or nothing.

    It has no place on a slider: every place is the default.
    """

    python_type = str

    @property
    def annotation(self) -> Any:
        """See `Parameter.annotation`."""
        return str

    def check(self, value: object, owner: str = "") -> str:
        """See `Parameter.check`."""
        if not isinstance(value, str) or not (value == "" or _SHA256.fullmatch(value)):
            raise self.refusal(value, owner)
        return str(value)

    def to_raw(self, value: Any) -> float:
        """See `Parameter.to_raw`."""
        return 0.0

    def from_raw(self, raw: float) -> Any:
        """See `Parameter.from_raw`."""
        return self.default

    def parse(self, text: str) -> Any:
        """See `Parameter.parse`."""
        return self.check(text.strip().lower())

    def text(self, value: Any) -> str:
        """See `Parameter.text`."""
        return str(value)

    def allowed(self) -> str:
        """See `Parameter.allowed`."""
        return "empty, or a SHA-256 of 64 hexadecimal digits"

    def json_schema(self) -> dict[str, Any]:
        """See `Parameter.json_schema`."""
        # The length too: `$` also matches before a last line break.
        return self.described({"type": "string", "pattern": f"^({_SHA256.pattern})?$", "maxLength": 64})

    def bad_values(self) -> list[Any]:
        """See `Parameter.bad_values`."""
        return ["0" * 63, "0" * 65, "G" * 64, "0" * 64 + "\n", "x", 0, None, True]


def fingerprint(*, doc: str, **described: Any) -> Any:
    """Declare a parameter that names a file by its SHA-256, none by default; the fields are `Parameter`'s."""
    return Fingerprint("", doc=doc, automatable=False, restart=True, **described)
