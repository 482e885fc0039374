"""Run commands in a process that may crash, hang or eat memory: it is said, and the next starts anew."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .judge import MEGABYTES, SECONDS, Command, Run, signal_name

_ROOT = Path(__file__).parents[2]
_WALL_S = 600.0  # waiting without work is a hang too; a busy machine is none, nor a first start that compiles
_COMMANDS = 500  # of one process: its memory only grows
_START = ("--version",)


class Watched:
    """A process for commands, with a home and a folder for temporary files of its own.

    Parameters
    ----------
    folder
        Where it keeps them; made where needed.
    program
        Module whose `main` takes the commands.
    seconds
        Of processor time that one may take.
    warming
        Commands that a new process runs first, to load libraries: what they take is none of an input's.
    """

    def __init__(
        self,
        folder: Path,
        program: str = "wavemend.host.cli.main",
        seconds: float = SECONDS,
        warming: Sequence[tuple[str, ...]] = (),
    ) -> None:
        self._program, self._seconds, self._warming = program, seconds, warming
        self.home = folder / "home"
        self.captured = folder / "captured"
        self.home.mkdir(parents=True, exist_ok=True)
        self.captured.mkdir(exist_ok=True)
        self._process: subprocess.Popen[str] | None = None
        self._answers: Any = None
        self._left = 0

    def run(self, command: Command, cwd: Path) -> Run:
        """Run one command."""
        if self._process is None or self._left == 0:
            self._restart()
        self._left -= 1
        return self._ask(command, cwd)

    def _restart(self) -> None:
        self.close()
        reading, writing = os.pipe()
        own = {"TMPDIR": str(self.home), "HOME": str(self.home)} | {
            f"XDG_{name}_HOME": str(self.home) for name in ("DATA", "CONFIG", "CACHE", "STATE")
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.worker", str(writing)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            text=True, pass_fds=[writing], cwd=_ROOT, env=os.environ | own,
        )  # fmt: skip
        os.close(writing)
        self._answers = os.fdopen(reading, encoding="utf-8")
        self._left = _COMMANDS
        for start in (_START, *self._warming):
            started = self._ask(Command(start), self.home)
            if started.code != 0:
                raise RuntimeError(f"it does not start: {started.err or started.end}")

    def _ask(self, command: Command, cwd: Path) -> Run:
        process, files = self._process, {name: self.captured / name for name in ("out", "err", "hung")}
        assert process is not None and process.stdin is not None
        paths = {name: str(path) for name, path in files.items()}
        request = {
            "program": self._program, "arguments": command.arguments, "cwd": str(cwd),
            "seconds": self._seconds, **paths,
        }  # fmt: skip
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        answers = select.select([self._answers], [], [], _WALL_S)[0]
        line = self._answers.readline() if answers else ""
        printed = [
            path.read_text("utf-8", "replace") if path.exists() else ""
            for path in (files["out"], files["err"])
        ]
        if not line:
            return Run(command, None, *printed, end=self._bury(bool(answers), files["hung"]))
        answer = json.loads(line)
        if answer["megabytes"] > MEGABYTES:
            self.close()  # the next command starts from little again
        end = _traceback_end(answer["escaped"])
        took = (answer[name] for name in ("seconds", "megabytes", "more"))
        return Run(command, answer["code"], *printed, end, *took)

    def _bury(self, died: bool, hung: Path) -> str:
        """Say how the process ended, or end one that only waits."""
        assert self._process is not None
        if not died:
            self._process.kill()
        code = self._process.wait()
        self.close()
        place = " < ".join(line.strip() for line in hung.read_text().splitlines()[1:5])
        if not died or place:
            return f"hung for over {self._seconds:g} s: {place or 'waiting'}"
        return signal_name(code)

    def close(self) -> None:
        """End the process; a second time does nothing."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._answers.close()
        self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _traceback_end(text: str) -> str:
    """Return where an exception came from and what it was, in one line; nothing for nothing."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    places = [line for line in lines if line.startswith("File ")]
    return f"traceback: {lines[-1]:.300} at {places[-1]}" if places else " ".join(lines)
