"""What a bundle's plugins are, found by running them for a moment in a worker process.

Each plugin of a bundle has a state of its own: one that crashes ends its worker, and the next is tried out in
a fresh one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ....errors import PluginError, WorkerCrashedError, WorkerTimedOutError
from ...processes.memory import MEMORY_LIMIT_GB
from .. import refusals
from ..bundle import bundles, module_info
from ..bundle.identity import Identity
from ..process.client import Worker

State = Literal["good", "not run yet", "instrument", "crashed", "timed out", "refused"]
BundleState = Literal["good", "not run yet", "crashed", "timed out", "wrong platform", "broken"]

PROBE_SECONDS = 30.0  # guard: for each step of trying a plugin out
_CHANNELS = (2, 1)  # derived: what chains adapt others to
_INSTRUMENT = "instrument"
"""Among the sub-categories, however it is spelt."""

Tell = Callable[[Path, str], None]
"""Called with the bundle, and the plugin in it, that is tried out next."""


@dataclass(frozen=True)
class Plugin:
    """One plugin in a bundle.

    Attributes
    ----------
    identity
        Who it is.
    state
        ``"good"``: it ran. ``"not run yet"``: it runs for the first time when it is used. Else why it cannot
        be used: it is an ``"instrument"``, it ``"crashed"``, ``"timed out"`` or was ``"refused"``.
    reason
        More about the state.
    channels
        Channel counts it takes, of 1 and 2; None unless it is good.
    latency
        Samples of delay it reports at 44.1 kHz; None unless it is good.
    """

    identity: Identity
    state: State = "not run yet"
    reason: str = ""
    channels: tuple[int, ...] | None = None
    latency: int | None = None

    @property
    def usable(self) -> bool:
        """Whether it may be put into a chain."""
        return self.state in ("good", "not run yet")


@dataclass(frozen=True)
class Bundle:
    """What is known of one bundle.

    Attributes
    ----------
    path
        Where it lies.
    fingerprint
        Of the files that this was found out about.
    state
        ``"good"``: its code said which plugins it holds. ``"not run yet"``: it has not been asked. Else why
        none of them can be used.
    reason
        More about the state.
    plugins
        The plugins in it, good or bad.
    """

    path: str
    fingerprint: bundles.Fingerprint
    state: BundleState
    reason: str = ""
    plugins: tuple[Plugin, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether there may be plugins in it to put into a chain."""
        return self.state in ("good", "not run yet")


def look_at(path: Path) -> Bundle:
    """Tell what can be told of a bundle without running it; no plugins where it does not say."""
    stamp = bundles.fingerprint(path)
    if (unusable := bundles.why_unusable(path)) is not None:
        foreign, reason = unusable
        return Bundle(str(path), stamp, "wrong platform" if foreign else "broken", reason)
    declared = module_info.identities(path) or []
    return Bundle(str(path), stamp, "not run yet", "", tuple(map(declared_plugin, declared)))


def declared_plugin(identity: Identity) -> Plugin:
    """Return what can be told of a plugin by what it says of itself."""
    if _INSTRUMENT in identity.category.casefold().split("|"):
        return Plugin(identity, "instrument", refusals.INSTRUMENT)
    return Plugin(identity)


def probe(
    path: Path,
    seconds: float = PROBE_SECONDS,
    *,
    memory_limit_gb: float = MEMORY_LIMIT_GB,
    only: str | None = None,
    known: Bundle | None = None,
    tell: Tell = lambda path, name: None,
) -> Bundle:
    """Run a bundle in worker processes to find out everything.

    Parameters
    ----------
    path
        Of the bundle.
    seconds
        Time that each step may take.
    memory_limit_gb
        Memory a worker may have.
    only
        Name of the one plugin to try out; None: all.
    known
        What is known of the others.
    tell
        Called before each plugin.
    """
    seen = look_at(path)
    if not seen.usable:
        return seen
    trial = _Trial(str(path), seconds, memory_limit_gb)
    state: BundleState
    try:
        declared = [Identity(**plain) for plain in trial.ask("classes", str(path))]
        others = {plugin.identity: plugin for plugin in (known.plugins if known else ())}
        plugins = []
        for identity in declared:
            if only in (None, identity.name):
                tell(path, identity.name)
                plugins.append(trial.of(identity))
            else:
                plugins.append(others.get(identity, declared_plugin(identity)))
        return Bundle(seen.path, seen.fingerprint, "good", "", tuple(plugins))
    except WorkerCrashedError as error:
        state, reason = "crashed", str(error)
    except WorkerTimedOutError as error:
        state, reason = "timed out", str(error)
    except PluginError as error:
        state, reason = "broken", str(error)
    finally:
        trial.close()
    return Bundle(seen.path, seen.fingerprint, state, reason, seen.plugins)


class _Trial:
    """A worker that tries out one bundle, started anew when a plugin brought it down."""

    def __init__(self, path: str, seconds: float, memory_limit_gb: float) -> None:
        self._path = path
        self._seconds = seconds
        self._memory_limit_gb = memory_limit_gb
        self._worker: Worker | None = None
        self._loaded: Identity | None = None

    def of(self, declared: Identity) -> Plugin:
        """Try out a plugin; see `Plugin.state`."""
        known = declared_plugin(declared)
        if not known.usable:
            return known
        try:
            return self._played(declared)
        except WorkerCrashedError as error:
            return self._explained(declared, "crashed", str(error))
        except WorkerTimedOutError as error:
            return Plugin(declared, "timed out", str(error))
        except PluginError as error:
            instrument = str(error) == refusals.INSTRUMENT
            return Plugin(declared, "instrument" if instrument else "refused", str(error))

    def _played(self, declared: Identity) -> Plugin:
        """Play it a moment in two channels and in one; what crashes with two is loaded anew for one."""
        failure: PluginError | None = None
        channels: list[int] = []
        latency = 0
        self._loaded = self._load(declared)
        identity = self._loaded
        for count in _CHANNELS:
            try:
                if self._loaded is None:
                    self._loaded = self._load(declared)
                if not self.ask("accepts", count):
                    continue
                if not self.ask("stays_finite", count):
                    failure = PluginError(refusals.NOT_FINITE)
                    continue
                channels.append(count)
                latency = self.ask("latency")
            except WorkerCrashedError as error:
                failure = error
            except WorkerTimedOutError as error:
                failure = error
                break  # and does not wait so long again
        if not channels:
            raise failure or PluginError(self._why_no_channels(declared))
        return Plugin(identity, "good", "", tuple(sorted(channels)), latency)

    def _load(self, declared: Identity) -> Identity:
        identity = Identity(**self.ask("load", self._path, declared.name))
        if declared.identifier not in ("", identity.identifier):
            raise PluginError(refusals.SAME_NAME)
        return identity

    def _why_no_channels(self, declared: Identity) -> str:
        buses = self._buses(declared)
        if buses is None or not all(buses):
            return refusals.NEITHER
        inputs, outputs = buses
        if inputs[0] != outputs[0]:
            return refusals.uneven(inputs[0], outputs[0])
        return refusals.other_count(inputs[0])

    def _explained(self, declared: Identity, state: State, reason: str) -> Plugin:
        """Say more of a crash: pedalboard hands on nothing for inputs that cannot be switched off."""
        buses = self._buses(declared)
        if buses is not None and max(map(len, buses)) > 1:
            return Plugin(declared, "refused", refusals.several_buses(*buses, reason))
        return Plugin(declared, state, reason)

    def _buses(self, declared: Identity) -> tuple[list[int], list[int]] | None:
        try:
            found = self.ask("bus_channels", self._path, declared.name)
        except PluginError:
            return None
        return None if found is None else (found[0], found[1])

    def ask(self, command: str, *arguments: object) -> Any:
        """Have the worker run a command; errors as `Worker.ask`."""
        self._worker = self._worker or Worker(self._seconds, self._memory_limit_gb)
        try:
            return self._worker.ask(command, *arguments).content
        except (WorkerCrashedError, WorkerTimedOutError):
            self._worker = self._loaded = None
            raise

    def close(self) -> None:
        """End the worker."""
        if self._worker:
            self._worker.close()


def bundle_to_json(bundle: Bundle) -> dict[str, object]:
    """Return a bundle as JSON."""
    plain = [asdict(plugin.identity) | _beside_identity(plugin) for plugin in bundle.plugins]
    return asdict(bundle) | {"plugins": plain}


def _beside_identity(plugin: Plugin) -> dict[str, object]:
    fields = asdict(plugin)
    del fields["identity"]
    return fields


def bundle_from_json(data: dict[str, object]) -> Bundle:
    """Return the bundle that `bundle_to_json` wrote; raises `ValueError`, `TypeError` or `KeyError`."""
    fields = dict(data)
    fields["fingerprint"] = tuple(fields["fingerprint"])  # type: ignore[arg-type]
    plugins = []
    for plain in fields["plugins"]:  # type: ignore[attr-defined]
        rest = dict(plain)
        beside = {name: rest.pop(name) for name in ("state", "reason", "channels", "latency")}
        if beside["channels"] is not None:
            beside["channels"] = tuple(beside["channels"])
        plugins.append(Plugin(Identity(**rest), **beside))
    return Bundle(**fields | {"plugins": tuple(plugins)})  # type: ignore[arg-type]
