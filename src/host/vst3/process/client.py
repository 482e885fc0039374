"""The host's side of a worker: starts it, asks it with a time-out, and ends it for certain."""

from __future__ import annotations

import os
import select
import signal
import time
import weakref
from typing import Any

from ....errors import PluginError, WorkerCrashedError, WorkerTimedOutError
from ...processes.memory import MEMORY_LIMIT_GB, MemoryWatch
from ...processes.shared_audio import SharedAudio, new_memory
from ...processes.wire import HEADER, MOST_BYTES, Message, pack, unpack
from .starting import Handed, Process, start_process

LOAD_SECONDS = 60.0
"""guard: time a plugin has to load: some show a licence dialogue, or read a gigabyte of samples."""

ANSWER_SECONDS = 30.0
"""guard: time it has for everything else, one block of audio included."""

_GLANCE_SECONDS = 0.05
"""guard: between two looks at the memory of a worker that is waited for."""


class Worker:
    """A worker process.

    Parameters
    ----------
    answer_seconds
        How long to wait for an answer.
    memory_limit_gb
        Memory it may have, in GB (2**30 bytes).

    Raises
    ------
    PluginError
        No process can be started here.
    """

    def __init__(
        self, answer_seconds: float = ANSWER_SECONDS, memory_limit_gb: float = MEMORY_LIMIT_GB
    ) -> None:
        if os.name != "posix":
            raise PluginError(
                "VST3s run in worker processes on Linux and macOS only so far; "
                "VST3(..., isolated=False) loads one into this process"
            )
        self._answer_seconds = answer_seconds
        pipes = commands, self._to, self._from, answers, lifeline_end, lifeline = [
            end for _ in range(3) for end in os.pipe()
        ]
        self._audio_descriptor = new_memory()
        handed = Handed(commands, answers, lifeline_end, self._audio_descriptor)
        try:
            self._process = start_process(handed, memory_limit_gb)
        except BaseException as error:
            for descriptor in (*pipes, self._audio_descriptor):
                os.close(descriptor)
            if isinstance(error, OSError):
                reason = error.strerror or error
                raise PluginError(f"no worker process can be started: {reason}") from None
            raise
        for descriptor in (commands, answers, lifeline_end):
            os.close(descriptor)
        os.set_blocking(self._to, False)
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(self._from, select.POLLIN)
        self._writable.register(self._to, select.POLLOUT)
        held = [self._to, self._from, lifeline, self._audio_descriptor]
        if (death := _death_of(self._process.pid)) is not None:
            held.append(death)
            for poll in (self._readable, self._writable):
                poll.register(death, select.POLLIN)
        self._memory = MemoryWatch(self._process.pid, memory_limit_gb)
        self._end = weakref.finalize(self, _end, self._process, held, os.getpid())

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def close(self) -> None:
        """End the process and those that the plugin started, whatever they are doing."""
        self._end()

    def ask(
        self, command: str, *arguments: Any, attachment: bytes = b"", seconds: float | None = None
    ) -> Message:
        """Run one of `Desk`'s commands; return its result, and what is attached to it.

        Raises
        ------
        WorkerCrashedError, WorkerTimedOutError
            The worker died, or gave no answer; it is ended.
        PluginError
            The plugin refused.
        """
        seconds = self._answer_seconds if seconds is None else seconds
        self._send(pack(Message([command, *arguments], attachment)), seconds)
        return self._answer(seconds)

    def tell(self, command: str, *arguments: Any, attachment: bytes = b"") -> None:
        """Send a command without waiting; `answer` must be called for it before the next one."""
        self._send(pack(Message([command, *arguments], attachment)), self._answer_seconds)

    def answered(self, seconds: float) -> bool:
        """Wait at most so long for an answer or the worker's death; return whether there is one."""
        return bool(self._readable.poll(seconds * 1000))

    def answer(self, seconds: float | None = None) -> Message:
        """Return the answer to what was told, which is waited for from now on; errors as `ask`."""
        if not self._end.alive:
            raise WorkerCrashedError("its worker process was ended")
        return self._answer(self._answer_seconds if seconds is None else seconds)

    def share_audio(self, channels: int, block_size: int) -> SharedAudio:
        """Make the memory for audio; once."""
        return SharedAudio(self._audio_descriptor, channels, block_size, create=True)

    def play(self) -> None:
        """Have the blocks in the shared memory processed; errors as `ask`."""
        self._send(HEADER.pack(0, 0), self._answer_seconds)
        self._answer(self._answer_seconds)

    def _send(self, data: bytes, seconds: float) -> None:
        if not self._end.alive:
            raise WorkerCrashedError("its worker process was ended")
        limit = time.monotonic() + seconds
        view = memoryview(data)
        try:
            while view:
                try:
                    view = view[os.write(self._to, view) :]
                except BlockingIOError:
                    self._wait(self._writable, self._to, limit, seconds)
        except BrokenPipeError:
            raise WorkerCrashedError(self._epitaph()) from None
        except PluginError:
            raise
        except BaseException:  # Ctrl-C in mid-message: nothing that follows would be understood
            self.close()
            raise

    def _answer(self, seconds: float) -> Message:
        limit = time.monotonic() + seconds
        try:
            size, attached = HEADER.unpack(self._read(HEADER.size, limit, seconds))
            if not size:
                return Message(None)
            if max(size, attached) > MOST_BYTES:
                self.close()
                raise WorkerCrashedError("gave an answer of more bytes than any plugin needs")
            said = unpack(self._read(size, limit, seconds), self._read(attached, limit, seconds))
        except PluginError:
            raise
        except ValueError:
            self.close()
            raise WorkerCrashedError("garbled its worker's answers") from None
        except BaseException:
            self.close()
            raise
        return self._result(said)

    def _result(self, said: Message) -> Message:
        content = said.content if isinstance(said.content, dict) else {}
        if "error" in content:
            raise PluginError(str(content["error"]))
        return Message(content.get("result"), said.attachment)

    def _read(self, count: int, limit: float, seconds: float) -> bytes:
        data = b""
        while len(data) < count:
            self._wait(self._readable, self._from, limit, seconds)
            part = os.read(self._from, count - len(data))
            if not part:
                raise WorkerCrashedError(self._epitaph())
            data = data + part if data else part
        return data

    def _wait(self, poll: select.poll, pipe: int, limit: float, seconds: float) -> None:
        """Wait until the pipe is ready.

        A worker's death shows by itself: as long as a process that the plugin started holds its end of the
        pipe, the pipe does not tell.
        """
        while True:
            left = max(limit - time.monotonic(), 0.0)
            ready = [descriptor for descriptor, _ in poll.poll(min(left, _GLANCE_SECONDS) * 1000)]
            self._memory.glance()
            if pipe in ready:
                return
            if ready:
                raise WorkerCrashedError(self._epitaph())
            if not left:
                self.close()
                raise WorkerTimedOutError(f"gave no answer within {seconds:g} s and was ended")

    def _epitaph(self) -> str:
        """End the worker and say how it died."""
        code = self._process.wait(1.0) or 0
        self.close()
        if code >= 0:
            return f"ended its process with exit code {code}"
        return f"crashed ({signal.Signals(-code).name}){self._memory.suspicion()}"


def _death_of(pid: int) -> int | None:
    """Open a descriptor that becomes readable when a child of this process dies; None: not known here."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # macOS; a kernel, or a sandbox, without it
        return None


def _end(process: Process, descriptors: list[int], owner: int) -> None:
    if os.getpid() != owner:  # a fork of the host that ends: the worker is not its own
        return
    process.end()
    for descriptor in descriptors:
        os.close(descriptor)
