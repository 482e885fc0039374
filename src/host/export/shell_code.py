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
_WARNINGS = ("-Wall", "-Wextra", "-Wpedantic")


@dataclass(frozen=True)
class _System:
    """How code is made for a system, and what to install where nothing here makes it.

    Attributes
    ----------
    file
        Name of prebuilt code.
    target
        What the compiler has to say that it makes programs for; empty: it need not be asked.
    """

    compilers: tuple[str, ...]
    flags: tuple[str, ...]
    libraries: tuple[str, ...]
    file: str
    target: str
    install: str


SYSTEMS = {
    "linux": _System(
        ("c++", "g++", "clang++"),
        ("-std=c++17", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", *_WARNINGS),
        ("-pthread", "-ldl", "-Wl,-z,nodelete", "-Wl,--no-undefined"),
        "{machine}-linux.so",
        "",
        "effects need a C++ compiler once: on Debian and Ubuntu `apt install g++`, "
        "on Fedora `dnf install gcc-c++`, on Arch `pacman -S gcc`",
    ),
    "win32": _System(
        ("g++", "x86_64-w64-mingw32-g++"),
        ("-std=c++17", "-O2", "-shared", *_WARNINGS),
        ("-static", "-Wl,--no-undefined"),  # its libraries inside: hosts would not find them
        "{machine}-win.dll",
        "x86_64-w64-",
        "effects need MinGW's C++ compiler for x86-64 once, in a folder of PATH: "
        "`winget install BrechtSanders.WinLibs.POSIX.UCRT`, or MSYS2's `pacman -S mingw-w64-ucrt-x86_64-gcc`",
    ),
}
_LONGEST_S = 600.0  # guard: a compiler that hangs


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
    system, machine = _system()
    prebuilt = SOURCES / "prebuilt" / system.file.format(machine=machine)
    if prebuilt.is_file():
        return ShellCode(prebuilt, compiled=False)
    compiler = _compiler(system)
    folder = private_folder()
    if folder is None:
        raise PluginError("no folder can be written that is yours alone; set XDG_CACHE_HOME to one")
    kept = folder / "effects" / f"{_fingerprint(compiler, system)}{Path(system.file).suffix}"
    if kept.is_file():
        return ShellCode(kept, compiled=False)
    if tell:
        tell(f"compiling the effects' shell with {compiler}, once; it is kept in {kept.parent}")
    kept.parent.mkdir(parents=True, exist_ok=True)
    _compile(compiler, system, kept)
    return ShellCode(kept, compiled=True)


def _system() -> tuple[_System, str]:
    """Return this system and the name of its machine in bundles."""
    system, machine = SYSTEMS.get(sys.platform), platform.machine()
    if system is None:
        raise PluginError(f"effects are made for Linux and Windows so far; this system is {sys.platform}")
    if sys.platform == "win32" and machine != "AMD64":
        raise PluginError(
            f"effects for Windows are made for x86-64; this Python is for {machine}: install one for x86-64"
        )
    return system, "x86_64" if machine == "AMD64" else machine


def _compiler(system: _System) -> str:
    named = os.environ.get("CXX")
    for name in [named] if named else system.compilers:
        if found := shutil.which(name):
            _check_target(found, system)
            return found
    raise PluginError(
        f"{f'CXX={named} is no compiler' if named else 'no C++ compiler is here'}; {system.install}"
    )


def _check_target(compiler: str, system: _System) -> None:
    """Refuse what is called as the compiler is, and makes programs for another system, as Cygwin's does."""
    if not system.target:
        return
    target = _said(compiler, "-dumpmachine", system).decode(errors="replace").strip()
    if not target.startswith(system.target):
        raise PluginError(f"{compiler} makes programs for {target}, not {system.target}; {system.install}")


def _fingerprint(compiler: str, system: _System) -> str:
    """Hash the sources, the compiler and how it is called."""
    version = _said(compiler, "--version", system)
    options = (platform.machine(), *system.flags, *system.libraries)
    parts = [compiler.encode(), version, *map(str.encode, options)]
    for path in sorted(SOURCES.glob("*.[ch]pp")):
        parts += [path.name.encode(), path.read_bytes()]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def _said(compiler: str, option: str, system: _System) -> bytes:
    """Return what the compiler says of itself."""
    try:
        return subprocess.run(  # noqa: S603 - the system's compiler
            [compiler, option], capture_output=True, timeout=_LONGEST_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise PluginError(f"{compiler} cannot be run: {error}; {system.install}") from None


def _compile(compiler: str, system: _System, target: Path) -> None:
    """Compile the sources; the code is there whole or not at all, however many do it at once."""
    sources = sorted(map(str, SOURCES.glob("*.cpp")))
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as folder:
        made = Path(folder) / f"shell{target.suffix}"
        command = [compiler, *system.flags, "-o", str(made), *sources, *system.libraries]
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
