"""Objects behind URLs, by fsspec: listed, read through, and put up whole.

Whatever goes wrong there is a `RemoteError` of one sentence, which names the URL.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ....errors import Cancelled, RemoteError, WavemendError
from ...storage.hashing import sha256_of
from ...storage.publishing import PART_SUFFIX

PIECE = 8 << 20  # guard: bytes read at once: memory, and few enough requests

_URL = re.compile(
    r"[a-z][a-z0-9+.-]+://", re.IGNORECASE
)  # source: RFC 3986, 3.1; two letters: no drive of Windows
_SECRET = re.compile(r"[a-z][a-z0-9+.-]+://[^/]*@", re.IGNORECASE)
# Where an object is there whole or not at all; elsewhere it is put up under another name, and renamed.
_WHOLE = frozenset(("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "memory"))
_IDENTITY = ("ETag", "etag", "md5Hash", "generation", "LastModified", "last_modified", "mtime", "size")
_NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError")


def is_url(text: str) -> bool:
    """Whether a text is a URL, and no path."""
    return bool(_URL.match(text))


def system_of(url: str) -> tuple[Any, str]:
    """Return fsspec's file system for a URL, and what the URL's object is called there.

    Raises
    ------
    RemoteError
        It cannot be used: a package is missing, or the URL is of a kind that is not known or not taken.
    """
    if "::" in url or _SECRET.match(url):
        raise RemoteError(
            f"{url.partition('://')[0]}://...: URLs in URLs, and with a user's name or password in them, are "
            "not taken: manifests would hold them; give credentials as the service's own tools take them"
        )
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - of the extra wavemend[remote]

        system, path = url_to_fs(url)
    except ImportError as error:
        raise RemoteError(
            f"{url}: URLs need packages of their own ({error}): pip install 'wavemend[remote]'"
        ) from None
    except ValueError as error:
        raise RemoteError(f"{url}: {error}; s3:// is known, and what fsspec has a package for") from None
    return system, path


@contextmanager
def telling(url: str) -> Iterator[None]:
    """Raise in one line what is wrong behind a URL: services and their packages have errors of their own."""
    try:
        yield
    except WavemendError:
        raise
    except FileNotFoundError as error:
        raise RemoteError(f"{url}: there is no such object, or no such bucket; check the name") from error
    except PermissionError as error:
        raise RemoteError(f"{url}: access is denied; check credentials and their rights") from error
    except Exception as error:
        name = type(error).__name__
        if name in _NO_CREDENTIALS:
            raise RemoteError(
                f"{url}: no credentials were found; give them as the service's own tools take them (S3: "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ~/.aws)"
            ) from error
        if name == "FileExpired":
            raise _changed(url) from error
        said = " ".join(str(error).split()) or name
        raise RemoteError(
            f"{url}: the service does not answer as it should ({name}: {said}); is the network there? say "
            "the same again: what is done stays done"
        ) from error


def listed(url: str) -> dict[str, int]:
    """Return size in bytes by name of every object below a URL; the object itself has the name ``""``.

    Raises
    ------
    RemoteError
        It cannot be listed, or there is no such bucket.
    """
    with telling(url):
        system, root = system_of(url)
        system.invalidate_cache()
        found: Mapping[str, Mapping[str, Any]] = system.find(root, detail=True)
        names = {name.removeprefix(root).lstrip("/"): entry for name, entry in found.items()}
        return {
            name: int(entry["size"])
            for name, entry in names.items()
            if entry.get("type") == "file" and not name.endswith("/")  # what stands for a folder
        }


def exists(url: str) -> bool:
    """Whether there is an object; raises `RemoteError` where nobody knows."""
    with telling(url):
        return _described(url) is not None


def pieces(url: str, cancel: threading.Event | None = None) -> Iterator[bytes]:
    """Yield all bytes of an object.

    Raises
    ------
    RemoteError
        It cannot be read, or another one took its place meanwhile.
    Cancelled
        `cancel` was set.
    """
    system, path = system_of(url)
    with telling(url):
        before = _described(url)
        if before is None:
            raise FileNotFoundError(url)
        file = system.open(path, "rb", block_size=PIECE)
    done = 0
    with file:
        while True:
            if cancel and cancel.is_set():
                raise Cancelled("cancelled")
            with telling(url):
                piece = file.read(PIECE)
            if not piece:
                break
            done += len(piece)
            yield piece
    with telling(url):
        after = _described(url)
    if after != before or done != dict(before).get("size", done):
        raise _changed(url)


def fetch(url: str, path: Path, cancel: threading.Event | None = None) -> str:
    """Copy an object into a new file; return its SHA-256. Raises what `pieces` does, and `OSError`."""
    digest = hashlib.sha256()
    with path.open("xb") as file:
        for piece in pieces(url, cancel):
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def hash_of(url: str, cancel: threading.Event | None = None) -> str:
    """Return the SHA-256 of an object, read through for it; raises what `pieces` does."""
    digest = hashlib.sha256()
    for piece in pieces(url, cancel):
        digest.update(piece)
    return digest.hexdigest()


def put_up(path: Path, url: str, cancel: threading.Event | None = None) -> None:
    """Put a file up in place of what is there, whole, and read it back.

    Raises
    ------
    RemoteError
        It cannot be put up, or what is there then is something else.
    Cancelled
        `cancel` was set.
    """
    with telling(url):
        system, name = system_of(url)
        if url.partition("://")[0].lower() in _WHOLE:
            system.put_file(str(path), name)
        else:
            folder, _, last = name.rpartition("/")
            system.makedirs(folder, exist_ok=True)
            part = f"{folder}/.{last}{PART_SUFFIX}"
            system.put_file(str(path), part)
            system.mv(part, name)
    if hash_of(url, cancel) != sha256_of(path):
        raise RemoteError(f"{url}: holds something else than was put up; does another run write there?")


def take_down(url: str) -> None:
    """Delete an object; nothing where there is none."""
    with telling(url):
        system, name = system_of(url)
        if _described(url) is not None:
            system.rm_file(name)


def _described(url: str) -> tuple[tuple[str, Any], ...] | None:
    """Return what changes with an object; None where there is none."""
    system, name = system_of(url)
    system.invalidate_cache()
    try:
        entry = system.info(name)
    except FileNotFoundError:
        return None
    if entry.get("type") != "file":
        return None
    return tuple((key, entry[key]) for key in _IDENTITY if key in entry)


def _changed(url: str) -> RemoteError:
    return RemoteError(
        f"{url}: changed while it was being read; nothing was written: wait until it is complete, and start "
        "again"
    )
