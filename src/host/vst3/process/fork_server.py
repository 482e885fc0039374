"""The process that workers are forked from; `starting` starts it.

It has imported what a worker needs, once; it never loads a plugin and runs no second thread, so that a fork
of it is what a fresh interpreter would be after the same imports. It alone can wait for workers, and so it
ends them, and tells the host how each one ended.

::

    host -- control: fork (with descriptors), end --> fork server -- fork --> worker
         <-- status, one pipe for each worker: its number, later its exit code
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import struct
import sys
from typing import NoReturn

from ...processes.lifeline import die_with_the_host, leave_no_core_file
from . import worker

STATUS = struct.Struct("<i")
"""First the number of the process, or minus `errno`; then its exit code, or minus the signal's number."""

MOST_REQUEST_BYTES = 4096  # guard: of one message
HANDED = 5
"""derived: descriptors that come with a fork: commands, answers, lifeline, memory for audio, status."""


def main() -> None:
    """Fork and end workers until the host hangs up."""
    control, lifeline, spawned_by_main_thread = (int(word) for word in sys.argv[1:4])
    die_with_the_host(lifeline, spawned_by_main_thread=bool(spawned_by_main_thread))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    leave_no_core_file()
    from ...processes import shared_audio  # noqa: F401, PLC0415 - heavy; the lifeline comes first
    from . import desk  # noqa: F401, PLC0415 - heavy; the lifeline comes first

    gc.collect()
    gc.freeze()  # a collection in a worker would copy every page it shares with the others
    _ForkServer(control).serve()


class _ForkServer:
    """The loop, and the workers that live: their numbers, and the pipes their ends are told on."""

    def __init__(self, control: int) -> None:
        self._control = socket.socket(fileno=control)
        self._workers: dict[int, int] = {}
        self._woken, waking = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(waking, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # what counts is that it wakes the loop
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)

    def serve(self) -> None:
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self._woken:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._woken, MOST_REQUEST_BYTES)
                    self._bury_the_dead()
                else:
                    self._obey()

    def _obey(self) -> None:
        data, descriptors, _, _ = socket.recv_fds(self._control, MOST_REQUEST_BYTES, HANDED)
        if not data:
            os._exit(0)
        request = json.loads(data)
        if "end" in request:
            self._end(request["end"])
        else:
            self._fork(descriptors, request["memory_limit_gb"])

    def _fork(self, descriptors: list[int], memory_limit_gb: float) -> None:
        *own, status = descriptors
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            pid = -(error.errno or 1)
        if not pid:
            self._become_a_worker(own, memory_limit_gb, server)
        for descriptor in own:
            os.close(descriptor)
        _tell(status, pid)
        if pid > 0:
            self._workers[pid] = status
        else:
            os.close(status)

    def _become_a_worker(self, descriptors: list[int], memory_limit_gb: float, server: int) -> NoReturn:
        """Leave nothing of the server in this process but what it has imported."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            commands, answers, lifeline, audio = descriptors
            os.dup2(commands, 0)
            os.dup2(answers, 1)
            self._control.detach()
            for descriptor in map(int, os.listdir("/proc/self/fd")):
                if descriptor > 2 and descriptor not in (lifeline, audio):
                    with contextlib.suppress(OSError):  # that of the folder itself
                        os.close(descriptor)
            die_with_the_host(lifeline, spawned_by_main_thread=True)
            if os.getppid() == server:  # else it died before its death could be told of
                worker.work(lifeline, audio, memory_limit_gb)
        finally:
            os._exit(1)

    def _bury_the_dead(self) -> None:
        for pid in list(self._workers):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self._end(pid)

    def _end(self, pid: int) -> None:
        """End a worker and what its plugin started; until it is waited for, its number is taken."""
        status = self._workers.pop(pid, None)
        if status is None:
            return
        for kill in (os.kill, os.killpg):  # it leads no group yet where it was just born
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(pid, signal.SIGKILL)
        _tell(status, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        os.close(status)


def _tell(status: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody waits for it
        os.write(status, STATUS.pack(number))


if __name__ == "__main__":
    main()
