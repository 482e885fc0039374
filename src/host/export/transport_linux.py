"""An engine's end on Linux: memory without a name, two words to wait at (``futex``), a socket, a lifeline."""

from __future__ import annotations

import ctypes
import mmap
import platform
import select
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ..processes.lifeline import die_with_the_host, leave_no_core_file
from .keeper import keep_at_work
from .transport import ANSWER_AT, ANSWER_S, DOORBELL_AT, Work

_FUTEX_WAIT, _FUTEX_WAKE = range(2)  # source: linux/futex.h
# source: arch/*/include/uapi/asm/unistd.h
_FUTEX_CALL = {"x86_64": 202, "aarch64": 98}.get(platform.machine(), 98)
# What x86 writes is seen in order. Elsewhere the kernel's full barrier in FUTEX_WAKE has it seen so, which it
# needs to know whether anybody waits.
_ORDERED = platform.machine() == "x86_64"


class _Time(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class LinuxTransport:
    """The end of descriptors that the shell has left open.

    Parameters
    ----------
    words
        Numbers of the memory, the socket and the lifeline.

    Attributes
    ----------
    memory
        What both share.
    """

    def __init__(self, words: Sequence[str]) -> None:
        memory, control, lifeline = map(int, words)
        die_with_the_host(lifeline, spawned_by_main_thread=False)
        ended = select.poll()
        ended.register(lifeline, 0)
        if ended.poll(0):  # before its end could be told of
            sys.exit(0)
        leave_no_core_file()
        shared = mmap.mmap(memory, 0)
        self.memory = memoryview(shared)
        self._socket = socket.socket(fileno=control)
        self._socket.settimeout(ANSWER_S)
        self.keep_at_work: Callable[[Work], NoReturn] = keep_at_work
        address = ctypes.addressof(ctypes.c_char.from_buffer(shared))
        self._answer, self._doorbell = address + ANSWER_AT, address + DOORBELL_AT
        call = ctypes.CDLL(None, use_errno=True).syscall
        call.argtypes = [
            ctypes.c_long, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p,
            ctypes.c_uint32,
        ]  # fmt: skip
        self._call = call

    def wake_shell(self) -> None:
        """Wake the shell, whose bell was rung."""
        self._call(_FUTEX_CALL, self._answer, _FUTEX_WAKE, 1, None, None, 0)

    def wait(self, bell: int, seconds: float | None) -> None:
        """Wait until the engine's bell is not `bell` any more, or the time is over; it may return early."""
        time: Any = None
        if seconds is not None:
            time = ctypes.byref(_Time(int(seconds), int(seconds % 1 * 1e9)))
        self._call(_FUTEX_CALL, self._doorbell, _FUTEX_WAIT, bell, time, None, 0)

    def fence(self) -> None:
        """Have what was written before be seen before what is written after."""
        if not _ORDERED:
            self._call(_FUTEX_CALL, self._answer, _FUTEX_WAKE, 0, None, None, 0)

    def peek(self) -> None:
        """Wait until there are bytes, and leave them there; also until the shell is gone."""
        self._socket.recv(1, socket.MSG_PEEK)

    def receive(self, most: int) -> bytes:
        """Wait for bytes; none where the shell is gone, TimeoutError where none come."""
        return self._socket.recv(most)

    def send(self, data: bytes) -> None:
        """Send all of it; EOFError where the shell is gone."""
        try:
            self._socket.sendall(data)
        except BrokenPipeError:
            raise EOFError from None
