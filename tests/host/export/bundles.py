"""Bundles of the shell with an engine that does little, and a host of our own that loads them."""

from __future__ import annotations

import os
import platform
import shutil
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

HERE = Path(__file__).parent
SHELL = HERE.parents[2] / "src" / "host" / "export" / "shell"
ENGINE = HERE / "dummy_engine.py"
HOST = ("host.cpp", "host_surface.cpp")
"""Of our own host; the second needs the shell linked in."""
SANITIZED = {
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "LSAN_OPTIONS": f"suppressions={HERE / 'leaks.txt'}:print_suppressions=0",
}

RATES = (44100, 48000, 96000)
BYPASS, DROPOUTS, ENGINE_WORD, PROGRAM = 0x7FFFFF01, 0x7FFFFF02, 0x7FFFFF03, 0x7FFFFF04
GAIN, LIST, LEARN, WHOLE = 10, 11, 12, 13
"""Ids of the effect's parameters, in the manifest's order."""

WORDS = ("off", "starting", "ready", "learning", "needs learning", "restarting", "failed")


def manifest(
    latency: int = 1000,
    engine: Sequence[str] = (),
    python: str = sys.executable,
    programs: Sequence[str] = (),
) -> list[str]:
    """Lines of a manifest of an effect with one parameter of each kind."""
    run = [python, str(ENGINE), *engine]
    return [
        "wavemend-effect\t1",
        "class\t00112233445566778899AABBCCDDEEFF",
        "name\tTrübes Knacken",
        "vendor\tWavemend",
        "version\t1.2.3",
        "url\t",
        "email\t",
        "categories\tFx|Restoration",
        *(f"run\t{word}" for word in run),
        *(f"latency\t{rate}\t{latency}\t{latency}" for rate in RATES),
        "unit\t1\tKlicks",
        f"parameter\t{GAIN}\t0\tnumber\t-\tGain\tdB\tlinear\t-24.0\t0.0\t1.0",
        f"parameter\t{LIST}\t1\tlist\t-\tQuality\t\tlinear\t0\t2\t0.5\tfast\tbest\tgrößte",
        f"parameter\t{LEARN}\t1\tswitch\ttransient\tLearn\t\tlinear\t0\t1\t0.0\toff\ton",
        f"parameter\t{WHOLE}\t1\tinteger\t-\tWidth\tHz\tlog\t10\t1000\t0.0",
        *(f"program\t{name}\t{name.lower()}.state" for name in programs),
    ]


def state(values: Mapping[int, float], opaque: bytes = b"") -> bytes:
    """Return what a host would have saved."""
    packed = b"".join(struct.pack("<Id", *item) for item in values.items())
    return b"WMSTATE1" + struct.pack("<I", len(values)) + packed + struct.pack("<I", len(opaque)) + opaque


def bundle(
    folder: Path,
    binary: Path,
    lines: Sequence[str],
    states: Mapping[str, bytes] | None = None,
    system: str = f"{platform.machine()}-linux",
) -> Path:
    """Make a bundle whose binary is the host with the shell inside; return that binary."""
    inside = folder / "Effect.vst3" / "Contents" / system
    inside.mkdir(parents=True)
    resources = inside.parent / "Resources"
    resources.mkdir()
    (resources / "manifest.tsv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    for name, content in (states or {}).items():
        (resources / name).write_bytes(content)
    placed = inside / binary.name
    shutil.copy(binary, placed)
    return placed


def built(folder: Path) -> Path:
    """Build the host with the shell inside, as the shell is built for use."""
    binary = folder / "host"
    sources = [*sorted(SHELL.glob("*.cpp")), *(HERE / name for name in HOST)]
    options = ["-std=c++17", "-O2", f"-I{SHELL}", f"-I{HERE}", "-pthread", "-ldl"]
    subprocess.run(["c++", *sources, *options, "-o", binary], check=True)
    return binary


def exported(what: str, folder: Path, binary: Path) -> Path:
    """Export a stage or a preset, and put the host into its bundle; return that binary."""
    command = [sys.executable, "-m", "wavemend", "export-vst3", what, "--output", folder]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    [library] = folder.glob("*.vst3/Contents/*-linux/*.so")
    return Path(shutil.copy(binary, library.with_name(binary.name)))


def living(group: int) -> dict[int, int]:
    """Return the processes of a group that live, and the parent of each."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, of = status.read_text().rpartition(")")[2].split()[:3]
        except OSError:  # it ended just now
            continue
        if int(of) == group and state != "Z":
            found[int(status.parent.name)] = int(parent)
    return found


class Host:
    """The host in its process, asked line by line.

    Parameters
    ----------
    binary
        In its bundle.
    audio
        What it plays, shape (2, n).
    runner
        Command that runs the binary; none: the binary itself.
    environment
        Added to this process's.
    """

    def __init__(
        self,
        binary: Path,
        audio: npt.NDArray[np.float32] | None = None,
        runner: Sequence[str] = (),
        **environment: str,
    ) -> None:
        folder = binary.parents[3]
        self.folder = folder
        self._output = folder / "output.raw"
        source = folder / "input.raw"
        source.write_bytes(b"" if audio is None else np.ascontiguousarray(audio.T, np.float32).tobytes())
        self.errors = folder / "errors.txt"
        with self.errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [*runner, binary, source, self._output],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ | SANITIZED | environment,
            )

    def ask(self, *words: object) -> str:
        """Give one line; return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write((" ".join(map(str, words)) + "\n").encode())
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self._process.wait(10)
            raise AssertionError(f"the host died at {words}: {self.errors.read_text(errors='replace')}")
        return answer.decode().rstrip("\r\n")

    def start(self, rate: int = 48000, mode: int = 2, channels: int = 2) -> None:
        """Set up and activate, as hosts do."""
        mask = 3 if channels == 2 else 1 << 19
        assert self.ask("buses", mask, mask) == "0"
        assert self.ask("setup", rate, mode, 8192) == "0"
        assert self.ask("active", 1) == "0"

    def word(self) -> str:
        """Return what the parameter of the engine's state says."""
        return WORDS[round(float(self.ask("get", ENGINE_WORD)) * 6)]

    def dropouts(self) -> int:
        """Return how many blocks passed dry."""
        return round(float(self.ask("get", DROPOUTS)) * 9999)

    def engines(self) -> list[int]:
        """Return the processes that it started and that live."""
        found = []
        for task in Path(f"/proc/{self._process.pid}/task").iterdir():
            found += [int(pid) for pid in (task / "children").read_text().split()]
        return found

    def live(self, block: int, count: int, *words: str) -> tuple[float, float]:
        """Play at a sound card's pace; longest block in ms, and when the last one passed dry; 0: none did."""
        worst_ms, dry = map(float, self.ask("live", block, count, *words).split())
        return worst_ms, dry

    @property
    def pid(self) -> int:
        """Of the host."""
        return self._process.pid

    def kill(self) -> None:
        """End it without a chance to clear up."""
        self._process.kill()
        self._process.wait()

    def end(self, channels: int = 2) -> npt.NDArray[np.float32]:
        """Have it end by itself; return all that it heard, shape (channels, n)."""
        _, _ = self._process.communicate(b"quit\n", timeout=20)
        assert self._process.returncode == 0, self.errors.read_text(errors="replace")
        return np.frombuffer(self._output.read_bytes(), np.float32).reshape(-1, channels).T

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
