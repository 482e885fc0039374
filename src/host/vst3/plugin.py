"""`VST3`: a third-party plugin's settings, with pedalboard's surface over them.

As with our own stages the object holds settings alone. What it knows of the plugin it asks an instance kept
for that, and every recording gets a new instance of its own, so that nothing the plugin learned from one
recording is heard in the next.
"""

from __future__ import annotations

import copy
import difflib
import os
import threading
from typing import TYPE_CHECKING, Any, Self

from ...audio.arrays import Audio
from ...contract.stage import Stage
from ...contract.surface import Surface, through
from ...errors import PluginError, UnknownParameterError
from ..processes.memory import MEMORY_LIMIT_GB
from ..processes.worker_limits import checked_memory_limit, checked_timeout
from .block_size import BLOCK_SIZE, checked_block_size
from .bundle.identity import Identity
from .bundle.vstpreset import read_own_vstpreset, write_vstpreset
from .installed.catalogue import find_or_scan
from .installed.probe import Bundle
from .loaded.true_delay import DELAYING
from .missing import Missing, check_missing
from .opening import open_together
from .parameter import HostedParameter
from .process.client import ANSWER_SECONDS
from .process.hosting import Hosted, Places
from .stream import VST3Stream

if TYPE_CHECKING:
    import pedalboard


_MOST_DELAYS = 256  # guard: settings whose delay is remembered
_delays: dict[tuple[Any, ...], tuple[int, int | None]] = {}


class VST3(Surface):
    """A VST3 of this machine, for a `Chain` or by itself.

    ::

        comp = VST3("ZamComp", threshold_db=-30, ratio=4)
        comp.attack_ms = 5
        comp(audio, 44_100)

    Parameters
    ----------
    wanted
        Name or identifier of a plugin that ``wavemend plugins scan`` found. Where no plugin is known yet, the
        standard folders are scanned first, with a warning that says so.
    state
        What it remembers, as `state` gave it.
    block_size
        Samples the plugin is given at once, 32 to 65536; the output of some depends on it, so presets record
        it.
    isolated
        True: it runs in a worker process, where a crash or a hang is an error and no more. False: in this
        process, at your own risk.
    timeout_s
        Seconds an isolated plugin has for each answer, up to 65536 samples of audio included; at most 3600.
    memory_limit_gb
        Memory an isolated plugin may have, 0.25 to 1024 GB (2**30 bytes), on Linux.
    missing
        What a preset does on a machine without the plugin: ``"fail"``, ``"bypass"`` or ``"substitute"``.
    substitute
        A stage or a stock effect that stands in for it then.
    **values
        Parameters by their Python names.

    Raises
    ------
    PluginError
        No such plugin is known, or it cannot be used; every method raises it where the plugin fails.
    ParameterError
        A value that the plugin does not allow.
    """

    def __init__(
        self,
        wanted: str,
        /,
        *,
        state: bytes | None = None,
        block_size: int = BLOCK_SIZE,
        isolated: bool = True,
        timeout_s: float = ANSWER_SECONDS,
        memory_limit_gb: float = MEMORY_LIMIT_GB,
        missing: Missing = "fail",
        substitute: Stage | pedalboard.Plugin | None = None,
        **values: float | str | bool,
    ) -> None:
        check_missing(missing, substitute)
        bundle, plugin = find_or_scan(wanted)
        block_size = checked_block_size(block_size)
        timeout_s = checked_timeout(timeout_s, "VST3.timeout_s")
        memory_limit_gb = checked_memory_limit(memory_limit_gb, "VST3.memory_limit_gb")
        self._bundle = bundle
        self._identity = plugin.identity
        self._takes = plugin.channels or ()
        self._block_size = block_size
        self._isolated = bool(isolated)
        self._timeout_s = timeout_s
        self._memory_limit_gb = memory_limit_gb
        self._missing: Missing = missing
        self._substitute = substitute
        self._made_with = plugin.identity
        self._state = self._saved = state
        self._places: dict[str, float] = {}
        self._hosted: Hosted | None = None
        self._described: dict[str, HostedParameter] = {}
        super().__init__()
        for name, value in values.items():
            self._set(name, value)

    # -- who it is ---------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """As it calls itself."""
        return self._identity.name

    @property
    def identifier(self) -> str:
        """VST3 class id, the same on every machine."""
        return self._identity.identifier

    @property
    def manufacturer_name(self) -> str:
        """Who made it."""
        return self._identity.vendor

    @property
    def version(self) -> str:
        """Version installed here."""
        return self._identity.version

    @property
    def category(self) -> str:
        """Such as ``"Fx|Dynamics"``."""
        return self._identity.category

    @property
    def identity(self) -> Identity:
        """All of these."""
        return self._identity

    @property
    def block_size(self) -> int:
        """Samples the plugin is given at once."""
        return self._block_size

    @property
    def timeout_s(self) -> float:
        """Seconds it has for each answer where it is isolated."""
        return self._timeout_s

    @property
    def memory_limit_gb(self) -> float:
        """Memory it may have where it is isolated, in units of 2**30 bytes."""
        return self._memory_limit_gb

    @property
    def takes(self) -> tuple[int, ...]:
        """Channel counts, of 1 and 2, that it takes as they are; others are adapted where possible."""
        return self._takes

    @property
    def isolated(self) -> bool:
        """Whether it runs in a worker process."""
        return self._isolated

    @property
    def bundle(self) -> Bundle:
        """Where it lies."""
        return self._bundle

    @property
    def warnings(self) -> list[str]:
        """What a person should know: that the settings were made with another version, say."""
        made, mine = self._made_with, self._identity
        if (made.vendor, made.version) == (mine.vendor, mine.version):
            return []
        return [
            f"{self.name} {mine.version} by {mine.vendor} is installed, but its settings were made with "
            f"{made.version} by {made.vendor}: it may sound different"
        ]

    @property
    def missing(self) -> Missing:
        """What a preset does on a machine without the plugin."""
        return self._missing

    @property
    def substitute(self) -> Stage | pedalboard.Plugin | None:
        """What stands in for it then; None unless `missing` is ``"substitute"``."""
        return self._substitute

    # -- parameters --------------------------------------------------------------------------------

    @property
    def parameters(self) -> dict[str, HostedParameter]:
        """Parameter objects by Python name, as pedalboard's plugins have them."""
        if not self._described:
            described = self.hosted().parameters()
            self._described.update({d["python_name"]: HostedParameter(self, d) for d in described})
        return dict(self._described)

    def move(self, name: str, place: float) -> None:
        """Move a parameter to a place between 0 and 1."""
        self.hosted().set_place(name, place)
        self._places[name] = place
        self._saved = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._parameter(name).value

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or isinstance(getattr(type(self), name, None), property):
            super().__setattr__(name, value)
        else:
            self._set(name, value)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.parameters]

    def _set(self, name: str, value: Any) -> None:
        self.move(name, self._parameter(name).get_raw_value_for(value))

    def _parameter(self, name: str) -> HostedParameter:
        known = self.parameters
        if name in known:
            return known[name]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(list(known)[:32]) or 'none'}"
        raise UnknownParameterError(f"{self.name} has no parameter {name!r}; {hint}")

    # -- state -------------------------------------------------------------------------------------

    @property
    def state(self) -> bytes:
        """Everything the plugin remembers of its settings; setting it replaces all of them."""
        if self._saved is None:
            self._saved = self.hosted().state()
        return self._saved

    @state.setter
    def state(self, state: bytes) -> None:
        self.take(bytes(state), {})

    @property
    def places(self) -> Places:
        """Parameters that were moved since the state was set, 0 to 1."""
        return dict(self._places)

    def take(self, state: bytes, places: Places, *, made_with: Identity | None = None) -> None:
        """Replace all settings by a state, and places of parameters that it does not keep.

        `made_with` is the plugin that the state is from; see `warnings`.
        """
        self.close()
        self._state = self._saved = state
        self._places = dict(places)
        self._made_with = made_with or self._identity

    def load_preset(self, path: str | os.PathLike[str]) -> None:
        """Take the settings from a ``.vstpreset`` file; raises `PresetError` where it is another plugin's."""
        data = read_own_vstpreset(path, self._identity)
        hosted = self.hosted()
        hosted.set_vstpreset(data)
        self.take(hosted.state(), {})

    def save_preset(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the settings to a ``.vstpreset`` file, for any host; raises `PresetError`."""
        write_vstpreset(path, self.hosted().vstpreset(), overwrite=overwrite)

    def show_editor(self, close_event: threading.Event | None = None) -> None:
        """Show the plugin's own editor until it is closed or `close_event` is set; keep what was set."""
        hosted = self.hosted()
        hosted.show_editor(close_event)
        self.take(hosted.state(), {})

    # -- instances ---------------------------------------------------------------------------------

    def hosted(self) -> Hosted:
        """Return the instance that answers for the settings; it never hears a recording."""
        if self._hosted is None:
            hosted = self.new_instance()
            hosted.restore(self._state, self._places)
            self._hosted = hosted
        return self._hosted

    def close(self) -> None:
        """End the processes kept for this plugin; they start again when they are needed."""
        self._live = None
        if self._hosted is not None:
            self._hosted.close()
            self._hosted = None

    def new_instance(self) -> Hosted:
        """Load one more, without any of the settings."""
        return Hosted(
            self._bundle.path,
            self.name,
            self._takes,
            identifier=self.identifier,
            isolated=self._isolated,
            answer_seconds=self._timeout_s,
            memory_limit_gb=self._memory_limit_gb,
        )

    # -- sound -------------------------------------------------------------------------------------

    @property
    def reported_latency_samples(self) -> int:
        """Samples of delay the plugin reports; streams take it out again."""
        return self.hosted().latency()

    def delays(self, sample_rate: float) -> tuple[int, int | None]:
        """Return the samples of delay it reports at a rate, and those it was measured to have.

        An instance that is thrown away plays noise for that, once for the same settings. None: they cannot
        be told, because what it gives is not nearly the noise again, or because it failed.
        """
        known = (*self.base, tuple(sorted(self._places.items())), sample_rate)
        if known not in _delays:
            if len(_delays) >= _MOST_DELAYS:
                _delays.clear()
            _delays[known] = self._measured_delays(sample_rate)
        return _delays[known]

    def _measured_delays(self, sample_rate: float) -> tuple[int, int | None]:
        if any(word in self.category for word in DELAYING):
            return 0, None
        try:
            state, hosted = self.state, self.new_instance()
            try:
                return hosted.delays(state, self.places, takes=self.takes, sample_rate=sample_rate)
            finally:
                hosted.close()
        except PluginError:  # what is wrong with it shows where it plays the recording
            return 0, None

    def stream(self, sample_rate: float, channels: int) -> VST3Stream:
        """Open the running state of one recording, in a new instance with the settings as they are."""
        return open_together([self], sample_rate, channels)[0]

    def _whole(self, audio: Audio, sample_rate: float) -> Audio:
        return through(self.stream(sample_rate, audio.shape[0]), audio)

    def _open(self, sample_rate: float, channels: int) -> VST3Stream:
        return self.stream(sample_rate, channels)

    def _follows(self, stream: VST3Stream) -> bool:
        return stream.follow(self)

    # -- values ------------------------------------------------------------------------------------

    @property
    def base(self) -> tuple[Any, ...]:
        """What a running stream cannot follow a change of."""
        where = self._bundle.path, self._bundle.fingerprint
        return where, self.identifier, self._state, self._block_size, self._isolated

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, VST3):
            return NotImplemented
        return (self.base, self._places) == (other.base, other._places)

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> dict[str, Any]:
        held: dict[str, Any] = {"_hosted": None, "_live": None, "_described": {}}
        if self._substitute is not None and not isinstance(self._substitute, Stage):
            from ..stock.stock import NativeSettings  # noqa: PLC0415 - only who has one needs pedalboard for it

            held["_substitute"] = NativeSettings.of(self._substitute)
        return {**vars(self), **held}

    def __setstate__(self, state: dict[str, Any]) -> None:
        substitute = state["_substitute"]
        own = substitute.make() if hasattr(substitute, "make") else substitute
        vars(self).update(state | {"_places": dict(state["_places"]), "_substitute": own, "_described": {}})

    def copy(self) -> Self:
        """Return an independent object with the same settings, and no running stream."""
        return copy.deepcopy(self)

    def __repr__(self) -> str:
        own = "" if self._isolated else " in this process"
        return f'<wavemend.VST3 "{self.name}" by {self.manufacturer_name} {self.version}{own}>'
