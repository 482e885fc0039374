"""What a preset does on a machine without a VST3."""

from __future__ import annotations

from typing import Any, Literal, get_args

from ...errors import ParameterError

Missing = Literal["fail", "bypass", "substitute"]
MISSING: tuple[Missing, ...] = get_args(Missing)


def check_missing(missing: str, substitute: Any) -> None:
    """Raise `ParameterError` where a policy is none, or does not go with what stands in."""
    if missing not in MISSING:
        raise ParameterError(
            f"VST3.missing={missing!r} is not allowed; it must be one of {', '.join(MISSING)}"
        )
    if missing == "substitute" and substitute is None:
        raise ParameterError(
            "VST3.missing='substitute' needs the stage or stock effect that stands in for the plugin: "
            "add substitute=pedalboard.Compressor(), say"
        )
    if missing != "substitute" and substitute is not None:
        raise ParameterError(
            f"VST3.substitute={substitute!r} would never be used with missing={missing!r}; "
            "add missing='substitute'"
        )
