"""One VST3, loaded into this process: the host's own where it is not isolated, else a worker's.

Knows pedalboard's traps: loading it reads every parameter at 1001 places (minutes with some plugins) and
plays noise into the plugin, and a state read right after a parameter was set may be the one before.
"""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pedalboard
from pedalboard import _pedalboard as pedalboard_python

from ....errors import ChannelsRefusedError, PluginError
from ...processes.arithmetic import same_arithmetic
from .. import refusals
from ..bundle.bundles import binary_of
from ..bundle.identity import Identity, checked_identity
from ..bundle.vstpreset import CLASS_ID, stateless_vstpreset
from .factory import bus_channels, declared_classes, only
from .parameter_places import SAME_PLACE, Samples, place_of_number, sample_texts
from .parameter_text import Allowed, allowed_by, is_on

Block = npt.NDArray[np.float32]

_SETTLING_RATE, _SETTLING_BLOCK = 44_100.0, 512  # tuned: by hand, no record; any common ones do
_WARM_UP_SECONDS = 1.0  # guard: what a plugin may need until it sounds
_QUIET_BLOCKS, _QUIET_LEVEL = 8, 1e-3  # guard: of the noise a plugin is tried out with, -60 dBFS
_CONTINUOUS = 2**31 - 1  # source: JUCE's count of steps of a parameter without any
_UNEVEN = re.compile(r"Main bus currently expects (\d+) input channels and (\d+) output channels")

_loading = threading.Lock()


def plugin_classes(path: str) -> list[Identity]:
    """Tell which plugins are in a bundle; loads its code. Raises `PluginError` where it does not load.

    Where the code cannot be asked itself, pedalboard runs all of them, and tells no more than their names.
    """
    if declared := declared_classes(binary_of(Path(path))):
        return declared
    try:
        with same_arithmetic():
            names = pedalboard.VST3Plugin.get_plugin_names_for_file(path)
    except ImportError as error:
        raise PluginError(_why_not_loaded(path, error)) from None
    return [Identity("", str(name), "", "") for name in names]


def class_bus_channels(path: str, name: str) -> tuple[list[int], list[int]] | None:
    """Channels of each input and of each output that a plugin has; None where it cannot be asked."""
    return bus_channels(binary_of(Path(path)), name)


class Instance:
    """One plugin.

    Parameters
    ----------
    path
        Of the bundle.
    name
        Of the plugin in it, where it holds several.
    takes
        Channel counts that it took when it was tried out; what `accepts` finds is added.

    Raises
    ------
    PluginError
        It does not load, or is no effect.
    """

    def __init__(self, path: str, name: str, takes: Iterable[int] = ()) -> None:
        self._binary = binary_of(Path(path))
        try:
            with _unprobed(), only(self._binary, name), same_arithmetic():
                self._plugin = pedalboard.VST3Plugin(
                    path, plugin_name=name, initialization_timeout=_WARM_UP_SECONDS
                )
        except (ImportError, ValueError, RuntimeError) as error:
            raise PluginError(_why_not_loaded(path, error)) from None
        if not self._plugin.is_effect:
            raise PluginError(refusals.INSTRUMENT)
        self._takes = set(takes)
        self._indices: dict[str, int] = {}
        self._samples: dict[int, Samples] = {}

    def hear_nothing_yet(self) -> None:
        """Start over as an instance that never heard a sample: pedalboard played noise into this one."""
        self._reset("PersistsAudioOnReset")

    def activate_anew(self) -> None:
        """End its processing, which begins again with the next block, in the settings as they are then.

        Many plugins change their delay, and what they say of it, only there.
        """
        self._reset("ClearsAudioOnReset")

    def _reset(self, way: str) -> None:
        kind = type(self._plugin)
        kind._reload_type.fset(self._plugin, getattr(kind._reload_type.fget(self._plugin), way))
        try:
            self._plugin.reset()
        except RuntimeError as error:
            raise PluginError(str(error)) from None

    def identity(self) -> Identity:
        """Who it says it is."""
        plugin = self._plugin
        try:
            return checked_identity(
                identifier=self._identifier(),
                name=plugin.name,
                vendor=plugin.manufacturer_name,
                version=plugin.version,
                category=plugin.category,
            )
        except (ValueError, RuntimeError) as error:
            raise PluginError(f"does not say who it is: {error}") from None

    def _identifier(self) -> str:
        if data := bytes(self._plugin.preset_data):
            return data[CLASS_ID].decode("ascii", "replace")
        # It has nothing to remember, and calls that a failure.
        declared = declared_classes(self._binary) or []
        return next((known.identifier for known in declared if known.name == self._plugin.name), "")

    # -- parameters --------------------------------------------------------------------------------

    def parameters(self) -> list[dict[str, Any]]:
        """Return every parameter as plain data, under a Python name of its own."""
        described = []
        self._indices = {}
        for index, parameter in enumerate(self._plugin._parameters):
            name = pedalboard_python.to_python_parameter_name(parameter)
            if not name or parameter.name.startswith("MIDI CC "):
                continue
            unique, number = name, 2
            while unique in self._indices:
                unique, number = f"{name}_{number}", number + 1
            self._indices[unique] = index
            described.append(
                {
                    "python_name": unique,
                    "name": parameter.name,
                    "label": parameter.label.strip() or None,
                    "default": parameter.default_raw_value,
                    "steps": 0 if parameter.num_steps == _CONTINUOUS else parameter.num_steps,
                    "automatable": parameter.is_automatable,
                }
            )
        return described

    def _parameter(self, name: str) -> Any:
        if not self._indices:
            self.parameters()
        if name not in self._indices:
            raise PluginError(f"has no parameter {name!r}")
        return self._plugin._parameters[self._indices[name]]

    def allowed(self, name: str) -> Allowed:
        """Tell what a parameter allows from its texts."""
        return allowed_by(self._texts(name))

    def _texts(self, name: str) -> Samples:
        parameter = self._parameter(name)
        index = self._indices[name]
        if index not in self._samples:
            self._samples[index] = sample_texts(
                parameter.get_text_for_raw_value, parameter.num_steps, parameter.default_raw_value
            )
        return self._samples[index]

    def place(self, name: str) -> float:
        """Where a parameter stands, 0 to 1."""
        return float(self._parameter(name).raw_value)

    def text(self, name: str, place: float | None = None) -> str:
        """Text of a parameter, at a place or where it stands."""
        parameter = self._parameter(name)
        return str(parameter.string_value if place is None else parameter.get_text_for_raw_value(place))

    def texts(self) -> dict[str, str]:
        """Texts of all automatable parameters where they stand."""
        if not self._indices:
            self.parameters()
        parameters = self._plugin._parameters
        standing = {name: parameters[index] for name, index in self._indices.items()}
        return {name: str(p.string_value) for name, p in standing.items() if p.is_automatable}

    def place_of(self, name: str, value: float | str | bool) -> float:
        """Where a value lies that `allowed` allows."""
        parameter = self._parameter(name)
        allowed = self.allowed(name)
        if allowed.kind == "switch":
            return next(
                p for word, p in zip(allowed.words, allowed.places, strict=True) if is_on(word) == value
            )
        own = min(max(0.0, float(parameter.get_raw_value_for_text(f"{value}"))), 1.0)  # 0 for NaN
        if isinstance(value, str):
            shown = parameter.get_text_for_raw_value(own)
            return own if shown == value else allowed.places[allowed.words.index(value)]
        return place_of_number(float(value), parameter.get_text_for_raw_value, own, self._texts(name))

    def set_place(self, name: str, place: float) -> None:
        """Move a parameter to a place between 0 and 1."""
        self._parameter(name).raw_value = place

    # -- state -------------------------------------------------------------------------------------

    def state(self) -> bytes:
        """Everything it remembers, after a block of silence: before one, values just set may lack."""
        self.settle()
        return bytes(self._plugin.raw_state)

    def set_state(self, state: bytes) -> None:
        """Make it remember what `state` says.

        It must have played a block before, or some plugins forget it again with their first one; and it
        must play a block afterwards, before parameters show what it brought.
        """
        # Not by assignment: that would read every parameter at 1001 places first.
        type(self._plugin).raw_state.fset(self._plugin, state)

    def vstpreset(self) -> bytes:
        """Its state as a ``.vstpreset`` file; one without a state where there is nothing to set."""
        self.settle()
        if data := bytes(self._plugin.preset_data):
            return data
        if self.parameters():
            raise PluginError("gives no state away, which a .vstpreset file would hold")
        return stateless_vstpreset(self._identifier())

    def set_vstpreset(self, data: bytes) -> None:
        """Take the state from the bytes of a ``.vstpreset`` file; see `set_state`."""
        if data == stateless_vstpreset(self._identifier()):
            return
        self.settle()
        try:
            type(self._plugin).preset_data.fset(self._plugin, data)
        except RuntimeError:
            raise PluginError("refused the .vstpreset file") from None

    def move_to(self, places: Mapping[str, float]) -> None:
        """Move the parameters that a state did not bring to their places."""
        for name, place in places.items():
            if abs(self.place(name) - place) > SAME_PLACE:
                self.set_place(name, place)

    def settle(self, sample_rate: float = _SETTLING_RATE, block_size: int = _SETTLING_BLOCK) -> None:
        """Play a block of silence, so that what was set takes effect.

        In no other number of channels than it takes: a block that is refused loses what was set before it.
        """
        self._play_silence(max(self._takes), sample_rate, block_size)

    # -- sound -------------------------------------------------------------------------------------

    @property
    def latency(self) -> int:
        """Samples of delay it reported when it was last activated, or told of since."""
        return int(self._plugin.reported_latency_samples)

    def settled_latency(self, sample_rate: float = _SETTLING_RATE, block_size: int = _SETTLING_BLOCK) -> int:
        """Return the samples of delay it reports in its settings; it is activated anew for that."""
        self.settle(sample_rate, block_size)
        self.activate_anew()
        self.settle(sample_rate, block_size)
        return self.latency

    def accepts(self, channels: int) -> bool:
        """Whether it takes so many channels, by playing it a block of silence, before anything is set."""
        try:
            self._play_silence(channels, _SETTLING_RATE, _SETTLING_BLOCK)
        except ChannelsRefusedError:
            return False
        self._takes.add(channels)
        return True

    def stays_finite(self, channels: int) -> bool:
        """Whether quiet noise comes back as numbers: what only divides by zero beside silence does not."""
        noise = np.random.default_rng(0).standard_normal((_QUIET_BLOCKS, channels, _SETTLING_BLOCK))
        blocks = (_QUIET_LEVEL * noise).astype(np.float32)
        return all(np.isfinite(self.process(block, _SETTLING_RATE)).all() for block in blocks)

    def _play_silence(self, channels: int, sample_rate: float, block_size: int) -> None:
        self.process(np.zeros((channels, block_size), np.float32), sample_rate)

    def process(self, block: Block, sample_rate: float) -> Block:
        """Process one block, shape (channels, n), the same n every time; fewer come back at the start."""
        try:
            with same_arithmetic():
                out = self._plugin.process(block, sample_rate, buffer_size=block.shape[1], reset=False)
        except ValueError as error:
            raise ChannelsRefusedError(str(error)) from None
        except RuntimeError as error:
            raise PluginError(str(error)) from None
        return np.asarray(out, np.float32).reshape(block.shape[0], -1)

    def show_editor(self, close_event: Any) -> None:
        """Show the editor until it is closed or ``close_event.is_set()``."""
        try:
            self._plugin.show_editor(close_event)
        except RuntimeError as error:
            raise PluginError(f"cannot show its editor: {error}") from None


@contextmanager
def _unprobed() -> Iterator[None]:
    """Load on this thread without reading any parameter; other threads' plugins load as ever."""
    mixin = pedalboard_python._PythonExternalPluginMixin
    name = "__set_initial_parameter_values__"
    mine = threading.get_ident()
    with _loading:
        original = vars(mixin)[name]

        def skip(plugin: Any, values: Any) -> Any:
            return None if threading.get_ident() == mine else original(plugin, values)

        setattr(mixin, name, skip)
        try:
            yield
        finally:
            setattr(mixin, name, original)


def _why_not_loaded(path: str, error: Exception) -> str:
    """Say more than pedalboard does: the dynamic linker knows which library is missing."""
    if "main thread" in str(error):
        return "can be used in this process from the main thread alone; isolated, from any"
    if uneven := _UNEVEN.search(str(error)):
        return refusals.uneven(int(uneven[1]), int(uneven[2]))
    binary = binary_of(Path(path))
    if binary.is_file():
        try:
            with same_arithmetic():
                ctypes.CDLL(str(binary))
        except OSError as reason:
            return f"does not load: {str(reason).replace(str(binary.parent), '').lstrip('/')}"
        if "scan failure" in str(error):  # it is shown this plugin alone, and its code loads
            return refusals.REFUSES_TO_BEGIN
    return f"does not load: {str(error).splitlines()[0]}"
