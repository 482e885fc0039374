"""pedalboard's own effects and loaded VST3s as chain members: described, and fed so that nothing resets.

Stock effects have no ``parameters`` and report no latency, and most of them silently reset when a block is
longer than any before. So a native member is fed blocks of one fixed size on an absolute grid, and its
latency is measured once a recording, with a block of silence before the first sample.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

import numpy as np
import pedalboard

from ...contract.registry import plugin_key
from ...contract.stage import Step
from ...errors import PluginError, UnknownParameterError
from ..storage.strict_json import short

# Far beyond every sensible setting; at larger ones some effects never come back, or fill the memory.
_LARGEST_VALUE = 1e6  # guard: of any parameter, either way
# guard: time and memory
_RANGES = {
    # Samples a block, and with them time and memory, go by the ratio of this rate to the recording's.
    ("Resample", "target_sample_rate"): (1000.0, 192_000.0),
}
MOST_OF = {"Delay": 8, "Resample": 8}  # guard: as said beneath
"""How often a preset may hold what keeps 30 s of sound, whatever its delay, or filters at up to 192 kHz."""
# pedalboard keeps 32-bit floats, and gains as factors: 0.001 dB comes back as 0.0010002.
# guard: how far a value that pedalboard keeps in 32 bits may lie from the one said
_KEPT_SHARE, _KEPT_LEAST = 1e-3, 1e-6

_CONTAINERS = (pedalboard.Pedalboard, pedalboard.Chain, pedalboard.Mix)
_PLACES = {
    "HighShelfFilter": Step.EQ,
    "LowShelfFilter": Step.EQ,
    "PeakFilter": Step.EQ,
    "HighpassFilter": Step.EQ,
    "LowpassFilter": Step.EQ,
    "LadderFilter": Step.EQ,
    "BrickwallLimiter": Step.LIMIT,
    "Limiter": Step.LIMIT,
    "Clipping": Step.LIMIT,
    "Compressor": Step.LIMIT,
}
# Containers are chains of their own here.
_NOT_IN_PRESETS = {"Plugin", "PluginContainer", "Pedalboard", "Chain", "Mix", "Convolution", "IIRFilter"}
WHY_NOT_IN_PRESETS = {
    "Mix": "a preset has no parallel paths: for wet beside dry use a slot, or a nested chain, with its mix",
    "Convolution": "it plays a file, and a preset must never name one: add it to the loaded chain in Python",
}
"""Of effects that a person may well expect there."""


def place_of(plugin: pedalboard.Plugin) -> Step | None:
    """Return the place of a native effect in the order of restoration; None: anywhere."""
    return _PLACES.get(type(plugin).__name__)


@cache
def stock_effects() -> dict[str, type]:
    """Stock effects that a preset may name, by class name."""
    found = {name: getattr(pedalboard, name) for name in dir(pedalboard)}
    return {
        name: kind
        for name, kind in found.items()
        if isinstance(kind, type)
        and issubclass(kind, pedalboard.Plugin)
        and not issubclass(kind, pedalboard.ExternalPlugin)
        and name not in _NOT_IN_PRESETS
        and not name.startswith("_")
    }


def stock_name(name: str) -> str | None:
    """Return the class name of the stock effect that people call `name`, with ``pedalboard.`` or without."""
    key = plugin_key(name).removeprefix("pedalboard.")
    return next((known for known in stock_effects() if plugin_key(known) == key), None)


def stock_parameters(kind: type) -> tuple[str, ...]:
    """Names of a stock effect's settable attributes."""
    own = (name for name in dir(kind) if isinstance(getattr(kind, name), property))
    return tuple(name for name in own if name not in ("is_effect", "is_instrument"))


def stock_values(plugin: pedalboard.Plugin) -> dict[str, Any]:
    """Every setting of a stock effect as a JSON value, which gives the same effect again."""
    scratch: list[pedalboard.Plugin] = []

    def told(name: str) -> Any:
        value = getattr(plugin, name)
        if not isinstance(value, float):
            return _as_json(value)
        if not scratch:
            scratch.append(type(plugin)())
        return _shortest(scratch[0], name, value)

    return {name: told(name) for name in stock_parameters(type(plugin))}


def _shortest(scratch: pedalboard.Plugin, name: str, value: float) -> float:
    """Return the shortest number that `value` is kept of: a shelf of 4 dB says 4.0000005, then 4.000001."""
    for digits in range(1, 10):
        said = float(f"{value:.{digits}g}")
        try:
            setattr(scratch, name, said)
        except ValueError:
            continue
        if getattr(scratch, name) == value:
            return said
    return float(_as_json(value))


def _as_json(value: Any) -> Any:
    if hasattr(type(value), "__members__"):  # an enumeration of pybind11
        return value.name
    if isinstance(value, float) and np.float32(value) == value:
        return float(str(np.float32(value)))  # as it was typed: 0.7, not 0.699999988079071
    return value


def make_stock(name: str, values: dict[str, Any]) -> pedalboard.Plugin:
    """Make the stock effect `name` with `values`.

    Raises
    ------
    PluginError
        No such effect, or a value that pedalboard refuses.
    UnknownParameterError
        An attribute the effect does not have.
    """
    kind = stock_effects().get(name)
    if kind is None:
        why = f"; {WHY_NOT_IN_PRESETS[name]}" if name in WHY_NOT_IN_PRESETS else ""
        raise PluginError(f"pedalboard has no effect {name!r} that a preset may use{why}")
    plugin = kind()
    for parameter, value in values.items():
        set_stock(plugin, parameter, value)
    return plugin


def stock_range(name: str, parameter: str) -> tuple[float, float]:
    """Return the least and the largest value that a preset may give a number of a stock effect."""
    return _RANGES.get((name, parameter), (-_LARGEST_VALUE, _LARGEST_VALUE))


def set_stock(plugin: pedalboard.Plugin, parameter: str, value: Any) -> None:
    """Set one attribute of a stock effect; errors as `make_stock`."""
    known = stock_parameters(type(plugin))
    if parameter not in known:
        raise UnknownParameterError(
            f"{name_of(plugin)} has no parameter {parameter!r}; it has {', '.join(known) or 'none'}"
        )
    name = type(plugin).__name__
    where = f"pedalboard.{name}.{parameter}={short(value)}"
    low, high = stock_range(name, parameter)
    current = getattr(plugin, parameter)
    options = getattr(type(current), "__members__", None)
    if options is not None:
        if not isinstance(value, str) or value not in options:
            raise PluginError(f"{where} is not allowed; it must be one of {', '.join(options)}")
        value = options[value]
    elif isinstance(current, bool) != isinstance(value, bool):
        wanted = "true or false" if isinstance(current, bool) else "a number"
        raise PluginError(f"{where} is not allowed; it must be {wanted}")
    elif not isinstance(value, int | float) or not low <= value <= high:
        raise PluginError(f"{where} is not allowed; it must be a number from {low:.0f} to {high:.0f}")
    try:
        setattr(plugin, parameter, value)
    except (ValueError, TypeError) as error:
        raise PluginError(f"{where} is not allowed: {error}") from None
    kept = getattr(plugin, parameter)
    if isinstance(kept, float) and not abs(kept - value) <= _KEPT_SHARE * abs(value) + _KEPT_LEAST:
        raise PluginError(f"{where} is not allowed: pedalboard makes {kept:g} of it; choose a value it keeps")


def name_of(plugin: pedalboard.Plugin) -> str:
    """Return the name an error should call a native plugin by."""
    return str(getattr(plugin, "name", None) or f"pedalboard.{type(plugin).__name__}")


@dataclass(frozen=True)
class NativeSettings:
    """A native plugin as plain data, since pedalboard's own objects can be neither copied nor pickled.

    Attributes
    ----------
    kind
        Class name in pedalboard.
    values
        Its settings, as `stock_values` gives them.
    members
        What a container holds.
    """

    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    members: tuple[NativeSettings, ...] = ()

    @classmethod
    def of(cls, plugin: pedalboard.Plugin) -> Self:
        """Read a plugin; raises `PluginError` where pedalboard does not tell how to make another like it."""
        kind = type(plugin)
        name = kind.__name__
        if kind in _CONTAINERS:
            return cls(name, {}, tuple(cls.of(member) for member in plugin))
        if kind is pedalboard.Convolution and plugin.impulse_response_filename is not None:
            filename = plugin.impulse_response_filename
            return cls(name, {"impulse_response_filename": filename, "mix": plugin.mix})
        if stock_effects().get(name) is kind:
            return cls(name, stock_values(plugin))
        remedy = "make a second one"
        if isinstance(plugin, pedalboard.ExternalPlugin):
            remedy = f"use wavemend.VST3({name_of(plugin)!r}) in its place, which can"
        raise PluginError(f"{name_of(plugin)} can be neither copied nor pickled; {remedy}")

    def make(self) -> pedalboard.Plugin:
        """Make a plugin with these settings that shares nothing with the one they were read from."""
        kind = getattr(pedalboard, self.kind)
        if kind in _CONTAINERS:
            return kind([member.make() for member in self.members])
        if kind is pedalboard.Convolution:
            return kind(**self.values)
        plugin = kind()
        for name, value in self.values.items():  # of a plugin, so that pedalboard takes them
            options = getattr(type(getattr(plugin, name)), "__members__", None)
            setattr(plugin, name, options[value] if options else value)
        return plugin
