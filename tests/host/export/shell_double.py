"""A shell in Python: the other end of an engine's memory and socket, as a host that waits for every block.

It knows the layout from the contract alone, and shares no code with the engine.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import platform
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .bundles import living

RINGS_AT = 65_536
EPOCH = struct.Struct("<IIdQIIII")
EVENT = struct.Struct("<QIId")
READY, LEARNING, NEEDS, RESTARTS, FAULT = 1, 2, 4, 8, 16
STATE, LEARNED, TEXT, CURVE, SAYS_READY = 1, 16, 17, 18, 19
_SECONDS = 60.0


class EngineGoneError(Exception):
    """The engine ended."""


class Shell:
    """One engine and everything that it is told."""

    def __init__(self, resources: Path, capacity: int = 1 << 18) -> None:
        manifest = [line.split("\t") for line in (resources / "manifest.tsv").read_text().splitlines()]
        self.numbers = [int(line[1]) for line in manifest if line[0] == "parameter"]
        self.titles = {
            line[5]: place for place, line in enumerate(p for p in manifest if p[0] == "parameter")
        }
        self.defaults = [float(line[10]) for line in manifest if line[0] == "parameter"]
        self.delays = {int(line[1]): int(line[2]) for line in manifest if line[0] == "latency"}
        self.capacity = capacity
        memory = os.memfd_create("double", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
        size = RINGS_AT + 2 * 2 * capacity * 4
        os.ftruncate(memory, size)
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
        self._map = mmap.mmap(memory, size)
        struct.pack_into("<IIQQII", self._map, 0, 0x31584D57, 1, size, capacity, len(self.numbers), 2048)
        rings = np.frombuffer(self._map, "<f4", offset=RINGS_AT).reshape(2, 2, capacity)
        self._input, self._output = rings
        self._futex = ctypes.CDLL(None).syscall
        self._address = np.frombuffer(self._map, np.uint8).ctypes.data
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(_SECONDS)
        lifeline, self.lifeline = os.pipe()
        words = [sys.executable, "-P", "-m", "wavemend.host.export.engine", memory, theirs.fileno(), lifeline]
        self.process = subprocess.Popen(
            [*map(str, words), str(resources)],
            pass_fds=(memory, theirs.fileno(), lifeline),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        os.close(lifeline)
        os.close(memory)
        self.said: list[str] = []
        self.learned, self.learned_number = b"", 0
        self.curve = b""
        self._unread = b""
        self._states = 0
        self._epoch = self._events = self._position = 0
        self.send_state(b"")

    # -- messages ----------------------------------------------------------------------------------

    def send_state(self, opaque: bytes) -> int:
        self._states += 1
        self.socket.sendall(struct.pack("<IIII", STATE, self._states, len(opaque), 0) + opaque)
        return self._states

    def hear(self, wanted: int) -> bytes:
        """Read messages up to one of the kind that is wanted."""
        while True:
            kind, number, size, _ = struct.unpack("<IIII", self._receive(16))
            payload = self._receive(size)
            if kind == TEXT:
                self.said.append(payload.decode())
            elif kind == LEARNED:
                self.learned, self.learned_number = payload, number
            elif kind == CURVE:
                self.curve = payload
            if kind == wanted:
                return payload

    def _receive(self, count: int) -> bytes:
        while len(self._unread) < count:
            part = self.socket.recv(65_536)
            if not part:
                raise EngineGoneError(self.process.wait(_SECONDS))
            self._unread += part
        data, self._unread = self._unread[:count], self._unread[count:]
        return data

    def _fetch(self) -> None:
        """Take what was sent off the line, as a shell does all the time: the engine waits for nobody long."""
        while select.select([self.socket], [], [], 0)[0]:
            part = self.socket.recv(65_536)
            if not part:
                return
            self._unread += part

    def drain(self) -> None:
        """Read what was said already."""
        self.socket.settimeout(0.2)
        try:
            while True:
                self.hear(-1)
        except TimeoutError:
            self.socket.settimeout(_SECONDS)

    # -- sound -------------------------------------------------------------------------------------

    def begin(
        self,
        rate: int,
        channels: int,
        values: dict[str, float] | None = None,
        *,
        origin: int = 0,
        mode: int = 2,
    ) -> None:
        """Have a run begin, and wait until it has."""
        places = list(self.defaults)
        for title, place in (values or {}).items():
            places[self.titles[title]] = place
        struct.pack_into(f"<{len(places)}d", self._map, 1024, *places)
        self._epoch += 1
        self._position, self.channels, self.latency = origin, channels, self.delays[rate]
        self._origin = origin
        self._put("<Q", 192, origin)
        self._put("<Q", 256, origin)
        fields = (channels, float(rate), origin, self._states, mode, self._events, 8192)
        struct.pack_into(EPOCH.format[0] + EPOCH.format[2:], self._map, 132, *fields)
        self._put("<I", 128, self._epoch)
        self.ring()
        self._until(lambda: self._get("<I", 448) == self._epoch)

    def play(self, block: Any, values: dict[str, float] | None = None, state: int | None = None) -> Any:
        """Give a block of shape (channels, n); return what a host hears: the same number, delayed."""
        start, stop = self._position, self._position + block.shape[1]
        self.leave(block, values, state)
        self._until(lambda: self._heard(stop) or self.status & FAULT)
        if self.status & FAULT:
            raise EngineGoneError("fault")
        out = np.zeros(block.shape, np.float32)
        for at in range(start, stop):
            if at - self.latency >= self._origin:
                out[:, at - start] = self._output[: self.channels, (at - self.latency) % self.capacity]
        self._put("<Q", 256, max(self._origin, stop - self.latency))
        self.ring()
        return out

    def _heard(self, stop: int) -> bool:
        """Whether all that was given up to sample `stop` was read, and its sound is there."""
        produced, read = self._get("<Q", 576), self._get("<Q", 512)
        return produced >= stop - self.latency and read >= stop and self._get("<I", 640) == self._events

    def leave(self, block: Any, values: dict[str, float] | None = None, state: int | None = None) -> None:
        """Give a block and wait for nothing."""
        start, stop = self._position, self._position + block.shape[1]
        if state is not None:
            self._event(start, 1, state, 0.0)
        for title, place in (values or {}).items():
            self._event(start, 0, self.titles[title], place)
        for at in range(start, stop):
            self._input[: self.channels, at % self.capacity] = block[:, at - start]
        self._position = stop
        self._put("<Q", 192, stop)
        self.ring()

    @property
    def state_number(self) -> int:
        """Of the state that was sent last."""
        return self._states

    @property
    def position(self) -> int:
        """How many samples were given."""
        return self._position

    @property
    def status(self) -> int:
        return int(self._get("<I", 452))

    @property
    def learned_s(self) -> float:
        return float(self._get("<f", 456))

    def _event(self, position: int, kind: int, index: int, value: float) -> None:
        EVENT.pack_into(self._map, 8192 + EVENT.size * (self._events % 2048), position, kind, index, value)
        self._events += 1
        self._put("<I", 320, self._events)

    def _put(self, form: str, at: int, value: int) -> None:
        struct.pack_into(form, self._map, at, value)

    def _get(self, form: str, at: int) -> Any:
        return struct.unpack_from(form, self._map, at)[0]

    def ring(self) -> None:
        self._put("<I", 64, self._get("<I", 64) + 1)
        call = {"x86_64": 202}.get(platform.machine(), 98)
        self._futex(call, ctypes.c_void_p(self._address + 64), 1, 1, None, None, 0)

    def _until(self, done: Any) -> None:
        ends = time.monotonic() + _SECONDS
        while not done():
            self._fetch()
            if self.process.poll() is not None and not self.members():
                raise EngineGoneError(self.process.returncode)
            assert time.monotonic() < ends, "the engine hangs"
            time.sleep(0.0002)

    def members(self) -> dict[int, int]:
        """Return the engine's processes that live, and the parent of each."""
        return living(self.process.pid)

    def roles(self) -> tuple[int, list[int]]:
        """Wait until the engine is all there; return its keeper, and what that forked: worker and standby."""
        while True:
            self._until(lambda: len(self.members()) == 3)
            members = self.members()
            for keeper in members:
                forked = [copy for copy, parent in members.items() if parent == keeper]
                if len(forked) == 2:
                    return keeper, forked

    def kill(self, member: int) -> None:
        """Kill one of the engine's processes, and wait until it is gone."""
        os.kill(member, signal.SIGKILL)
        self._until(lambda: member not in self.members())

    def close(self) -> int:
        """Hang up, and wait for the engine's end."""
        if self.lifeline >= 0:
            os.close(self.lifeline)
            self.lifeline = -1
        code = self.process.wait(_SECONDS)
        self.socket.close()
        return code


def blocks_of(audio: Any, sizes: list[int]) -> Iterator[Any]:
    """Cut a recording into blocks of these sizes, over and over."""
    start = number = 0
    while start < audio.shape[1]:
        size = sizes[number % len(sizes)]
        yield audio[:, start : start + size]
        start, number = start + size, number + 1
