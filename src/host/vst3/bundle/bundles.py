"""What VST3 bundles lie on this machine, and what can be told of them without running them.

A bundle is a folder ``NAME.vst3`` with ``Contents/ARCHITECTURE/NAME.so`` (Linux), ``Contents/MacOS/NAME``
(macOS) or ``Contents/ARCHITECTURE-win/NAME.vst3`` (Windows, where a plain file is allowed too); see
"Plug-in Format Structure" and "Plug-in Locations" of the VST 3 SDK's documentation.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

SUFFIX = ".vst3"
_MOST_NESTING = 8  # guard: of folders below the standard ones

Fingerprint = tuple[int, int, int]
"""Files in a bundle, their bytes, and the latest change in nanoseconds."""


def standard_folders() -> list[Path]:
    """Folders where VST3s are installed on this kind of machine, the user's own first."""
    home = Path.home()
    if sys.platform == "darwin":
        library = Path("Library/Audio/Plug-Ins/VST3")
        return [home / library, Path("/") / library, Path("/Network") / library]
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", home / "AppData/Local"))
        common = (os.environ.get(name) for name in ("COMMONPROGRAMFILES", "COMMONPROGRAMFILES(X86)"))
        return [local / "Programs/Common/VST3", *(Path(folder) / "VST3" for folder in common if folder)]
    return [home / ".vst3", Path("/usr/local/lib/vst3"), Path("/usr/lib/vst3")]


def find_bundles(folders: Iterable[Path]) -> list[Path]:
    """Every bundle in `folders` and below, each once, in the order of the folders, then by name."""
    found: dict[str, Path] = {}
    for folder in folders:
        for bundle in _bundles_below(Path(os.path.abspath(folder)), _MOST_NESTING):
            found.setdefault(os.path.realpath(bundle), bundle)
    return list(found.values())


def _bundles_below(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:  # not there, or not ours to look into
        return
    for entry in entries:
        if entry.suffix.lower() == SUFFIX:  # the user's folder on Linux is called .vst3
            yield entry
        elif depth and entry.is_dir():
            yield from _bundles_below(entry, depth - 1)


def fingerprint(bundle: Path) -> Fingerprint:
    """Return what changes when a bundle is installed anew; (0, 0, 0) where it is gone."""
    count = size = latest = 0
    for path in [bundle, *bundle.rglob("*")]:
        try:
            status = path.stat()
        except OSError:
            continue
        latest = max(latest, status.st_mtime_ns)
        if path.is_file():
            count += 1
            size += status.st_size
    return count, size, latest


def binary_of(bundle: Path) -> Path:
    """Where the bundle's code for this machine must lie."""
    contents = bundle / "Contents"
    if sys.platform == "darwin":
        return contents / "MacOS" / bundle.stem
    if sys.platform == "win32":
        return contents / f"{_machine()}-win" / bundle.name
    return contents / f"{_machine()}-linux" / f"{bundle.stem}.so"


def code_of(bundle: Path) -> Path:
    """File of the code that is run: a bundle's binary for this machine, or the bundle where it is a file."""
    return bundle if bundle.is_file() else binary_of(bundle)


def _machine() -> str:
    return {"AMD64": "x86_64", "ARM64": "arm64"}.get(platform.machine(), platform.machine())


def why_unusable(bundle: Path) -> tuple[bool, str] | None:
    """Say why a bundle cannot be loaded here, from what lies in it.

    Returns
    -------
    (bool, str) or None
        Whether it was made for another platform, and the reason; None where nothing speaks against it.
    """
    if bundle.is_file():
        return _why_unusable_file(bundle)
    binary = binary_of(bundle)
    if binary.is_file():
        if not _starts_like_code(binary):
            return False, f"{binary.relative_to(bundle)} is no program; the bundle is damaged"
        return None
    contents = bundle / "Contents"
    if not contents.is_dir():
        return False, "the bundle is empty: it has no folder Contents"
    if binary.parent.is_dir():
        others = sorted(path.name for path in binary.parent.iterdir())
        held = f"holds {others[0]}, not {binary.name}" if others else "is empty"
        return False, f"{binary.parent.relative_to(bundle)} {held}; a bundle must not be renamed"
    made_for = sorted(path.name for path in contents.iterdir() if path.is_dir() and _is_platform(path.name))
    if made_for:
        return True, f"made for {', '.join(made_for)}; this machine needs {binary.parent.name}"
    return False, f"the bundle has no {binary.relative_to(bundle)}"


def _why_unusable_file(bundle: Path) -> tuple[bool, str] | None:
    with bundle.open("rb") as file:
        start = file.read(2)
    if start == b"MZ":
        return None if sys.platform == "win32" else (True, "made for Windows; this machine needs a bundle")
    return False, "a file, not a bundle"


def _is_platform(name: str) -> bool:
    return name == "MacOS" or name.endswith(("-linux", "-win"))


def _starts_like_code(binary: Path) -> bool:
    # ELF; PE; Mach-O of either word size, and for several machines at once.
    magics = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
    with binary.open("rb") as file:
        return file.read(4).startswith(magics)
