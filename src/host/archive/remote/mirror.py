"""Which path here stands for which URL: jobs name files, and files behind URLs have stand-ins.

::

    s3://bucket/in/box 1/a.wav     STATE/wavemend-sources/s3/bucket/in/box 1/a.wav
    s3://bucket/out/box 1/a.wav    STATE/box 1/a.wav

The stand-ins of sources and outputs are names alone: a worker fetches into a folder of its own.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from ....errors import PlanError
from .objects import is_url, listed

_SOURCES = "wavemend-sources"
_DIGITS = 16  # guard: two URLs of one user's with the same are out of the question


@dataclass(frozen=True)
class Mirror:
    """What stands for what.

    Attributes
    ----------
    state
        Folder here for the manifest, and for what is being worked on; where outputs are local too, theirs.
    target_url
        Of the folder of the outputs; None: `state` itself holds them.
    urls
        All that a run names.
    keeps_scratch
        Whether what is worked on lies in `state`, as it does unless workers are elsewhere.
    """

    state: Path
    target_url: str | None = None
    urls: Sequence[str] = ()
    keeps_scratch: bool = True

    def stand_in(self, url: str) -> Path:
        """Return the path that stands for a source."""
        kind, _, rest = url.partition("://")
        return self.state / _SOURCES / kind / rest

    def url_of(self, path: Path) -> str | None:
        """Return the URL that a path stands for; None where it is a file here."""
        if path.is_relative_to(self.state / _SOURCES):
            kind, *rest = path.relative_to(self.state / _SOURCES).parts
            return f"{kind}://{'/'.join(rest)}"
        if self.target_url and path.is_relative_to(self.state):
            return f"{self.target_url}/{path.relative_to(self.state).as_posix()}"
        return None

    def taken(self) -> Callable[[Path], bool]:
        """Return what says of an output's path whether something is there; raises `RemoteError`."""
        if self.target_url is None:
            return os.path.lexists
        there = {self.state / name for name in listed(self.target_url)}
        return there.__contains__

    def said(self, path: Path) -> str:
        """Return how a path, or what it stands for, is told of."""
        return self.url_of(path) or str(path)

    def told(self, text: str) -> str:
        """Return a text that names stand-ins as one that names what they stand for."""
        for kind in {url.partition("://")[0] for url in self.urls}:
            text = text.replace(f"{self.state / _SOURCES / kind}{os.sep}", f"{kind}://")
        return text.replace(f"{self.state}{os.sep}", f"{self.target_url}/") if self.target_url else text


def mirror_for(
    sources: Sequence[str], target: str, state: Path | None = None, scheduler: str | None = None
) -> Mirror | None:
    """Return the stand-ins for a run from `sources` into `target`; None where all are files here.

    Parameters
    ----------
    sources, target
        Paths, patterns and URLs.
    state
        Folder for the manifest where `target` is a URL; None: one for that URL among the user's own.
    scheduler
        Of a cluster that does it, whose workers have scratch of their own; None: this machine does.

    Raises
    ------
    PlanError
        `state` is given where `target` is a folder, which holds the manifest itself.
    """
    urls = [one for one in (*sources, target) if is_url(one)]
    if not is_url(target):
        if state is not None:
            raise PlanError(f"{state}: a state folder goes with outputs behind a URL; {target} holds its own")
        return Mirror(Path(target), None, urls, scheduler is None) if urls else None
    url = target.rstrip("/")
    if state is None:
        digits = hashlib.sha256(url.encode()).hexdigest()[:_DIGITS]
        state = platformdirs.user_state_path("wavemend") / "batch" / digits
    return Mirror(state, url, urls, scheduler is None)
