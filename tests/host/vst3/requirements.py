"""What tests need that a machine may lack: skipped there, with what to install; never skipped in CI."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

ZAM_FOLDER = Path("/usr/lib/vst3")


def require_zam_plugins(folder: Path, *names: str) -> Path:
    """Return `folder` with links to these of zam-plugins; skip the test where they are not installed."""
    if not (ZAM_FOLDER / "ZamComp.vst3").is_dir():
        skip_or_fail("zam-plugins is not installed: `apt-get install --no-install-recommends zam-plugins`")
    folder.mkdir()
    for name in names:
        (folder / f"{name}.vst3").symlink_to(ZAM_FOLDER / f"{name}.vst3")
    return folder


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the test, or fail it where the environment says that nothing may be skipped."""
    if os.environ.get("WAVEMEND_SKIP_NOTHING"):
        pytest.fail(f"WAVEMEND_SKIP_NOTHING is set, but {reason}")
    pytest.skip(reason)
