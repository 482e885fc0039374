"""The machine code of an effect: one shell for all of them, prebuilt, or compiled once on this machine.

Compiled code is kept in a folder that nobody else can write to, by the hash of all that it is made of.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...errors import PluginError
from ...kernels.compilation.code_places import private_folder

SOURCES = Path(__file__).parent / "shell"
_COMPILERS = ("c++", "g++", "clang++")
_FLAGS = (
    "-std=c++17", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wpedantic",
)  # fmt: skip
_LIBRARIES = ("-pthread", "-ldl", "-Wl,-z,nodelete", "-Wl,--no-undefined")
_LONGEST_S = 600.0  # guard: a compiler that hangs
_INSTALL = (
    "effects need a C++ compiler once: on Debian and Ubuntu `apt install g++`, "
    "on Fedora `dnf install gcc-c++`, on Arch `pacman -S gcc`"
)


@dataclass(frozen=True)
class ShellCode:
    """Where the code is, and whether it was compiled just now."""

    path: Path
    compiled: bool


def shell_code(tell: Callable[[str], None] | None = None) -> ShellCode:
    """Return the code for this machine.

    Parameters
    ----------
    tell
        Called with a line before the code is compiled, which takes some seconds.

    Raises
    ------
    PluginError
        There is none for this system, and no compiler that makes it.
    """
    if sys.platform != "linux":
        raise PluginError(f"effects are made for Linux so far; this system is {sys.platform}")
    prebuilt = SOURCES / "prebuilt" / f"{platform.machine()}-linux.so"
    if prebuilt.is_file():
        return ShellCode(prebuilt, compiled=False)
    compiler = _compiler()
    folder = private_folder()
    if folder is None:
        raise PluginError("no folder can be written that is yours alone; set XDG_CACHE_HOME to one")
    kept = folder / "effects" / f"{_fingerprint(compiler)}.so"
    if kept.is_file():
        return ShellCode(kept, compiled=False)
    if tell:
        tell(f"compiling the effects' shell with {compiler}, once; it is kept in {kept.parent}")
    kept.parent.mkdir(parents=True, exist_ok=True)
    _compile(compiler, kept)
    return ShellCode(kept, compiled=True)


def _compiler() -> str:
    named = os.environ.get("CXX")
    for name in [named] if named else _COMPILERS:
        if found := shutil.which(name):
            return found
    raise PluginError(f"{f'CXX={named} is no compiler' if named else 'no C++ compiler is here'}; {_INSTALL}")


def _fingerprint(compiler: str) -> str:
    """Hash the sources, the compiler and how it is called."""
    try:
        version = subprocess.run(  # noqa: S603 - the system's compiler
            [compiler, "--version"], capture_output=True, timeout=_LONGEST_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise PluginError(f"{compiler} cannot be run: {error}; {_INSTALL}") from None
    parts = [compiler.encode(), version, *map(str.encode, (platform.machine(), *_FLAGS, *_LIBRARIES))]
    for path in sorted(SOURCES.glob("*.[ch]pp")):
        parts += [path.name.encode(), path.read_bytes()]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def _compile(compiler: str, target: Path) -> None:
    """Compile the sources; the code is there whole or not at all, however many do it at once."""
    sources = sorted(map(str, SOURCES.glob("*.cpp")))
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as folder:
        made = Path(folder) / "shell.so"
        command = [compiler, *_FLAGS, "-o", str(made), *sources, *_LIBRARIES]
        try:
            subprocess.run(  # noqa: S603 - the system's compiler
                command, capture_output=True, text=True, timeout=_LONGEST_S, check=True
            )
        except subprocess.CalledProcessError as error:
            told = next((line for line in error.stderr.splitlines() if "error" in line), "it says nothing")
            raise PluginError(f"{compiler} could not compile the effects' shell: {told}") from None
        except (OSError, subprocess.SubprocessError) as error:
            raise PluginError(f"{compiler} cannot be run: {error}") from None
        made.replace(target)
