"""How workers come to be: forked from one warm process on Linux, elsewhere a new interpreter each.

A fork costs a few milliseconds, a new interpreter with NumPy and pedalboard a fifth of a second. macOS does
not let a process that has loaded its frameworks be forked safely, so there it stays the interpreter.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from typing import NamedTuple, Protocol

from ....errors import PluginError
from .fork_server import STATUS

_FORKS = sys.platform == "linux"
_START_SECONDS = 60.0
"""guard: time the fork server has to start, on a machine that is busy."""

_PYTHON = (sys.executable, "-P", "-m")  # -P: no module from the folder one works in


class Handed(NamedTuple):
    """Descriptors a worker is given: its ends of both pipes and of the lifeline, and memory for audio."""

    commands: int
    answers: int
    lifeline: int
    audio: int


class Process(Protocol):
    """A worker's process as its host sees it; it leads a session and a process group.

    Attributes
    ----------
    pid
        Its number.
    """

    pid: int

    def wait(self, seconds: float) -> int | None:
        """Wait at most so long for its end; return its exit code, minus the signal that ended it, or None."""

    def end(self) -> None:
        """End it and its group, and wait until that is done; what was started may be ended twice."""


def start_process(handed: Handed, memory_limit_gb: float) -> Process:
    """Start a worker; raises `OSError` or `PluginError` where that is not possible."""
    if _FORKS:
        return _Forked(_fork_server(), handed, memory_limit_gb)
    return _Spawned(handed, memory_limit_gb)


class _Spawned:
    def __init__(self, handed: Handed, memory_limit_gb: float) -> None:
        arguments = (handed.lifeline, handed.audio, _on_main_thread(), memory_limit_gb)
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with our module
            [*_PYTHON, "wavemend.host.vst3.process.worker", *map(str, arguments)],
            stdin=handed.commands,
            stdout=handed.answers,
            stderr=subprocess.DEVNULL,
            pass_fds=(handed.lifeline, handed.audio),
            env=_environment(),
            start_new_session=True,  # and a process group: what the plugin starts ends with it
        )
        self.pid = self._process.pid

    def wait(self, seconds: float) -> int | None:
        """See `Process.wait`."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """See `Process.end`."""
        # The worker leads the group that what it started is in; while one of them lives, the number is taken.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


class _Forked:
    def __init__(self, server: _ForkServer, handed: Handed, memory_limit_gb: float) -> None:
        self._server = server
        self._code: int | None = None
        self._status, status_end = os.pipe()
        try:
            try:
                server.send({"memory_limit_gb": memory_limit_gb}, [*handed, status_end])
            finally:
                os.close(status_end)
            self.pid = self._told(_START_SECONDS) or 0
            if self.pid < 0:
                raise OSError(-self.pid, os.strerror(-self.pid))
            if not self.pid:
                raise PluginError("no worker process can be started: what they are forked from is gone")
        except BaseException:
            os.close(self._status)
            raise

    def wait(self, seconds: float) -> int | None:
        """See `Process.wait`."""
        if self._code is None:
            # Without its parent the kernel kills it, as the worker asked it to.
            self._code = self._told(seconds, without=-signal.SIGKILL)
        return self._code

    def end(self) -> None:
        """See `Process.end`."""
        if self._code is None:
            with contextlib.suppress(OSError):  # the server is gone, and so is the worker
                self._server.send({"end": self.pid})
            self._code = self._told(None, without=-signal.SIGKILL)
        if self._status >= 0:
            os.close(self._status)
            self._status = -1

    def _told(self, seconds: float | None, without: int | None = None) -> int | None:
        """Read a number from the server; None: not in time, `without`: it is gone."""
        poll = select.poll()
        poll.register(self._status, select.POLLIN)
        if not poll.poll(None if seconds is None else 1000 * seconds):
            return None
        data = os.read(self._status, STATUS.size)
        return int(STATUS.unpack(data)[0]) if len(data) == STATUS.size else without


class _ForkServer:
    """The process that this process's workers are forked from; it ends with the last one who holds this."""

    def __init__(self) -> None:
        self._control, control_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        lifeline_end, lifeline = os.pipe()
        arguments = (control_end.fileno(), lifeline_end, _on_main_thread())
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with our module
                [*_PYTHON, "wavemend.host.vst3.process.fork_server", *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=arguments[:2],
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for the host
            )
        except BaseException:
            self._control.close()
            os.close(lifeline)
            raise
        finally:
            control_end.close()
            os.close(lifeline_end)
        weakref.finalize(self, _end_server, self._process, self._control, lifeline, os.getpid())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, request: dict[str, float], descriptors: list[int] | None = None) -> None:
        socket.send_fds(self._control, [json.dumps(request).encode()], descriptors or [])


def _end_server(process: subprocess.Popen[bytes], control: socket.socket, lifeline: int, owner: int) -> None:
    control.close()
    os.close(lifeline)
    if os.getpid() == owner:  # else a fork of the host ends
        process.kill()
        process.wait()


class _Latest(NamedTuple):
    inherited: tuple[object, ...]
    server: _ForkServer


_latest: _Latest | None = None
_starting = threading.Lock()


def _fork_server() -> _ForkServer:
    """Return the running server, or start one where what a worker would inherit has changed since."""
    global _latest  # noqa: PLW0603 - one for this process
    with _starting:
        inherited = _inherited()
        if _latest is None or _latest.inherited != inherited or not _latest.server.alive:
            _latest = _Latest(inherited, _ForkServer())
        return _latest.server


def _inherited() -> tuple[object, ...]:
    """Return what a process gets from the one that starts it and may change while that lives."""
    try:
        folder = os.getcwd()
    except FileNotFoundError:  # it was removed
        folder = ""
    return os.getpid(), dict(os.environ), folder, os.sched_getaffinity(0), os.nice(0)


def _environment() -> dict[str, str]:
    return os.environ | {"OPENBLAS_NUM_THREADS": "1"}


def _on_main_thread() -> int:
    """1 or 0: the kernel counts the thread that starts a process as its parent."""
    return int(threading.current_thread() is threading.main_thread())
