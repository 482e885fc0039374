"""All of the shell but its platform part compiles for other systems, without warnings."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ..vst3.requirements import skip_or_fail
from .bundles import SHELL
from .conftest import WARNINGS

pytestmark = pytest.mark.whole

WINDOWS = "x86_64-w64-mingw32-g++-posix"


@pytest.mark.parametrize("source", sorted(SHELL.glob("*.cpp")), ids=lambda path: path.stem)
def test_it_compiles_for_windows(source: Path) -> None:
    compiler = shutil.which(WINDOWS)
    if compiler is None:
        skip_or_fail(f"{WINDOWS} is not installed: `apt-get install g++-mingw-w64-x86-64-posix` brings it")
    subprocess.run([compiler, "-std=c++17", *WARNINGS, "-fsyntax-only", source], check=True)
