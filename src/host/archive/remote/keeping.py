"""The manifest of a collection behind a URL: written here, where a disk is, and copied beside the outputs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ....errors import ManifestError, RemoteError
from ...storage.outputs import make_folder
from ..manifest import MANIFEST, Manifest
from .mirror import Mirror
from .objects import exists, fetch, hash_of, is_url, put_up

_COPY_SECONDS = 600.0  # guard: what a machine that is lost with its state folder costs


@contextmanager
def folder_of(target: str) -> Iterator[Path]:
    """Give the folder that holds the manifest of a target: itself, or one with a copy of what a URL has.

    Raises
    ------
    RemoteError, ManifestError
        There is none behind the URL, or it cannot be read.
    """
    if not is_url(target):
        yield Path(target)
        return
    url = f"{target.rstrip('/')}/{MANIFEST}"
    if not exists(url):
        raise ManifestError(f"{target}: holds no {MANIFEST}; name a URL that `wavemend batch` restored into")
    with tempfile.TemporaryDirectory(prefix="wavemend-") as name:
        folder = Path(name)
        fetch(url, folder / MANIFEST)
        yield folder


def take_up(mirror: Mirror, tell: Callable[[str], None]) -> None:
    """Have the state folder know what runs from elsewhere did: by the copy beside the outputs.

    Raises
    ------
    ManifestError
        Here and there are runs that the other does not know.
    RemoteError
        Nobody knows what is there.
    """
    if mirror.target_url is None:
        return
    make_folder(mirror.state)
    if not exists(f"{mirror.target_url}/{MANIFEST}"):
        return
    own = mirror.state / MANIFEST
    with folder_of(mirror.target_url) as folder:
        theirs = _runs(folder)
        ours = _runs(mirror.state) if own.is_file() else []
        if ours[: len(theirs)] == theirs:
            return
        if ours != theirs[: len(ours)]:
            raise ManifestError(
                f"{mirror.target_url}: runs were made there that {own} does not know, and the other way "
                "round; give this run another --state, and what is there is taken up"
            )
        part = mirror.state / f"{MANIFEST}.part"
        part.write_bytes((folder / MANIFEST).read_bytes())
        part.replace(own)
    tell(f"{mirror.target_url}: what earlier runs did there is taken up into {mirror.state}")


def _runs(folder: Path) -> list[tuple[int, str, str]]:
    with Manifest(folder) as manifest:
        return [(run["number"], run["began"], run["asked"]) for run in manifest.runs()]


@contextmanager
def copied(mirror: Mirror | None, manifest: Manifest) -> Iterator[Callable[[], None]]:
    """Put a copy of the manifest beside the outputs in the end, however that comes, and now and then.

    What is given is called often, and puts one up where the last one is old.

    Raises
    ------
    RemoteError
        All went well but for the copy in the end.
    """
    if mirror is None or mirror.target_url is None:
        yield lambda: None
        return
    last = time.monotonic()

    def now_and_then() -> None:
        nonlocal last
        if time.monotonic() - last >= _COPY_SECONDS:
            with suppress(RemoteError):  # one that lasts is told in the end
                _put_copy(mirror, manifest)
            last = time.monotonic()

    try:
        yield now_and_then
    except BaseException:
        with suppress(RemoteError):
            _put_copy(mirror, manifest)
        raise
    _put_copy(mirror, manifest)


def _put_copy(mirror: Mirror, manifest: Manifest) -> None:
    with tempfile.TemporaryDirectory(prefix="wavemend-copy-", dir=mirror.state) as folder:
        copy = Path(folder, MANIFEST)
        manifest.copy_to(copy)
        put_up(copy, f"{mirror.target_url}/{MANIFEST}")


def problem_of(url: str, sha256: str) -> str:
    """Say what is wrong with an object that should have these bytes; empty where nothing is."""
    try:
        if not exists(url):
            return "is gone"
        return "" if hash_of(url) == sha256 else "has changed"
    except RemoteError as error:
        return f"cannot be read: {error}"
