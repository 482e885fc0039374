"""The engine's end on Windows, with a kernel of ours: as much of it as can be run on another system."""

from __future__ import annotations

import ctypes
import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest

PENDING, BROKEN, TIMED_OUT = 997, 109, 0x102
SECTION, DOORBELL, ANSWER, PIPE = 10, 20, 30, 40
BYTES = 1 << 17


DOES = {
    "MapViewOfFile": "map_view",
    "VirtualQuery": "query",
    "WaitForSingleObject": "wait",
    "ReadFile": "read",
    "WriteFile": "write",
    "GetOverlappedResult": "result",
}


class Kernel:
    """Does what Windows documents of the functions that are called, for one pipe."""

    def __init__(self) -> None:
        self.memory = ctypes.create_string_buffer(BYTES)
        self.error = 0
        self.calls: list[tuple[str, Any]] = []
        self.coming: list[bytes] = []
        self.sent: list[bytes] = []
        self.gone = self.silent = False
        self._went = 0

    def __getattr__(self, name: str) -> Any:
        """Return a function that notes its call, and then does what is known of it."""

        def function(*arguments: Any) -> Any:
            self.calls.append((name, arguments))
            return getattr(self, DOES[name])(*arguments) if name in DOES else 1

        self.__dict__[name] = function
        return function

    def map_view(self, section: int, *_: Any) -> int:
        assert section == SECTION
        return ctypes.addressof(self.memory)

    def query(self, address: int, told: Any, size: int) -> int:
        assert (address, size) == (ctypes.addressof(self.memory), 48)
        told._obj.size = BYTES
        return size

    def wait(self, handle: int, milliseconds: int) -> int:
        return TIMED_OUT if self.silent and milliseconds else 0

    def read(self, pipe: int, data: Any, count: int, went: None, under_way: Any) -> int:
        assert (pipe, went, ctypes.sizeof(under_way._obj)) == (PIPE, None, 32)
        piece = self.coming.pop(0)[:count] if self.coming else b""
        ctypes.memmove(data, piece, len(piece))
        return self._begin(len(piece))

    def write(self, pipe: int, data: Any, count: int, went: None, under_way: Any) -> int:
        if not self.gone:
            self.sent.append(data.raw[:count])
        return self._begin(count)

    def _begin(self, count: int) -> int:
        self._went, self.error = count, BROKEN if self.gone else PENDING
        return 0

    def result(self, pipe: int, under_way: Any, went: Any, wait: bool) -> bool:
        self.error = 995 if self.silent else BROKEN  # ERROR_OPERATION_ABORTED
        went._obj.value = self._went
        return not self.silent and self._went > 0


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    """Have the module find a kernel of ours."""
    made = Kernel()
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "WinDLL", lambda name, **_: made, raising=False)
    monkeypatch.setattr(ctypes, "get_last_error", lambda: made.error, raising=False)
    monkeypatch.setattr(ctypes, "WinError", lambda code: OSError(code, "it failed"), raising=False)
    name = "wavemend.host.export.transport_windows"
    monkeypatch.delitem(sys.modules, name, raising=False)
    yield made
    sys.modules.pop(name, None)


@pytest.fixture
def end(kernel: Kernel) -> Any:
    """Return the engine's end."""
    module = importlib.import_module("wavemend.host.export.transport_windows")
    return module.WindowsTransport([str(number) for number in (SECTION, DOORBELL, ANSWER, PIPE)])


def test_the_memory_is_the_sections_and_all_of_it(end: Any, kernel: Kernel) -> None:
    end.memory[7:8] = b"x"
    assert len(end.memory) == BYTES
    assert kernel.memory.raw[7:8] == b"x"


def test_bells_are_events(end: Any, kernel: Kernel) -> None:
    kernel.calls.clear()
    end.wake_shell()
    end.wait(5, None)
    end.wait(5, 0.2)
    assert kernel.calls == [
        ("SetEvent", (ANSWER,)),
        ("WaitForSingleObject", (DOORBELL, 0xFFFFFFFF)),
        ("WaitForSingleObject", (DOORBELL, 200)),
    ]


def test_what_is_long_goes_in_pieces(end: Any, kernel: Kernel) -> None:
    data = bytes(range(256)) * 800
    end.send(data)
    assert b"".join(kernel.sent) == data
    assert max(map(len, kernel.sent)) == 1 << 16


def test_bytes_come_as_they_are_there(end: Any, kernel: Kernel) -> None:
    kernel.coming = [b"abc", b"defgh"]
    assert end.receive(100) == b"abc"
    assert end.receive(4) == b"defg"


def test_a_shell_that_is_gone_is_the_end(end: Any, kernel: Kernel) -> None:
    kernel.gone = True
    assert end.receive(16) == b""
    with pytest.raises(EOFError):
        end.send(b"last words")


def test_a_shell_that_says_nothing_is_waited_for_and_the_reading_called_off(end: Any, kernel: Kernel) -> None:
    kernel.silent = True
    with pytest.raises(TimeoutError):
        end.receive(16)
    assert "CancelIoEx" in [name for name, _ in kernel.calls]


def test_another_fault_is_an_error(end: Any, kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "read", lambda *_: 0)
    kernel.error = 6  # ERROR_INVALID_HANDLE
    with pytest.raises(OSError, match="it failed"):
        end.receive(16)
