"""What VST3s this user has: found by a scan, kept between runs, refreshed where a bundle changed.

The only way from a plugin's name to a file: a preset names an identifier, and the file is one that a scan
of the user's own folders found.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from ....errors import NotInstalledError, PluginError
from ...processes.memory import MEMORY_LIMIT_GB
from ..bundle import bundles
from ..bundle.identity import IDENTIFIER
from .probe import PROBE_SECONDS, Bundle, Plugin, Tell, bundle_from_json, bundle_to_json, look_at, probe

FORMAT = "wavemend-plugin-catalogue"
FORMAT_VERSION = 2  # source: this format's own count
_SCAN = "`wavemend plugins scan`"


def catalogue_path() -> Path:
    """Where the catalogue lies: in the user's data folder."""
    return platformdirs.user_data_path("wavemend", appauthor=False) / "vst3-plugins.json"


@dataclass
class Catalogue:
    """Every bundle found by the latest scan.

    Attributes
    ----------
    folders
        Folders that were given to a scan, beside the standard ones.
    bundles
        What is known of each bundle, in the order in which they are searched.
    """

    folders: list[str] = field(default_factory=list)
    bundles: list[Bundle] = field(default_factory=list)

    def scan(
        self,
        folders: Iterable[Path] = (),
        *,
        seconds: float = PROBE_SECONDS,
        memory_limit_gb: float = MEMORY_LIMIT_GB,
        run_all: bool = False,
        tell: Tell = lambda path, name: None,
    ) -> None:
        """Look for bundles in the standard folders and in those ever given; save after each one.

        Parameters
        ----------
        folders
            More folders, which later scans search too.
        seconds
            Time a plugin has for each step of being probed.
        memory_limit_gb
            Memory it may have.
        run_all
            Also run what says who it is in a file, and what did not change.
        tell
            Called before each bundle, with no name, and before each plugin.

        Raises
        ------
        PluginError
            A folder is not there, or the catalogue cannot be written.
        """
        for folder in folders:
            if not folder.is_dir():
                raise PluginError(f"{folder}: is no folder that can be searched for VST3s")
            absolute = os.path.abspath(folder)
            if absolute not in self.folders:
                self.folders.append(absolute)
        known = {bundle.path: bundle for bundle in self.bundles}
        paths = bundles.find_bundles([*bundles.standard_folders(), *map(Path, self.folders)])
        found = {str(path): known.get(str(path)) for path in paths}
        for path in paths:
            tell(path, "")
            old = found[str(path)]
            if run_all or old is None or old.fingerprint != bundles.fingerprint(path):
                seen = look_at(path)
                if run_all or not seen.plugins:
                    seen = probe(path, seconds, memory_limit_gb=memory_limit_gb, tell=tell)
                found[str(path)] = seen
                self.bundles = [bundle for bundle in found.values() if bundle]
                self.save()  # Ctrl-C in a long scan loses nothing
        self.bundles = [bundle for bundle in found.values() if bundle]
        self.save()

    def find(self, wanted: str) -> tuple[Bundle, Plugin]:
        """Return the plugin of a name or an identifier, tried out where it was not or its bundle changed.

        Raises
        ------
        NotInstalledError
            There is none.
        PluginError
            It cannot be used, or several have that name.
        """
        bundle, plugin = self._pick(wanted)
        if not Path(bundle.path).exists():
            raise NotInstalledError(f"{plugin.identity.name} is gone from {bundle.path}; run {_SCAN}")
        changed = bundle.fingerprint != bundles.fingerprint(Path(bundle.path))
        if changed or (bundle.usable and plugin.state == "not run yet"):
            name, known = plugin.identity.name, None if changed else bundle
            bundle = probe(Path(bundle.path), only=name, known=known)
            self._replace(bundle)
            by_identifier = [p for p in bundle.plugins if p.identity.identifier == plugin.identity.identifier]
            again = by_identifier or [p for p in bundle.plugins if p.identity.name == name]
            if bundle.usable and not again:
                raise NotInstalledError(f"{name} is no longer in {bundle.path}; run {_SCAN}")
            plugin = again[0] if again else plugin
            if bundle.usable and plugin.state == "not run yet":  # it has another name now
                return self.find(plugin.identity.identifier)
        if not (bundle.usable and plugin.usable):
            reason = plugin.reason if bundle.usable else bundle.reason
            raise PluginError(f"{plugin.identity.name} cannot be used: {reason}")
        return bundle, plugin

    def _pick(self, wanted: str) -> tuple[Bundle, Plugin]:
        by_identifier = re.fullmatch(IDENTIFIER, wanted.upper()) is not None
        matches: dict[str, tuple[Bundle, Plugin]] = {}
        for bundle in self.bundles:
            for plugin in bundle.plugins:
                identity = plugin.identity
                if wanted.upper() == identity.identifier or (
                    not by_identifier and wanted.casefold() == identity.name.casefold()
                ):
                    # The same plugin in two folders: the first usable one, as other hosts do.
                    kept = matches.get(identity.identifier)
                    if kept is None or (_usable(bundle, plugin) and not _usable(*kept)):
                        matches[identity.identifier] = (bundle, plugin)
        if sum(_usable(*match) for match in matches.values()) == 1:
            return next(match for match in matches.values() if _usable(*match))
        if len(matches) > 1:
            several = "; ".join(f"{i} by {m[1].identity.vendor}" for i, m in sorted(matches.items()))
            raise PluginError(f"several VST3s are called {wanted!r}; use an identifier: {several}")
        if matches:
            return next(iter(matches.values()))
        raise self._nothing_for(wanted)

    def _nothing_for(self, wanted: str) -> PluginError:
        for bundle in self.bundles:
            if not bundle.plugins and Path(bundle.path).stem.casefold() == wanted.casefold():
                return PluginError(f"{wanted} cannot be used: {bundle.reason}")
        if os.sep in wanted or wanted.lower().endswith(bundles.SUFFIX):
            return NotInstalledError(
                f"{wanted!r} is a path; VST3s are used by name or identifier: scan their folder first, "
                "`wavemend plugins scan FOLDER`"
            )
        names = sorted({plugin.identity.name for bundle in self.bundles for plugin in bundle.plugins})
        if not names:
            return NotInstalledError(f"no VST3 is known yet; run {_SCAN} to find those installed here")
        near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "see `wavemend plugins list`"
        return NotInstalledError(f"no VST3 {wanted!r} is known; {hint} ({_SCAN} finds new ones)")

    def _replace(self, bundle: Bundle) -> None:
        self.bundles = [bundle if old.path == bundle.path else old for old in self.bundles]
        self.save()

    def save(self) -> None:
        """Write the catalogue; raises `PluginError` where that is impossible."""
        path = catalogue_path()
        content = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "folders": self.folders,
            "bundles": [bundle_to_json(bundle) for bundle in self.bundles],
        }
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(content, indent=1), encoding="utf-8")
            part.replace(path)
        except OSError as error:
            raise PluginError(f"{path}: the catalogue cannot be written: {error.strerror}") from None


def _usable(bundle: Bundle, plugin: Plugin) -> bool:
    return bundle.usable and plugin.usable


def load_catalogue() -> Catalogue:
    """Read the catalogue; an empty one where there is none.

    Raises
    ------
    PluginError
        It is damaged, or a newer version of this program wrote it.
    """
    path = catalogue_path()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError("another format")
        if content["format_version"] > FORMAT_VERSION:
            raise PluginError(f"{path}: a newer version of wavemend wrote it; delete it and run {_SCAN}")
        old = content["format_version"] == 1
        known = _from_version_1(content["bundles"]) if old else content["bundles"]
        return Catalogue(
            [str(folder) for folder in content["folders"]], [bundle_from_json(bundle) for bundle in known]
        )
    except FileNotFoundError:
        return Catalogue()
    except OSError as error:
        raise PluginError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise PluginError(f"{path}: is damaged; delete it and run {_SCAN}") from None


def _from_version_1(known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Bundles as version 1 kept them: one state for all plugins, and none for what it found no use for.

    Those it could not use are left out, so that the next scan tries their plugins out one by one.
    """
    return [
        bundle
        | {
            "reason": "",
            "plugins": [plugin | {"state": bundle["state"], "reason": ""} for plugin in bundle["plugins"]],
        }
        for bundle in known
        if bundle["state"] in ("good", "not run yet")
    ]


def find_or_scan(wanted: str) -> tuple[Bundle, Plugin]:
    """Find a plugin as `Catalogue.find` does; an empty catalogue is filled by a scan first, and says so."""
    catalogue = load_catalogue()
    if catalogue.bundles or os.sep in wanted:
        return catalogue.find(wanted)
    folders = [str(folder) for folder in (*bundles.standard_folders(), *catalogue.folders)]
    found = bundles.find_bundles(map(Path, folders))
    where = ", ".join(folders)
    if not found:
        raise NotInstalledError(
            f"no VST3 {wanted!r} is known, and none lies in {where or 'the standard folders'}; "
            "install it, or scan the folder it is in: `wavemend plugins scan FOLDER`"
        )
    warnings.warn(
        f"no VST3 is known yet: scanning {where} ({len(found)} to try out); "
        "`wavemend plugins scan` does it beforehand",
        stacklevel=4,
    )
    catalogue.scan()
    return catalogue.find(wanted)
