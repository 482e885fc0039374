"""Which machines work on a collection: this one, or those of a cluster."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from ...errors import ClusterError
from .executors import Executor, ThisMachine


def executor_for(
    jobs: int,
    scheduler: str | None,
    *,
    allow_mixed: bool = False,
    tell: Callable[[str], None] = lambda note: None,
) -> AbstractContextManager[Executor]:
    """Return what works, as a context manager: `jobs` processes here, or the cluster behind a scheduler.

    Raises
    ------
    ClusterError
        It cannot be reached, or what it needs is not installed.
    """
    if scheduler is None:
        return nullcontext(ThisMachine(jobs))
    try:
        from .cluster import Cluster  # noqa: PLC0415 - of the extra wavemend[cluster]
    except ImportError as error:
        raise ClusterError(
            f"a cluster needs packages of its own ({error}): pip install 'wavemend[cluster]'"
        ) from None
    return Cluster(scheduler, workers=jobs, allow_mixed=allow_mixed, tell=tell)
