"""Files that stand beside a restored file which is not there: which of them a new render may replace.

A run of an older version that was killed, or a disk that lost power, leaves such; so does who deletes a
restored file to have it made anew. What others put there is never touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from ..storage.hashing import sha256_of
from ..storage.outputs import report_path
from .report import REPORT_FORMAT

_MOST_BYTES = 2**26  # guard: of a report, or of a file that holds nothing


def replaceable(output: Path, beside: Iterable[Path]) -> set[Path]:
    """Return those of the files `beside` an output that may be replaced, the output itself being gone.

    The report of a render into this name is, and what it vouches for by its hash; so is what holds nothing.
    """
    if os.path.lexists(output):
        return set()
    report = report_path(output)
    hashes = _vouched_for(report, output.name)
    free = {path for path in beside if _is_file(path) and _holds_nothing(path)}
    if hashes is None:
        return free
    return free | {report} | {path for path in beside if _is_file(path) and sha256_of(path) in hashes}


def _is_file(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return stat.S_ISREG(path.lstat().st_mode)
    return False


def _holds_nothing(path: Path) -> bool:
    """Whether a file is empty, of zeros as a power cut leaves them, or JSON with nothing in it."""
    if path.stat().st_size > _MOST_BYTES:
        return False
    return path.read_bytes().strip(b"\0 \t\r\n") in {b"", b"{}", b"[]", b"null"}


def _vouched_for(report: Path, output: str) -> set[str] | None:
    """Hashes of the files that a report lists; None where it is no report of ours about `output`."""
    try:
        if not _is_file(report) or report.stat().st_size > _MOST_BYTES:
            return None
        top = json.loads(report.read_bytes())
        if top["format"] != REPORT_FORMAT or top["output"]["name"] != output:
            return None
        listed = [top.get("removed"), *top.get("beside", [])]
        return {str(one["sha256"]) for one in listed if one}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
