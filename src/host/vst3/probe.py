"""What a bundle's plugins are, found by running them for a moment in a worker process."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ...errors import PluginError
from . import bundles, module_info
from .client import Worker, WorkerCrashedError, WorkerTimedOutError
from .identity import Identity

State = Literal["good", "not run yet", "crashed", "timed out", "wrong platform", "broken"]

PROBE_SECONDS = 30.0
_CHANNELS = (2, 1)


@dataclass(frozen=True)
class Plugin:
    """One plugin in a bundle.

    Attributes
    ----------
    identity
        Who it is.
    channels
        Channel counts it takes, of 1 and 2; None where it was never run.
    latency
        Samples of delay it reports at 44.1 kHz; None where it was never run.
    """

    identity: Identity
    channels: tuple[int, ...] | None = None
    latency: int | None = None


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
        ``"good"``: every plugin in it ran. ``"not run yet"``: it says who it is in a file of its own, and
        runs for the first time when it is used. Else why it cannot be used.
    reason
        More about the state.
    plugins
        The plugins in it.
    """

    path: str
    fingerprint: bundles.Fingerprint
    state: State
    reason: str = ""
    plugins: tuple[Plugin, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether its plugins may be put into a chain."""
        return self.state in ("good", "not run yet")


def look_at(path: Path) -> Bundle:
    """Tell what can be told of a bundle without running it; state "broken" and no reason: nothing can."""
    stamp = bundles.fingerprint(path)
    if (unusable := bundles.why_unusable(path)) is not None:
        foreign, reason = unusable
        return Bundle(str(path), stamp, "wrong platform" if foreign else "broken", reason)
    if declared := module_info.identities(path):
        reason = "says who it is in its moduleinfo.json"
        return Bundle(str(path), stamp, "not run yet", reason, tuple(map(Plugin, declared)))
    return Bundle(str(path), stamp, "broken")


def probe(path: Path, seconds: float = PROBE_SECONDS) -> Bundle:
    """Run a bundle in a worker process to find out everything; each step has `seconds`."""
    seen = look_at(path)
    if seen.reason and seen.state != "not run yet":
        return seen
    trial = _Trial(str(path), seconds)
    try:
        plugins = tuple(trial.of(name) for name in trial.ask("names", str(path)))
    except WorkerCrashedError as error:
        return Bundle(seen.path, seen.fingerprint, "crashed", str(error))
    except WorkerTimedOutError as error:
        return Bundle(seen.path, seen.fingerprint, "timed out", str(error))
    except PluginError as error:
        return Bundle(seen.path, seen.fingerprint, "broken", str(error))
    finally:
        trial.close()
    return Bundle(seen.path, seen.fingerprint, "good", "", plugins)


class _Trial:
    """A worker that tries out one bundle, started anew when the plugin brought it down."""

    def __init__(self, path: str, seconds: float) -> None:
        self._path = path
        self._seconds = seconds
        self._worker: Worker | None = None
        self._loaded = ""

    def of(self, name: str) -> Plugin:
        """Load a plugin and play it silence; one that crashes with two channels is loaded anew for one."""
        crash: PluginError | None = None
        identity: Identity | None = None
        channels: list[int] = []
        latency = 0
        for count in _CHANNELS:
            try:
                if self._loaded != name:
                    identity = Identity(**self.ask("load", self._path, name))
                    self._loaded = name
                if self.ask("accepts", count):
                    channels.append(count)
                    latency = self.ask("latency")
            except (WorkerCrashedError, WorkerTimedOutError) as error:
                crash = error
        if not channels or identity is None:
            raise crash or PluginError("takes neither one nor two channels")
        return Plugin(identity, tuple(sorted(channels)), latency)

    def ask(self, command: str, *arguments: object) -> Any:
        """Have the worker run a command; errors as `Worker.ask`."""
        self._worker = self._worker or Worker(self._seconds)
        try:
            return self._worker.ask(command, *arguments).content
        except (WorkerCrashedError, WorkerTimedOutError):
            self._worker, self._loaded = None, ""
            raise

    def close(self) -> None:
        """End the worker."""
        if self._worker:
            self._worker.close()


def bundle_to_json(bundle: Bundle) -> dict[str, object]:
    """Return a bundle as JSON."""
    plain = [{**asdict(p.identity), "channels": p.channels, "latency": p.latency} for p in bundle.plugins]
    return asdict(bundle) | {"plugins": plain}


def bundle_from_json(data: dict[str, object]) -> Bundle:
    """Return the bundle that `bundle_to_json` wrote; raises `ValueError`, `TypeError` or `KeyError`."""
    fields = dict(data)
    fields["fingerprint"] = tuple(fields["fingerprint"])  # type: ignore[arg-type]
    plugins = []
    for plain in fields["plugins"]:  # type: ignore[attr-defined]
        rest = dict(plain)
        channels, latency = rest.pop("channels"), rest.pop("latency")
        plugins.append(Plugin(Identity(**rest), None if channels is None else tuple(channels), latency))
    return Bundle(**fields | {"plugins": tuple(plugins)})  # type: ignore[arg-type]
