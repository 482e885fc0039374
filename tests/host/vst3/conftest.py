"""Plugins of our own, each with one fault, built once from source; and a catalogue that is not the user's."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from wavemend.host.vst3.bundle import bundles
from wavemend.host.vst3.installed.catalogue import Catalogue
from wavemend.host.vst3.installed.probe import Bundle, probe

from .requirements import skip_or_fail

SOURCE = Path(__file__).with_name("faulty.cpp")
SHELL_SOURCE = Path(__file__).with_name("shell.cpp")

Scanned = Callable[..., Catalogue]
"""Called with names of faults; returns the catalogue of bundles that have them."""


@pytest.fixture(scope="session")
def faulty_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the plugin whose faults go by its bundle's name."""
    return _built(SOURCE, tmp_path_factory.mktemp("faulty"))


@pytest.fixture(scope="session")
def shell_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the bundle of many plugins, good and bad."""
    return _built(SHELL_SOURCE, tmp_path_factory.mktemp("shell"))


def _built(source: Path, folder: Path) -> Path:
    if sys.platform != "linux":
        skip_or_fail("the test plugins are built for Linux")
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        skip_or_fail("no C++ compiler; `apt-get install g++` brings one")
    binary = folder / f"{source.stem}.so"
    options = ["-std=c++17", "-O1", "-fPIC", "-shared", "-fvisibility=hidden"]
    subprocess.run([compiler, *options, str(source), "-o", str(binary), "-ldl"], check=True)
    return binary


@pytest.fixture(autouse=True)
def own_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this test's catalogue apart, and the machine's plugins out of it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(bundles, "standard_folders", list)


def make_bundle(folder: Path, name: str, binary: Path) -> Path:
    """Put `binary` into a bundle."""
    bundle = folder / f"{name}.vst3"
    inside = bundle / "Contents" / f"{platform.machine()}-linux"
    inside.mkdir(parents=True)
    shutil.copy(binary, inside / f"{name}.so")
    return bundle


@pytest.fixture
def freshly_scanned(faulty_binary: Path, tmp_path: Path) -> Scanned:
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
    faulty_binary: Path, tmp_path_factory: pytest.TempPathFactory, known_bundles: dict[str, Bundle]
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
