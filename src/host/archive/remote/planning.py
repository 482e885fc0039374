"""What is to be done with recordings behind URLs: listed, their heads looked at, and named as files are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from ....errors import PlanError
from ..batch import Job, job_for, plan, refuse_collisions
from ..walk import excludes, is_litter, may_be_sound
from .head import RemoteHead
from .mirror import Mirror
from .objects import is_url, listed

_AT_ONCE = 16  # guard: requests at once, as services' own tools make them


@dataclass(frozen=True)
class _Object:
    """A recording behind a URL, its path below the URL that was named, and its size in bytes."""

    url: str
    below: str
    size: int


def plan_behind_urls(
    sources: Sequence[str],
    mirror: Mirror,
    *,
    removed: bool,
    exclude: Sequence[str],
    tell: Callable[[str], None],
) -> list[Job]:
    """Decide where every output goes, as `plan` does; `sources` may be URLs of recordings and of folders.

    Raises
    ------
    PlanError
        As `plan` does; or nothing is found behind a URL, or it is a pattern.
    RemoteError
        It cannot be listed.
    """
    local = [one for one in sources if not is_url(one)]
    jobs = (
        plan(local, mirror.state, removed=removed, overwrite=True, exclude=exclude, tell=tell)
        if local
        else []
    )
    found = [one for url in sources if is_url(url) for one in _found(url, mirror, exclude, tell)]
    with ThreadPoolExecutor(_AT_ONCE) as crew:
        jobs += crew.map(partial(_job, mirror, removed), found)
    names = [job.name for job in jobs]
    if len({*names}) < len(names):
        jobs = [replace(job, name=mirror.said(job.source)) for job in jobs]
    refuse_collisions(jobs)
    return jobs


def _found(url: str, mirror: Mirror, exclude: Sequence[str], tell: Callable[[str], None]) -> list[_Object]:
    """Find the recordings below a URL, in the order of their names."""
    names = listed(url)
    if not names:
        raise PlanError(f"{url}: nothing is there; name an object or a folder (patterns are for files here)")
    if "" in names:
        last = PurePosixPath(url).name
        return [_Object(url, last, names[""])] if not excludes(exclude, (last,)) else []
    found, litter, excluded, own = [], [], [], []
    for name, size in sorted(names.items(), key=lambda one: one[0].split("/")):
        parts = tuple(name.split("/"))
        there = f"{url.rstrip('/')}/{name}"
        if mirror.target_url and there.startswith(f"{mirror.target_url}/"):
            own.append(there)
        elif any(map(is_litter, parts)):
            litter.append(there)
        elif any(excludes(exclude, parts[:count]) for count in range(1, len(parts) + 1)):
            excluded.append(there)
        elif may_be_sound(name):
            if {"", ".", ".."} & {*parts}:
                raise PlanError(f"{there}: no file can have such a name; leave it out with --exclude")
            found.append(_Object(there, name, size))
    kinds = (("litter of systems left out", litter), ("excluded", excluded), ("where outputs go", own))
    for what, left in kinds:
        if left:
            tell(f"{what}: {len(left)}, such as {left[0]}")
    if not found:
        raise PlanError(f"{url}: no sound files are there")
    return found


def _job(mirror: Mirror, removed: bool, found: _Object) -> Job:
    """Look at the head of a recording; where that fails its job says why."""
    path = mirror.stand_in(found.url)

    def opened(path: Path) -> RemoteHead:
        return RemoteHead(found.url, path, found.size)

    job = job_for(path, mirror.state / found.below, True, removed, opened=opened)
    return replace(job, name=found.below, error=mirror.told(job.error))
