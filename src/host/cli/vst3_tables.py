"""The catalogue as people see it: while it is made, as a table, as JSON."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console

from ...errors import NotInstalledError
from ..vst3.installed.catalogue import Catalogue, load_catalogue
from ..vst3.installed.probe import Bundle, Plugin
from ..vst3.parameter import HostedParameter
from ..vst3.plugin import VST3

_COUNTS = {(1,): "mono", (2,): "stereo", (1, 2): "mono and stereo"}


def scan(
    folders: list[Path], seconds: float, memory_limit_gb: float, *, run_all: bool, console: Console
) -> Catalogue:
    """Scan, telling on `console` what is looked at; return the catalogue. Errors as `Catalogue.scan`."""
    catalogue = load_catalogue()
    with console.status("looking for VST3s") as status:
        catalogue.scan(
            folders,
            seconds=seconds,
            run_all=run_all,
            memory_limit_gb=memory_limit_gb,
            tell=lambda path, name: status.update(f"trying out {path.name} {name}".rstrip()),
        )
    return catalogue


def rows(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return name and description of every plugin, and of every bundle that has none to show."""
    found = []
    for bundle in catalogue.bundles:
        if bundle.plugins:
            found += [(plugin.identity.name, _described(bundle, plugin)) for plugin in bundle.plugins]
        else:
            found.append((Path(bundle.path).stem, f"cannot be used: {bundle.reason} ({bundle.path})"))
    return found


def as_json(catalogue: Catalogue) -> list[dict[str, Any]]:
    """Return a JSON object for every plugin, and for every bundle that has none to show."""
    found: list[dict[str, Any]] = []
    for bundle in catalogue.bundles:
        for plugin in bundle.plugins:
            who = plugin.identity
            described = {
                "id": f"vst3.{who.identifier}",
                "summary": _described(bundle, plugin),
                "name": who.name,
                "vendor": who.vendor,
                "version": who.version,
                "category": who.category,
                "channels": plugin.channels,
                "latency_samples": plugin.latency,
            }
            said = plugin if bundle.usable else bundle
            found.append(described | {"state": said.state, "reason": said.reason, "path": bundle.path})
        if not bundle.plugins:
            who_knows = {"name": Path(bundle.path).stem, "state": bundle.state, "reason": bundle.reason}
            found.append(who_knows | {"path": bundle.path})
    return found


def counts(catalogue: Catalogue) -> str:
    """Say how many plugins can be used, and why the others cannot."""
    states: Counter[str] = Counter()
    for bundle in catalogue.bundles:
        if bundle.usable and bundle.plugins:
            states.update(plugin.state for plugin in bundle.plugins)
        else:
            states[bundle.state] += max(len(bundle.plugins), 1)
    usable = states.pop("good", 0) + states.pop("not run yet", 0)
    others = ", ".join(f"{count} {state}" for state, count in states.most_common())
    return f"{usable} can be used" + (f"; {sum(states.values())} cannot: {others}" if others else "")


def find(wanted: str) -> VST3 | None:
    """Return the VST3 of a name or identifier; None where there is none."""
    try:
        return VST3(wanted)
    except NotInstalledError:
        return None


def parameter_rows(plugin: VST3) -> list[tuple[str, str, str]]:
    """Return name, default and what is allowed of every parameter."""
    known = plugin.parameters.values()
    return [(p.python_name, p.get_text_for_raw_value(p.default_raw_value), _allowed(p)) for p in known]


def _allowed(parameter: HostedParameter) -> str:
    if parameter.is_boolean:
        return "on or off"
    if parameter.type is str:
        return "one of " + ", ".join(parameter.valid_values)
    words = "".join(f", or {word!r}" for word in parameter.valid_values[2:])
    return f"{parameter.min_value:g} to {parameter.max_value:g} {parameter.label or ''}".rstrip() + words


def plugin_as_json(plugin: VST3) -> dict[str, Any]:
    """Return who a plugin is, and its parameters, as a JSON object."""
    parameters = parameter_rows(plugin)
    return {
        "id": f"vst3.{plugin.identifier}",
        "name": plugin.name,
        "vendor": plugin.manufacturer_name,
        "version": plugin.version,
        "parameters": {name: {"default": text, "allowed": allowed} for name, text, allowed in parameters},
    }


def _described(bundle: Bundle, plugin: Plugin) -> str:
    who = plugin.identity
    said = plugin if bundle.usable else bundle
    if not said.usable:
        return f"cannot be used: {said.reason} ({bundle.path})"
    facts = [f"VST3 by {who.vendor}, {who.version}"]
    if plugin.channels:
        facts.append(_COUNTS[plugin.channels])
    if plugin.latency:
        facts.append(f"{plugin.latency} samples of latency")
    if plugin.state == "not run yet":
        facts.append("not run yet")
    return ", ".join(facts)
