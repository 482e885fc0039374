"""The command line as a new user meets it, each time in a process of its own.

The process is forked from one that has loaded already what commands load: Python, the libraries and the code
of the kernels, three seconds of processor time. What a command says, leaves and ends with is its own.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

SHELL = {"NO_COLOR": "1", "COLUMNS": "200"}
ENV = {**os.environ, **SHELL}
_ROOT = Path(__file__).parents[2]


def wavemend(
    *arguments: object, cwd: Path | None = None, script: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m wavemend`` in `cwd`; return its exit code and what it said.

    With a `script` that patches something first and then calls the command line, run that.
    """
    words, env = [str(argument) for argument in arguments], {**os.environ, **SHELL}
    if not hasattr(os, "fork"):
        program = ["-c", script] if script else ["-m", "wavemend"]
        command = [sys.executable, *program, *words]
        return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, check=False)
    return _loaded().run(words, cwd or Path.cwd(), env, script)


def refused(result: subprocess.CompletedProcess[str], message: str, code: int = 2) -> None:
    """Assert that a command ended with `code` and one line of error that holds `message`."""
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    told = [line for line in result.stderr.splitlines() if not line.startswith("preparing:")]  # the first run
    lines = [line for line in told if line.startswith("error:")]
    assert len(lines) == len(told) == 1, result.stderr
    assert message in lines[0]


class _Loaded:
    """The process that commands are forked from; see `tests.host.loaded`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="wavemend-commands-")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.host.loaded"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT,
        )  # fmt: skip

    def run(
        self, words: list[str], cwd: Path, env: Mapping[str, str], script: str
    ) -> subprocess.CompletedProcess[str]:
        said = [Path(self._folder.name) / name for name in ("out", "err")]
        request = {"words": words, "cwd": str(cwd), "env": dict(env), "script": script}
        request["said"] = [str(path) for path in said]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        out, err = (path.read_bytes().decode() for path in said)
        return subprocess.CompletedProcess(words, code, out, err)

    def close(self) -> None:
        self._process.communicate()
        self._folder.cleanup()


@cache
def _loaded() -> _Loaded:
    loaded = _Loaded()
    atexit.register(loaded.close)
    return loaded
