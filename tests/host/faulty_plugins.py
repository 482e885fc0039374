"""Plugins of our own, each with one fault, built from source: their bundles, and what scans know of them."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from wavemend.host.vst3.installed.catalogue import Catalogue

from .vst3.requirements import skip_or_fail

SOURCES = Path(__file__).with_name("vst3")

Scanned = Callable[..., Catalogue]
"""Called with names of faults; returns the catalogue of bundles that have them."""


def built(source: Path, folder: Path) -> Path:
    """Build a plugin from source."""
    if sys.platform != "linux":
        skip_or_fail("the test plugins are built for Linux")
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        skip_or_fail("no C++ compiler; `apt-get install g++` brings one")
    binary = folder / f"{source.stem}.so"
    options = ["-std=c++17", "-O1", "-fPIC", "-shared", "-fvisibility=hidden"]
    subprocess.run([compiler, *options, str(source), "-o", str(binary), "-ldl"], check=True)
    return binary


def make_bundle(folder: Path, name: str, binary: Path) -> Path:
    """Put `binary` into a bundle."""
    bundle = folder / f"{name}.vst3"
    inside = bundle / "Contents" / f"{platform.machine()}-linux"
    inside.mkdir(parents=True)
    shutil.copy(binary, inside / f"{name}.so")
    return bundle
