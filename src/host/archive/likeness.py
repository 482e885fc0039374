"""What the bytes of a render depend on besides recipe and recording: versions, code, kind of processor."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

from ...kernels.compilation.processor import processor, processor_features
from ..rendering.report import versions

PROCESSOR, FEATURES = "processor", "processor features"
MACHINE = frozenset({PROCESSOR, FEATURES})
"""Traits of a machine; all others are of what is installed on it."""

_PACKAGES = ("onnxruntime", "llvmlite", "mutagen")  # what a report does not name
_DATA = ("wavemend.presets", "wavemend.models")
_DATA_SUFFIXES = (".json", ".onnx")
# What has numerical libraries choose other code than the processor's own, or sum in another order.
_SWITCHES = (
    "NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES", "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """A trait that not all have alike: who has which value."""

    trait: str
    values: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        return f"{self.trait} ({' | '.join(self.values)})"


def traits() -> dict[str, str]:
    """Return what this process computes with, by what a person calls it."""
    return {
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        **versions(),
        **{name: version(name) for name in _PACKAGES},
        "PyAV": _version_of("av"),
        "code of wavemend": _code_sha256(),
        "system": f"{platform.system()} {platform.machine()}",
        "C library": " ".join(platform.libc_ver()).strip(),
        "settings": " ".join(f"{name}={os.environ[name]}" for name in _SWITCHES if name in os.environ),
        PROCESSOR: processor(),
        FEATURES: processor_features(),
    }


def differences(known: Mapping[str, Mapping[str, str]]) -> list[Difference]:
    """Compare traits by who has them; return those that differ."""
    names = dict.fromkeys(name for one in known.values() for name in one)
    return [_difference(name, {who: one.get(name, "") for who, one in known.items()})
            for name in names if len({one.get(name) for one in known.values()}) > 1]  # fmt: skip


def _difference(trait: str, values: Mapping[str, str]) -> Difference:
    if trait == FEATURES:  # of a hundred, those that not all have
        common = set.intersection(*(set(value.split()) for value in values.values()))
        values = {who: " ".join(sorted(set(value.split()) - common)) for who, value in values.items()}
    who_has = {value: tuple(who for who in values if values[who] == value) for value in values.values()}
    return Difference(trait, {value or "none": who for value, who in who_has.items()})


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


@cache
def _code_sha256() -> str:
    """Hash all that is ours: a checkout keeps its version for months."""
    digest = sha256()
    for name, content in sorted(_contents()):
        digest.update(f"{name} {sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


def _contents() -> Iterator[tuple[str, bytes]]:
    home = Path(__file__).parents[2]
    packaged = {package.rpartition(".")[2] for package in _DATA}  # beside the code in a wheel alone
    for path in home.rglob("*.py"):
        below = path.relative_to(home)
        if below.parts[0] not in packaged:
            yield below.as_posix(), path.read_bytes()
    for package in _DATA:
        for one in files(package).iterdir():
            if one.name.endswith(_DATA_SUFFIXES):
                yield f"{package}/{one.name}", one.read_bytes()
