"""Compiled kernels run wherever they are installed, whoever runs them, and never what they no longer are."""

import ctypes
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import wavemend

SOURCES = Path(wavemend.__file__).parent

# A kernel that calls another, in two modules.
INNER = """
from .compilation.compilation import compiled
STEP = 1

@compiled
def inner(x):
    return x + STEP
"""
OUTER = """
from .compilation.compilation import compiled
from .inner import inner

@compiled
def outer(x):
    return inner(x) * 2
"""

# Compiles, or loads, them; tells which were compiled, and what came out.
RUN = """
import os, tempfile, warnings
tempfile.tempdir = os.environ["TMPDIR"]  # not /tmp where this cannot be written
from wavemend.kernels.compilation.compilation import watched
with watched(lambda name: print("compiled", name)), warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    from wavemend.kernels.outer import outer
    answers = outer(1), outer(1)
print("answers", *answers)
for warning in said:
    print("said", warning.message)
"""
ANSWERS = "answers 4 4"

# A kernel that takes a named tuple.
PAIR = """
from typing import NamedTuple

class Pair(NamedTuple):
    one: int
    other: int
"""
OF_PAIR = """
from __future__ import annotations
from .compilation.compilation import compiled
from .pair import Pair

@compiled
def of_pair(pair: Pair):
    return pair.one

def outer(x):
    return of_pair(Pair(one=x, other=9))
"""

needs_permissions = pytest.mark.skipif(os.name == "nt", reason="folders of Windows have no permission bits")


def _obey_permissions() -> None:
    """Let root be refused like anybody else: CAP_DAC_OVERRIDE is lost with the next exec."""
    if sys.platform == "linux" and os.geteuid() == 0:
        pr_capbset_drop, cap_dac_override = 24, 1
        if ctypes.CDLL(None, use_errno=True).prctl(pr_capbset_drop, cap_dac_override, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "cannot give up CAP_DAC_OVERRIDE")


class Install:
    """A copy of the package, with a home and a folder for temporary files of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "lib" / "wavemend"
        shutil.copytree(SOURCES, self.package, ignore=shutil.ignore_patterns("__pycache__"))
        (self.package / "kernels" / "inner.py").write_text(INNER)
        (self.package / "kernels" / "outer.py").write_text(OUTER)
        self.home, self.temporary = folder / "home", folder / "tmp"
        self.home.mkdir()
        self.temporary.mkdir()

    def close(self, *folders: Path) -> None:
        """Let nobody write into these folders."""
        for top in folders:
            for folder in (top, *(path for path in top.rglob("*") if path.is_dir())):
                folder.chmod(0o555)

    def open(self, *folders: Path) -> None:
        for top in folders:
            for folder in (top, *(path for path in top.rglob("*") if path.is_dir())):
                folder.chmod(0o755)

    def run(self, **environment: str) -> list[str]:
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        given = {"HOME": str(self.home), "TMPDIR": str(self.temporary), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", RUN],
            check=False,
            env=kept | given | {"PYTHONPATH": str(self.package.parent)} | environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            preexec_fn=_obey_permissions if os.name == "posix" else None,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout.splitlines()

    def code_in(self, folder: Path) -> set[str]:
        """Names of the kernels whose code lies in a folder."""
        return {path.name.split("-")[0] for path in folder.rglob("*.nbi")}


@pytest.fixture
def installed(tmp_path):
    made = Install(tmp_path)
    yield made
    made.open(tmp_path)


CODE = {"inner.inner", "outer.outer"}


def test_code_is_kept_beside_the_source(installed):
    assert installed.run() == ["compiled outer", "compiled inner", ANSWERS]
    assert installed.code_in(installed.package / "kernels" / "__pycache__") == CODE
    assert installed.run() == [ANSWERS]
    assert not installed.code_in(installed.home)


@needs_permissions
def test_code_goes_to_the_users_cache_where_the_package_is_read_only(installed):
    installed.close(installed.package)
    installed.run()
    assert installed.code_in(installed.home) == CODE
    (folder,) = [path for path in installed.home.rglob("wavemend") if path.is_dir()]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert installed.run() == [ANSWERS]


@needs_permissions
def test_code_goes_to_a_private_temporary_folder_without_a_home(installed):
    installed.close(installed.package, installed.home)
    installed.run()
    (folder,) = installed.temporary.iterdir()
    assert folder.name == f"wavemend-{os.geteuid()}"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert installed.code_in(folder) == CODE
    assert installed.run() == [ANSWERS]


@needs_permissions
@pytest.mark.parametrize("how", ["open to all", "a link", "below a folder open to all"])
def test_code_is_never_run_from_where_strangers_write(installed, how):
    installed.close(installed.package, installed.home)
    installed.run()
    folder = installed.temporary / f"wavemend-{os.geteuid()}"
    if how == "open to all":
        folder.chmod(0o777)
    elif how == "a link":
        folder.rename(installed.temporary / "elsewhere")
        folder.symlink_to("elsewhere")
    else:
        installed.temporary.chmod(0o777)
    assert any(line.startswith("compiled") for line in installed.run())


@needs_permissions
def test_without_any_place_code_is_compiled_in_memory_and_that_is_said_once(installed):
    installed.close(installed.package, installed.home, installed.temporary)
    for _ in range(2):
        *compiled, answers, said = installed.run()
        assert len(compiled) >= len(CODE)
        assert answers == ANSWERS
        assert "not kept" in said
        assert "NUMBA_CACHE_DIR" in said


@needs_permissions
def test_a_warm_install_serves_read_only(installed):
    installed.run()
    installed.close(installed.package, installed.home, installed.temporary)
    assert installed.run() == [ANSWERS]


@needs_permissions
def test_a_warm_users_cache_serves_read_only(installed):
    installed.close(installed.package)
    installed.run()
    installed.close(installed.home, installed.temporary)
    assert installed.run() == [ANSWERS]


# The first to compile waits for the others; it and they say what they compile.
TOGETHER = """
import time
from pathlib import Path
import numba
from wavemend.kernels.compilation.compilation import watched
from wavemend.kernels.outer import outer

numba.njit(lambda x: x)(1)  # what numba loads with the first kernel of all
here = Path("here")

def tell(name):
    print("compiled", name, flush=True)
    while not here.exists():
        time.sleep(0.01)
    time.sleep(0.5)

with watched(tell):
    if Path("begun").exists():
        here.touch()
    print(outer(1))
"""


def test_processes_that_start_together_compile_a_kernel_once(installed):
    """The second comes while the first is about to compile; it waits, and loads."""
    command = [sys.executable, "-c", TOGETHER]
    environment = {**os.environ, "PYTHONPATH": str(installed.package.parent), "HOME": str(installed.home)}
    how = {"env": environment, "cwd": installed.home, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **how) as first:
        said = [first.stdout.readline()]
        (installed.home / "begun").touch()
        with subprocess.Popen(command, **how) as second:
            said += [first.stdout.read(), second.stdout.read()]
    assert said == ["compiled outer\n", "compiled inner\n4\n", "4\n"]
    assert not list(installed.package.rglob("*.turn"))


def test_the_named_folder_goes_first(installed, tmp_path):
    installed.run(NUMBA_CACHE_DIR=str(tmp_path / "named"))
    assert installed.code_in(tmp_path / "named") == CODE
    assert not installed.code_in(installed.package)
    assert installed.run(NUMBA_CACHE_DIR=str(tmp_path / "named")) == [ANSWERS]


def test_a_kernel_is_compiled_anew_when_one_that_it_calls_changed(installed):
    installed.run()
    inner = installed.package / "kernels" / "inner.py"
    inner.write_text(INNER.replace("STEP = 1", "STEP = 9"))
    assert installed.run() == ["compiled outer", "compiled inner", "answers 20 20"]


def test_a_kernel_is_compiled_anew_when_a_named_tuple_that_it_takes_changed(installed):
    kernels = installed.package / "kernels"
    (kernels / "pair.py").write_text(PAIR)
    (kernels / "outer.py").write_text(OF_PAIR)
    assert installed.run() == ["compiled of_pair", "answers 1 1"]
    assert installed.run() == ["answers 1 1"]
    (kernels / "pair.py").write_text(
        PAIR.replace("one:", "two:").replace("other:", "one:").replace("two:", "other:")
    )
    assert installed.run() == ["compiled of_pair", "answers 1 1"]


# Kernels that call another with a constant, with another one, and with what they are given.
CALLERS = """
from .compilation.compilation import compiled

@compiled
def added(x, step):
    return x + step

@compiled
def outer(x):
    return added(x, 1) + added(x, 2) + added(x, step=x)
"""


def test_constants_are_no_reason_to_compile_a_kernel_again(installed):
    (installed.package / "kernels" / "outer.py").write_text(CALLERS)
    assert installed.run() == ["compiled outer", "compiled added", "answers 7 7"]
    assert installed.run() == ["answers 7 7"]


@pytest.mark.parametrize("kind", ["*.nbi", "*.nbc"])
def test_damaged_code_is_compiled_anew_and_mended(installed, kind):
    installed.run()
    for path in installed.package.rglob(kind):
        path.write_bytes(path.read_bytes()[:20])
    assert ANSWERS in installed.run()
    assert installed.run() == [ANSWERS]


def test_numba_is_asked_in_one_place():
    asks = re.compile(r"^ *(import|from) numba", re.MULTILINE)
    users = {path.name for path in SOURCES.rglob("*.py") if asks.search(path.read_text(encoding="utf-8"))}
    assert users == {"compilation.py", "code_cache.py", "code_places.py", "processor.py"}
