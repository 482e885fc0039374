"""Fixtures of several rooms: plugins of our own, and a catalogue that is not the user's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from wavemend.contract.offers import offers
from wavemend.host.transcripts import recognisers
from wavemend.host.vst3.bundle import bundles
from wavemend.host.vst3.installed.catalogue import Catalogue
from wavemend.host.vst3.installed.probe import Bundle, probe

from . import parrots
from .faulty_plugins import SOURCES, Scanned, built, make_bundle


@pytest.fixture(scope="session")
def faulty_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the plugin whose faults go by its bundle's name."""
    return built(SOURCES / "faulty.cpp", tmp_path_factory.mktemp("faulty"))


@pytest.fixture(scope="session")
def shell_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the bundle of many plugins, good and bad."""
    return built(SOURCES / "shell.cpp", tmp_path_factory.mktemp("shell"))


@pytest.fixture
def own_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this test's catalogue apart, and the machine's plugins out of it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(bundles, "standard_folders", list)


@pytest.fixture
def freshly_scanned(own_catalogue: None, faulty_binary: Path, tmp_path: Path) -> Scanned:
    """Make bundles with these faults in `tmp_path` / "vst3", and scan them."""

    def scan(*names: str, seconds: float = 5.0) -> Catalogue:
        folder = tmp_path / "vst3"
        for name in names:
            make_bundle(folder, name, faulty_binary)
        catalogue = Catalogue()
        catalogue.scan([folder], seconds=seconds)
        return catalogue

    return scan


@pytest.fixture(scope="session")
def known_bundles() -> dict[str, Bundle]:
    """Bundles that tests of this session tried out already."""
    return {}


@pytest.fixture
def scanned(
    own_catalogue: None,
    faulty_binary: Path,
    tmp_path_factory: pytest.TempPathFactory,
    known_bundles: dict[str, Bundle],
) -> Scanned:
    """Put bundles with these faults into the catalogue; each is tried out once a session."""

    def scan(*names: str) -> Catalogue:
        for name in names:
            if name not in known_bundles:
                bundle = make_bundle(tmp_path_factory.mktemp("vst3"), name, faulty_binary)
                known_bundles[name] = probe(bundle)
        catalogue = Catalogue([], [known_bundles[name] for name in names])
        catalogue.save()
        return catalogue

    return scan


@pytest.fixture
def parrot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Install the recogniser ``parrot``; another one with what is given."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)

    def install(*others: str) -> None:
        parrots.install(folder, *others)
        offers.cache_clear()
        recognisers._loaded.cache_clear()

    install()
    yield install
    offers.cache_clear()
    recognisers._loaded.cache_clear()
    for name in [name for name in sys.modules if name.startswith("parrots")]:
        del sys.modules[name]
