"""The host's side of a worker: starts it, asks it with a time-out, and ends it for certain."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from typing import Any

from ...errors import PluginError
from .shared_audio import SharedAudio, new_memory
from .wire import HEADER, MOST_BYTES, Message, pack, unpack

LOAD_SECONDS = 60.0
"""Time a plugin has to load: some show a licence dialogue, or read a gigabyte of samples."""

ANSWER_SECONDS = 30.0
"""Time it has for everything else, one block of audio included."""

_WORKER = ("-P", "-m", "wavemend.host.vst3.worker")  # -P: no module from the folder one works in


class WorkerCrashedError(PluginError):
    """The worker died: the plugin crashed, or ended its process."""


class WorkerTimedOutError(PluginError):
    """The plugin gave no answer in time; its worker was ended."""


class Worker:
    """A worker process.

    Parameters
    ----------
    answer_seconds
        How long to wait for an answer.

    Raises
    ------
    PluginError
        No process can be started here.
    """

    def __init__(self, answer_seconds: float = ANSWER_SECONDS) -> None:
        if os.name != "posix":
            raise PluginError(
                "VST3s run in worker processes on Linux and macOS only so far; "
                "VST3(..., isolated=False) loads one into this process"
            )
        self._answer_seconds = answer_seconds
        self._audio_descriptor = new_memory()
        self._lifeline_end, self._lifeline = os.pipe()
        main = threading.current_thread() is threading.main_thread()
        arguments = [str(self._lifeline_end), str(self._audio_descriptor), str(int(main))]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with our module
                [sys.executable, *_WORKER, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=(self._lifeline_end, self._audio_descriptor),
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
                bufsize=0,
            )
        except OSError as error:
            for descriptor in (self._audio_descriptor, self._lifeline_end, self._lifeline):
                os.close(descriptor)
            raise PluginError(f"no worker process can be started: {error.strerror or error}") from None
        os.close(self._lifeline_end)
        self._to, self._from = (pipe.fileno() for pipe in (self._process.stdin, self._process.stdout) if pipe)
        self._poll = select.poll()
        self._poll.register(self._from, select.POLLIN)
        self._end = weakref.finalize(self, _end, self._process, self._lifeline, self._audio_descriptor)

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def close(self) -> None:
        """End the process, whatever it is doing."""
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
        self._send(pack(Message([command, *arguments], attachment)))
        return self._answer(self._answer_seconds if seconds is None else seconds)

    def tell(self, command: str, *arguments: Any) -> None:
        """Send a command without waiting; `answer` must be called for it before the next one."""
        self._send(pack(Message([command, *arguments])))

    def answered(self, seconds: float) -> bool:
        """Wait at most so long for an answer; return whether it is there."""
        return bool(self._poll.poll(seconds * 1000))

    def answer(self) -> Message:
        """Return the answer to what was told; errors as `ask`."""
        return self._answer(self._answer_seconds)

    def share_audio(self, channels: int, block_size: int) -> SharedAudio:
        """Make the memory for audio; once."""
        return SharedAudio(self._audio_descriptor, channels, block_size, create=True)

    def play(self) -> None:
        """Have the blocks in the shared memory processed; errors as `ask`."""
        self._send(HEADER.pack(0, 0))
        self._answer(self._answer_seconds)

    def _send(self, data: bytes) -> None:
        if not self._end.alive:
            raise WorkerCrashedError("its worker process was ended")
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._to, view) :]
        except BrokenPipeError:
            raise WorkerCrashedError(self._epitaph()) from None
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
            left = limit - time.monotonic()
            if left <= 0 or not self._poll.poll(left * 1000):
                self.close()
                raise WorkerTimedOutError(f"gave no answer within {seconds:g} s and was ended")
            part = os.read(self._from, count - len(data))
            if not part:
                raise WorkerCrashedError(self._epitaph())
            data = data + part if data else part
        return data

    def _epitaph(self) -> str:
        """End the worker and say how it died."""
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            code = 0
        self.close()
        if code < 0:
            return f"crashed ({signal.Signals(-code).name})"
        return f"ended its process with exit code {code}"


def _end(process: subprocess.Popen[bytes], lifeline: int, audio_descriptor: int) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    os.close(lifeline)
    os.close(audio_descriptor)
