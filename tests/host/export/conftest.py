from __future__ import annotations

import fcntl
import hashlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ..vst3.requirements import skip_or_fail
from .bundles import HERE, HOST, SHELL, Host, bundle, manifest
from .display import Desktop, Display, display

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

Loaded = Callable[..., Host]


def compiler() -> str:
    """Return the system's C++ compiler; skip where there is none."""
    if sys.platform != "linux":
        skip_or_fail("the shell is built for Linux alone")
    found = shutil.which("g++") or shutil.which("clang++")
    if found is None:
        skip_or_fail("no C++ compiler; `apt-get install g++` brings one")
    return found


def link(objects: Sequence[Path], made: Path, options: Sequence[str]) -> None:
    """Make a program, or a library, of objects."""
    subprocess.run([compiler(), *objects, *options, "-o", made, "-pthread", "-ldl"], check=True)


def compile_all(
    sources: Sequence[Path], folder: Path, options: Sequence[str], command: str | None = None
) -> list[Path]:
    """Compile each source, with the system's compiler or another; return the objects."""
    command = command or compiler()

    def compiled(source: Path) -> Path:
        made = folder / f"{source.stem}.o"
        includes = [f"-I{SHELL}", f"-I{HERE}"]
        subprocess.run([command, "-std=c++17", *options, *includes, "-c", source, "-o", made], check=True)
        return made

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(compiled, sources))


@pytest.fixture(scope="session")
def host_binary(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the host with the shell linked in, under sanitizers; built once for the same sources."""
    sources = [*sorted(SHELL.glob("*.cpp")), *(HERE / name for name in HOST)]
    inputs = [*sources, *sorted(SHELL.glob("*.hpp")), *sorted(HERE.glob("*.[hi][pn][pc]")), Path(__file__)]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()[:16]
    kept = request.config.cache.mkdir("export-host") / f"{platform.machine()}-{digest}"
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be at it
        if not kept.exists():
            folder = tmp_path_factory.mktemp("host")
            objects = compile_all(sources, folder, ["-O1", "-g1", *WARNINGS, *SANITIZERS])
            link(objects, folder / "host", SANITIZERS)
            shutil.move(folder / "host", kept)
    return kept


@pytest.fixture
def loaded(host_binary: Path, tmp_path: Path) -> Iterator[Loaded]:
    """Load an effect into the host: lines of its manifest, what is played, and the environment."""
    hosts: list[Host] = []

    def load(
        lines: Sequence[str] | None = None,
        audio: npt.NDArray[np.float32] | None = None,
        states: Mapping[str, bytes] | None = None,
        **environment: str,
    ) -> Host:
        placed = bundle(tmp_path / str(len(hosts)), host_binary, lines or manifest(), states)
        hosts.append(Host(placed, audio, **environment))
        return hosts[-1]

    yield load
    for host in hosts:
        host.__exit__()


@pytest.fixture
def noise() -> npt.NDArray[np.float32]:
    """Two channels of noise."""
    return np.random.default_rng(5).uniform(-1, 1, (2, 60_000)).astype(np.float32)


@pytest.fixture
def screen() -> Iterator[Display]:
    """An X server of the test's own."""
    with display() as made:
        yield made


@pytest.fixture
def desktop(screen: Display) -> Iterator[Desktop]:
    """What else a desktop has on it."""
    made = Desktop(screen.name)
    yield made
    made.close()
