"""The shell on systems that are not this one: cross-compiled, and run as far as something here runs it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from wavemend.host.export.shell_code import SYSTEMS

from ..vst3.requirements import skip_or_fail
from .bundles import GAIN, HERE, SHELL, Host, bundle, manifest
from .conftest import WARNINGS, compile_all
from .test_shell_audio import delayed, play
from .test_shell_engine import is_gone, until

pytestmark = pytest.mark.whole

Noise = npt.NDArray[np.float32]


@dataclass(frozen=True)
class System:
    """A system that is not this one: what makes programs for it, what runs them here, and who brings that."""

    name: str
    compiler: str
    runner: tuple[str, ...]
    packages: str
    made_as: str
    """Whose options it is made with where it is exported."""
    static: bool

    def require(self, *commands: str) -> None:
        for command in commands:
            if shutil.which(command) is None:
                skip_or_fail(f"{command} is not installed: `apt-get install {self.packages}` brings it")


WINDOWS = System(
    "x86_64-win",
    "x86_64-w64-mingw32-g++-posix",
    ("/usr/lib/wine/wine64",),
    "g++-mingw-w64-x86-64-posix wine64",
    "win32",
    static=True,
)
ARM = System(
    "aarch64-linux",
    "aarch64-linux-gnu-g++",
    ("/usr/bin/qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"),
    "g++-aarch64-linux-gnu qemu-user",
    "linux",
    static=False,
)


@dataclass(frozen=True)
class Built:
    """What was built for a system: the shell as hosts load it, a host that is linked to it, an engine."""

    system: System
    shell: Path
    host: Path
    engine: Path


@pytest.fixture(scope="session", params=[WINDOWS, ARM], ids=lambda system: system.name)
def built(request: pytest.FixtureRequest) -> Built:
    """Return what was built for a system, once for the same sources."""
    system: System = request.param
    system.require(system.compiler)
    inputs = [*sorted(SHELL.glob("*.[ch]pp")), *sorted(HERE.glob("*.[chi][pn][pc]")), Path(__file__)]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()[:16]
    folder = Path(request.config.cache.mkdir("export-host")) / f"{system.name}-{digest}"
    done = Built(system, folder / "Effect.vst3", folder / "host.exe", folder / "engine.exe")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be at it
        if not done.engine.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            build(done, folder)
    return done


def build(done: Built, folder: Path) -> None:
    command, made = done.system.compiler, SYSTEMS[done.system.made_as]
    options = [*(flag for flag in made.flags if flag != "-shared"), *WARNINGS]
    shell = compile_all(sorted(SHELL.glob("*.cpp")), folder, options, command)
    name = "-Wl,-soname,Effect.vst3"  # so that the host finds it beside itself
    link = [command, *shell, "-shared", *made.libraries, name, "-o", done.shell]
    subprocess.run(link, check=True)
    host, engine = compile_all(
        [HERE / "host.cpp", HERE / "dummy_engine.cpp"], folder, ["-O1", *WARNINGS], command
    )
    libraries = ["-static"] if done.system.static else ["-pthread", "-Wl,-rpath,$ORIGIN"]
    text = folder / "text.o"  # that the host shares
    subprocess.run([command, host, text, done.shell, *libraries, "-o", done.host], check=True)
    subprocess.run([command, engine, *libraries, "-o", done.engine], check=True)


def test_the_shell_is_a_library_that_needs_nothing_but_the_system(built: Built) -> None:
    dump = built.system.compiler.removesuffix("-posix").replace("g++", "objdump")
    told = subprocess.run([dump, "-p", built.shell], capture_output=True, text=True, check=True).stdout
    if built.system is WINDOWS:
        needed = {line.split()[-1] for line in told.splitlines() if "DLL Name:" in line}
        assert needed <= {"KERNEL32.dll", "msvcrt.dll"}
        assert {"InitDll", "ExitDll", "GetPluginFactory"} <= set(told.split())
    else:
        needed = {line.split()[-1] for line in told.splitlines() if "NEEDED" in line}
        assert needed <= {
            "libstdc++.so.6",
            "libm.so.6",
            "libgcc_s.so.1",
            "libc.so.6",
            "ld-linux-aarch64.so.1",
        }


# -- as it runs ------------------------------------------------------------------------------------------


class Elsewhere:
    """Hosts of one system, each with an engine of its own."""

    def __init__(self, built: Built, folder: Path, environment: dict[str, str]) -> None:
        self._built, self._folder, self._environment = built, folder, environment
        self._hosts: list[tuple[Host, str]] = []

    def load(self, audio: Noise, latency: int = 1000, engine: Sequence[str] = ()) -> Host:
        """Load an effect whose engine is the dummy in C++."""
        mark = f"mark={uuid.uuid4()}"
        runner = [] if self._built.system is WINDOWS else self._built.system.runner
        lines = manifest(latency, engine=[mark, *engine])
        first, after = (
            next(i for i, line in enumerate(lines) if line.startswith(it)) for it in ("run", "latency")
        )
        run = [*runner, self.path(self._built.engine), mark, *engine]
        lines[first:after] = [f"run\t{word}" for word in run]
        placed = bundle(self._folder / mark, self._built.host, lines, system=self._built.system.name)
        shutil.copy(self._built.shell, placed.parent)
        host = Host(placed, audio, self._built.system.runner, **self._environment)
        self._hosts.append((host, mark))
        return host

    def path(self, path: Path) -> str:
        """Return a path as the system writes it."""
        return f"Z:{path}".replace("/", "\\") if self._built.system is WINDOWS else str(path)

    def engines(self, host: Host) -> list[int]:
        """Return the processes of its engine."""
        mark = next(mark for known, mark in self._hosts if known is host).encode()
        found = []
        for line in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = line.read_bytes()
            except OSError:
                continue
            if mark in words and b"host.exe" not in words:
                found.append(int(line.parent.name))
        return [pid for pid in found if not is_gone(pid)]

    def close(self) -> None:
        for host, _ in self._hosts:
            host.__exit__()


@pytest.fixture
def elsewhere(built: Built, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Elsewhere]:
    """Load effects into hosts of the system."""
    built.system.require(built.system.runner[0])
    environment = {}
    if built.system is WINDOWS:
        home = Path(request.config.cache.mkdir("export-host")) / "wine"
        environment = {
            "WINEPREFIX": str(home),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=;winemenubuilder.exe,explorer.exe=d",
        }
        with home.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (home / "system.reg").exists():
                boot = [*built.system.runner, "wineboot", "-i"]
                subprocess.run(boot, check=True, capture_output=True, env=os.environ | environment)
    here = Elsewhere(built, tmp_path, environment)
    yield here
    here.close()


def test_it_is_found_by_its_name_and_every_sample_comes_back_late_and_unchanged(
    elsewhere: Elsewhere, noise: Noise
) -> None:
    host = elsewhere.load(noise, engine=["gain=0.5", "hold=999"])
    assert "Trübes Knacken|Wavemend|Fx|Restoration" in host.ask("class")
    host.start()
    assert set(play(host, [1, 0, 777, 8193, 64, 3])) == {"0"}
    play(host, [2000], 2, f"{GAIN}:1500:0.25", f"{GAIN}:500:0.5")
    heard = host.end()
    gain = np.full(heard.shape[1], 0.5, np.float32)
    gain[-1500:-500], gain[-500:] = 0.25, 0.125
    assert np.array_equal(heard, delayed(noise[:, : gain.size] * gain, gain.size))


def test_fifty_activations_are_one_start(elsewhere: Elsewhere, noise: Noise) -> None:
    host = elsewhere.load(noise)
    host.start()
    engines = elsewhere.engines(host)
    for _ in range(50):
        host.ask("active", 0)
        host.ask("active", 1)
        assert host.ask("process", 64, 2).startswith("0")
    assert len(engines) == 1
    assert elsewhere.engines(host) == engines


def test_a_crash_is_an_error_offline_and_another_engine_is_started(
    elsewhere: Elsewhere, noise: Noise, tmp_path: Path
) -> None:
    host = elsewhere.load(noise, latency=0, engine=["crash=4000", f"once={tmp_path / 'crashed'}"])
    host.start()
    results = play(host, [512] * 12)
    assert results[:7] == ["0"] * 7
    assert "0" not in results[7:]
    host.ask("active", 1)
    assert play(host, [512] * 12) == ["0"] * 12


def test_live_an_engine_that_is_killed_is_replaced(elsewhere: Elsewhere, noise: Noise) -> None:
    audio = np.tile(noise, (1, 4))
    host = elsewhere.load(audio, latency=9600, engine=["gain=0.5"])
    host.start(mode=0)
    host.ask("live", 512, 20)
    [engine] = elsewhere.engines(host)
    os.kill(engine, signal.SIGKILL)
    host.ask("live", 512, 150)
    assert host.word() == "ready"
    assert elsewhere.engines(host) != [engine]
    heard = host.end()
    assert np.array_equal(heard[:, -9600:], 0.5 * delayed(audio, heard.shape[1], 9600)[:, -9600:])


def test_an_engine_that_wants_no_other_is_not_started_again(elsewhere: Elsewhere, noise: Noise) -> None:
    host = elsewhere.load(noise, engine=["exit=78"])
    host.start()
    assert host.word() == "failed"
    assert "the stage is gone; export it again" in host.errors.read_text(errors="replace")
    assert elsewhere.engines(host) == []


@pytest.mark.parametrize("seed", range(2))
def test_no_order_of_calls_crashes_it(elsewhere: Elsewhere, noise: Noise, seed: int) -> None:
    assert elsewhere.load(noise, engine=["hold=500"]).ask("fuzz", seed, 300) == "survived"


@pytest.mark.parametrize("end", [Host.kill, Host.end], ids=["killed", "ended"])
def test_no_engine_outlives_its_host(
    elsewhere: Elsewhere, noise: Noise, end: Callable[[Host], object]
) -> None:
    host = elsewhere.load(noise)
    host.start()
    assert len(elsewhere.engines(host)) == 1
    end(host)
    until(lambda: not elsewhere.engines(host))
