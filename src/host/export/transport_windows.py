"""An engine's end on Windows: a section of memory, two events to wait at, a pipe.

The job that the shell has put this process in ends it with its host, however that ends.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence
from ctypes import wintypes
from typing import Any, NoReturn

from .transport import ANSWER_S, Work

if sys.platform != "win32":
    raise ImportError("Windows alone has what this calls")

_READ_AND_WRITE = 6  # source: memoryapi.h, FILE_MAP_READ | FILE_MAP_WRITE
_FOREVER, _TIMED_OUT = 0xFFFFFFFF, 0x102  # source: winbase.h, INFINITE and WAIT_TIMEOUT
_PENDING = 997  # source: winerror.h, ERROR_IO_PENDING
# source: winerror.h, ERROR_BROKEN_PIPE, ERROR_NO_DATA and ERROR_PIPE_NOT_CONNECTED
_GONE = {109, 232, 233}
_MOST_AT_ONCE = 1 << 16  # source: the shell's transport, the pipe's buffers
_HIGHEST = 2  # source: winbase.h, THREAD_PRIORITY_HIGHEST: hosts wait for this thread within a block's time
_POWER_THROTTLING = 4  # source: processthreadsapi.h, ProcessPowerThrottling


class _Memory(ctypes.Structure):
    """``MEMORY_BASIC_INFORMATION``."""

    _fields_ = (
        ("base", ctypes.c_void_p), ("allocation", ctypes.c_void_p), ("allocated_for", ctypes.c_uint32),
        ("partition", ctypes.c_uint16), ("size", ctypes.c_size_t), ("state", ctypes.c_uint32),
        ("protection", ctypes.c_uint32), ("kind", ctypes.c_uint32),
    )  # fmt: skip


class _Overlapped(ctypes.Structure):
    """``OVERLAPPED``."""

    _fields_ = (
        ("status", ctypes.c_size_t), ("bytes", ctypes.c_size_t), ("low", ctypes.c_uint32),
        ("high", ctypes.c_uint32), ("event", wintypes.HANDLE),
    )  # fmt: skip


class _Throttling(ctypes.Structure):
    """``PROCESS_POWER_THROTTLING_STATE``."""

    _fields_ = (("version", ctypes.c_uint32), ("controlled", ctypes.c_uint32), ("on", ctypes.c_uint32))


def _kernel() -> Any:
    """Return the functions of Windows that are called here, with their types."""
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    handle, pointer, number, flag = wintypes.HANDLE, ctypes.c_void_p, wintypes.DWORD, wintypes.BOOL
    of_file = [handle, pointer, number, pointer, pointer]
    types: dict[str, tuple[type, Sequence[type]]] = {
        "MapViewOfFile": (pointer, [handle, number, number, number, ctypes.c_size_t]),
        "VirtualQuery": (ctypes.c_size_t, [pointer, pointer, ctypes.c_size_t]),
        "SetEvent": (flag, [handle]),
        "WaitForSingleObject": (number, [handle, number]),
        "CreateEventW": (handle, [pointer, flag, flag, pointer]),
        "ReadFile": (flag, of_file),
        "WriteFile": (flag, of_file),
        "GetOverlappedResult": (flag, [handle, pointer, pointer, flag]),
        "CancelIoEx": (flag, [handle, pointer]),
        "GetCurrentThread": (handle, []),
        "GetCurrentProcess": (handle, []),
        "SetThreadPriority": (flag, [handle, ctypes.c_int]),
        "SetProcessInformation": (flag, [handle, ctypes.c_int, pointer, number]),
    }
    for name, (result, arguments) in types.items():
        function = getattr(kernel, name)
        function.restype, function.argtypes = result, arguments
    return kernel


class WindowsTransport:
    """The end of handles that the shell has let this process inherit.

    Parameters
    ----------
    words
        Numbers of the section, the engine's event, the shell's event and the pipe.

    Attributes
    ----------
    memory
        What both share.
    """

    def __init__(self, words: Sequence[str]) -> None:
        section, self._doorbell, self._answer, self._pipe = map(int, words)
        self._kernel = kernel = _kernel()
        address = kernel.MapViewOfFile(section, _READ_AND_WRITE, 0, 0, 0)
        mapped = _Memory()
        if not address or not kernel.VirtualQuery(address, ctypes.byref(mapped), ctypes.sizeof(mapped)):
            raise ctypes.WinError(ctypes.get_last_error())
        self.memory = memoryview((ctypes.c_ubyte * mapped.size).from_address(address)).cast("B")
        self._set, self._wait = kernel.SetEvent, kernel.WaitForSingleObject
        self._done = kernel.CreateEventW(None, True, False, None)
        kernel.SetThreadPriority(kernel.GetCurrentThread(), _HIGHEST)
        # Not to be slowed down, nor woken late, as a process without a window else may; before 1709 none is.
        never = _Throttling(1, 1 | 4, 0)
        kernel.SetProcessInformation(
            kernel.GetCurrentProcess(), _POWER_THROTTLING, ctypes.byref(never), ctypes.sizeof(never)
        )

    def wake_shell(self) -> None:
        """Wake the shell, whose bell was rung."""
        self._set(self._answer)

    def wait(self, bell: int, seconds: float | None) -> None:
        """Wait until the engine's bell is not `bell` any more, or the time is over; it may return early.

        The event is set whenever the bell was rung since the last wait: none is missed.
        """
        self._wait(self._doorbell, _FOREVER if seconds is None else int(1000 * seconds))

    def fence(self) -> None:
        """Have what was written before be seen before what is written after; x86 does."""

    def peek(self) -> None:
        """Wait for nothing: no other process could go on in the midst of a message."""

    def receive(self, most: int) -> bytes:
        """Wait for bytes; none where the shell is gone, TimeoutError where none come."""
        data = ctypes.create_string_buffer(min(most, _MOST_AT_ONCE))
        count = self._transfer(self._kernel.ReadFile, data, len(data))
        return data.raw[:count]

    def send(self, data: bytes) -> None:
        """Send all of it; EOFError where the shell is gone."""
        while data:
            piece = data[:_MOST_AT_ONCE]
            count = self._transfer(self._kernel.WriteFile, ctypes.create_string_buffer(piece), len(piece))
            if not count:
                raise EOFError
            data = data[count:]

    def keep_at_work(self, work: Work) -> NoReturn:
        """Do the work here: Windows cannot copy a process that is warm, so that one that dies starts anew."""
        work(False, lambda: None)

    def _transfer(self, call: Callable[..., bool], data: ctypes.Array[ctypes.c_char], count: int) -> int:
        """Read or write; return how many bytes went, 0 where the shell is gone."""
        under_way, went = _Overlapped(event=self._done), wintypes.DWORD()
        here, result = ctypes.byref(under_way), self._kernel.GetOverlappedResult
        begun = call(self._pipe, data, count, None, here) or ctypes.get_last_error() == _PENDING
        late = begun and self._wait(self._done, int(1000 * ANSWER_S)) == _TIMED_OUT
        if late:
            self._kernel.CancelIoEx(self._pipe, here)
        if begun and result(self._pipe, here, ctypes.byref(went), True):  # it may have ended meanwhile
            return went.value
        if late:
            raise TimeoutError
        if ctypes.get_last_error() in _GONE:
            return 0
        raise ctypes.WinError(ctypes.get_last_error())
