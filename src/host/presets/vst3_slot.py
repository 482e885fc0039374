"""How a preset holds a VST3: by who it is, with readable parameters and its state, and never with a path.

The state decides. A readable value that is not what the plugin shows for the state was changed by a person,
and is set.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, Self

import pedalboard

from ...errors import NotInstalledError, PluginError, PresetError, UnknownParameterError
from ..processes.memory import HIGHEST_MEMORY_LIMIT_GB, LOWEST_MEMORY_LIMIT_GB, MEMORY_LIMIT_GB
from ..processes.worker_limits import LONGEST_TIMEOUT_S, checked_memory_limit, checked_timeout
from ..storage.strict_json import short
from ..vst3.block_size import LARGEST_BLOCK, SMALLEST_BLOCK
from ..vst3.bundle.identity import IDENTIFIER, Identity, checked_identity
from ..vst3.bundle.vstpreset import CLASS_ID
from ..vst3.installed.catalogue import load_catalogue
from ..vst3.installed.probe import Bundle
from ..vst3.loaded.parameter_places import SAME_PLACE
from ..vst3.loaded.parameter_text import check, number_in
from ..vst3.missing import MISSING, Missing
from ..vst3.plugin import VST3
from ..vst3.process.client import ANSWER_SECONDS
from ..vst3.process.hosting import Hosted

PREFIX = "vst3."
FIELDS = {
    "plugin",
    "name",
    "vendor",
    "version",
    "block_size",
    "timeout_s",
    "memory_limit_gb",
    "parameters",
    "state",
    "unkept",
    "missing",
    "substitute",
}
MOST_STATE_BYTES = 8 * 2**20  # guard: memory, against hostile presets
_NEEDED = ("name", "vendor", "version", "block_size", "parameters", "state")
_LISTED = 512
"""Parameters that are written out for people, the first that the plugin has; guard: some have thousands."""

MOST_PARAMETERS = 2**16
"""Values a slot may hold; guard: what fits into a preset's 16 MB beside the largest state, 80 bytes each."""
_LONGEST_TEXT = 1024  # guard: memory, against hostile presets

Readable = float | str


def to_json(plugin: VST3) -> dict[str, Any]:
    """Return the fields of a VST3 in a preset, but for its substitute. Runs it; raises `PluginError`."""
    moved = tuple(plugin.places.items())
    lost, texts = _shown(_Loadable.of(plugin), plugin.state, moved)
    if len(plugin.state) > MOST_STATE_BYTES:
        raise PresetError(
            f"the state of {plugin.name} has {len(plugin.state) / 2**20:.0f} MB; "
            f"a preset holds {MOST_STATE_BYTES // 2**20}"
        )
    return {
        "plugin": PREFIX + plugin.identifier,
        "name": plugin.name,
        "vendor": plugin.manufacturer_name,
        "version": plugin.version,
        "block_size": plugin.block_size,
        "timeout_s": plugin.timeout_s,
        "memory_limit_gb": plugin.memory_limit_gb,
        "parameters": {name: _readable(texts[name]) for name in list(texts)[:_LISTED]},
        "state": base64.b64encode(plugin.state).decode("ascii"),
        **({"unkept": lost} if lost else {}),
        "missing": plugin.missing,
    }


class Declared:
    """A VST3 as a preset declares it, checked as far as that goes without the plugin.

    Parameters
    ----------
    data
        The slot's JSON object.

    Raises
    ------
    PresetError, ParameterError
        Naming the field and what it must be.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        for name in _NEEDED:
            if name not in data:
                raise PresetError(f"{name!r} is missing")
        identifier = str(data["plugin"]).removeprefix(PREFIX)
        if not re.fullmatch(IDENTIFIER, identifier):
            raise PresetError(
                f"a VST3 is named by {PREFIX!r} and its class id, 32 hexadecimal digits in capitals; "
                "paths and names have no place in a preset"
            )
        try:
            self.identity: Identity = checked_identity(
                identifier=identifier, **{what: data[what] for what in ("name", "vendor", "version")}
            )
        except ValueError as error:
            raise PresetError(str(error)) from None
        self.block_size = _whole(data["block_size"])
        self.timeout_s = checked_timeout(data.get("timeout_s", ANSWER_SECONDS), "timeout_s")
        self.memory_limit_gb = checked_memory_limit(
            data.get("memory_limit_gb", MEMORY_LIMIT_GB), "memory_limit_gb"
        )
        self.state = _decoded(data["state"])
        self.parameters: dict[str, Readable] = _readables(data["parameters"])
        self.unkept: dict[str, float] = _places(data.get("unkept", {}))
        self.missing: Missing = data.get("missing", "fail")
        if self.missing not in MISSING:
            raise PresetError(f"missing is {self.missing!r}; it must be one of {', '.join(MISSING)}")
        if ("substitute" in data) != (self.missing == "substitute"):
            raise PresetError("'substitute' is there where missing is 'substitute', and only there")

    def absence(self) -> str:
        """Say why the plugin cannot be used here, after its name; empty where it can. Runs no state."""
        try:
            load_catalogue().find(self.identity.identifier)
        except NotInstalledError:
            return "is not installed here"
        except PluginError as error:
            return f"cannot be used here: {error}"
        return ""

    def find(self, substitute: Any, policy: str, *, bypassed: bool = False) -> VST3 | None:
        """Return the plugin as it is installed here, isolated, in the declared state.

        Parameters
        ----------
        substitute
            What the plugin is to hand on to the next preset; None unless `missing` asks for one.
        policy
            What to do where it is not installed, or cannot be used: one of `MISSING`.
        bypassed
            It will not be heard, and may be missing whatever the policy says.

        Returns
        -------
        VST3 or None
            None where it is not installed here, and the policy is not to fail then.

        Raises
        ------
        PresetError
            It is not installed, and the preset says that this must not be; or it does not take the values.
        PluginError
            It crashed, hung or refused while its values were checked.
        """
        who = f"{self.identity.name} by {self.identity.vendor}"
        catalogue = load_catalogue()
        try:
            catalogue.find(self.identity.identifier)
        except PluginError as error:
            if bypassed or policy == "bypass" or (policy == "substitute" and substitute is not None):
                return None
            found = f": {error}" if self._known(catalogue.bundles) else ""
            found += ", and the preset names no substitute" if policy == "substitute" else ""
            raise PresetError(
                f"the VST3 {who} is not installed here{found}; install it and run "
                "`wavemend plugins scan`, or leave it out with --missing bypass (in Python missing='bypass')"
            ) from None
        plugin = VST3(
            self.identity.identifier,
            block_size=self.block_size,
            timeout_s=self.timeout_s,
            memory_limit_gb=self.memory_limit_gb,
            missing=self.missing,
            substitute=substitute,
        )
        edits = _edits(
            _Loadable.of(plugin), self.state, tuple(self.unkept.items()), tuple(self.parameters.items())
        )
        plugin.take(self.state, self.unkept, made_with=self.identity)
        for name, place in edits:
            plugin.move(name, place)
        return plugin

    def _known(self, bundles: list[Bundle]) -> bool:
        return any(p.identity.identifier == self.identity.identifier for b in bundles for p in b.plugins)


def adopted(plugin: pedalboard.VST3Plugin) -> VST3:
    """Return the `VST3` that stands for a plugin which pedalboard itself loaded, with its settings.

    Raises
    ------
    PresetError
        The plugin is not one that a scan found here.
    """
    identifier = bytes(plugin.preset_data)[CLASS_ID].decode("ascii", "replace")
    moved = {name: p.raw_value for name, p in plugin.parameters.items() if p.is_automatable}
    try:
        load_catalogue().find(identifier)  # to store it is no reason to scan
        own = VST3(identifier)
        known = own.parameters
    except PluginError as error:
        raise PresetError(
            f"{plugin.name} cannot be stored in a preset: {error}; scan its folder with "
            "`wavemend plugins scan FOLDER`, and use wavemend.VST3 in its place"
        ) from None
    own.take(bytes(plugin.raw_state), {name: place for name, place in moved.items() if name in known})
    return own


class _Loadable(NamedTuple):
    """What a plugin is loaded with, to be looked at."""

    bundle: Bundle
    name: str
    takes: tuple[int, ...]
    isolated: bool
    timeout_s: float
    memory_limit_gb: float

    @classmethod
    def of(cls, plugin: VST3) -> Self:
        return cls(
            plugin.bundle,
            plugin.name,
            plugin.takes,
            plugin.isolated,
            plugin.timeout_s,
            plugin.memory_limit_gb,
        )

    def load(self) -> Hosted:
        return Hosted(
            self.bundle.path,
            self.name,
            self.takes,
            isolated=self.isolated,
            answer_seconds=self.timeout_s,
            memory_limit_gb=self.memory_limit_gb,
        )


@lru_cache(maxsize=64)
def _shown(
    loadable: _Loadable, state: bytes, places: tuple[tuple[str, float], ...]
) -> tuple[dict[str, float], dict[str, str]]:
    """Load a state into a new instance and look what became of it.

    Returns
    -------
    dict of str to float
        The `places` that the state does not keep.
    dict of str to str
        Text of every automatable parameter, as a recording would be processed with it.
    """
    hosted = loadable.load()
    try:
        known = {described["python_name"] for described in hosted.parameters()}
        for parameter, _ in places:
            if parameter not in known:
                raise UnknownParameterError(f"{loadable.name} has no parameter {parameter!r}")
        hosted.restore(state, {})
        lost = {p: place for p, place in places if abs(hosted.place(p) - place) > SAME_PLACE}
        hosted.restore(None, lost)
        return lost, hosted.texts()
    finally:
        hosted.close()


@lru_cache(maxsize=64)
def _edits(
    loadable: _Loadable,
    state: bytes,
    unkept: tuple[tuple[str, float], ...],
    parameters: tuple[tuple[str, Readable], ...],
) -> tuple[tuple[str, float], ...]:
    """Places of the parameters whose readable value is not what the state shows."""
    _, texts = _shown(loadable, state, unkept)
    changed = [(p, value) for p, value in parameters if p not in texts or _readable(texts[p]) != value]
    if not changed:
        return ()
    hosted = loadable.load()
    try:
        labels = {d["python_name"]: d["label"] or "" for d in hosted.parameters()}
        return tuple((p, _place_of(hosted, p, value, labels)) for p, value in changed)
    finally:
        hosted.close()


def _place_of(hosted: Hosted, parameter: str, value: Readable, labels: Mapping[str, str]) -> float:
    if parameter not in labels:
        raise UnknownParameterError(f"{hosted.name} has no parameter {parameter!r}")
    allowed = hosted.allowed(parameter)
    if allowed.kind == "switch" and value in allowed.words:
        return allowed.places[allowed.words.index(str(value))]
    checked = check(value, allowed, f"{hosted.name}.{parameter}", labels[parameter])
    return hosted.place_of(parameter, checked)


def _readable(text: str) -> Readable:
    number = number_in(text)
    return text[:_LONGEST_TEXT] if number is None or abs(number) == float("inf") else number


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not SMALLEST_BLOCK <= value <= LARGEST_BLOCK:
        raise PresetError(
            f"block_size is {short(value)}; "
            f"it must be a whole number from {SMALLEST_BLOCK} to {LARGEST_BLOCK}"
        )
    return value


def _decoded(text: Any) -> bytes:
    if not isinstance(text, str):
        raise PresetError("state must be text in base64")
    if len(text) > MOST_STATE_BYTES * 4 // 3 + 4:
        raise PresetError(f"state is larger than {MOST_STATE_BYTES // 2**20} MB")
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise PresetError("state is not text in base64") from None


def _readables(values: Any) -> dict[str, Readable]:
    if not isinstance(values, dict) or len(values) > MOST_PARAMETERS:
        raise PresetError(f"'parameters' must be a JSON object of at most {MOST_PARAMETERS} values")
    for name, value in values.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number and not (isinstance(value, str) and len(value) <= _LONGEST_TEXT):
            raise PresetError(f"{short(name)} is {short(value)}; it must be a number, or the plugin's word")
    return dict(values)


def _places(values: Any) -> dict[str, float]:
    if not isinstance(values, dict) or len(values) > MOST_PARAMETERS:
        raise PresetError(f"'unkept' must be a JSON object of at most {MOST_PARAMETERS} places from 0 to 1")
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise PresetError(f"unkept {short(name)} is {short(value)}; it must be a place from 0 to 1")
    return dict(values)


def schema(substitute: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema of a VST3's slot; `substitute` is that of what may stand in for it."""
    text = {"type": "string", "maxLength": 256}
    return {
        "description": "a VST3 of this machine",
        "properties": {
            "plugin": {"type": "string", "pattern": f"^{PREFIX.replace('.', '[.]')}{IDENTIFIER}$"},
            "name": text,
            "vendor": text,
            "version": text,
            "block_size": {"type": "integer", "minimum": SMALLEST_BLOCK, "maximum": LARGEST_BLOCK},
            "timeout_s": {"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST_TIMEOUT_S},
            "memory_limit_gb": {
                "type": "number",
                "minimum": LOWEST_MEMORY_LIMIT_GB,
                "maximum": HIGHEST_MEMORY_LIMIT_GB,
            },
            "parameters": {
                "type": "object",
                "maxProperties": MOST_PARAMETERS,
                "additionalProperties": {"type": ["number", "string"], "maxLength": _LONGEST_TEXT},
            },
            "state": {"type": "string", "contentEncoding": "base64"},
            "unkept": {
                "type": "object",
                "maxProperties": MOST_PARAMETERS,
                "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
            },
            "missing": {"enum": list(MISSING)},
            "substitute": substitute,
        },
        "required": ["plugin", *_NEEDED],
        "if": {"properties": {"missing": {"const": "substitute"}}, "required": ["missing"]},
        "then": {"required": ["substitute"]},
        "else": {"not": {"required": ["substitute"]}},
    }
