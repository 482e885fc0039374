"""An engine that does little, and faults on purpose: a gain, a delay inside, crashes, hangs, slowness.

Started by the shell as the real one is; what it does stands in its arguments, as ``gain=0.5 hold=100``:

gain, hold    factor; samples held back
crash, hang   position in the stream at which it dies (of a signal), or never answers again
once          a file: crash or hang only where it is not there yet, and make it
slow          seconds that each piece takes
thinks        position at which it thinks for a second, showing signs of life
fault         position at which it says that it cannot go on
again         position at which a copy that knows nothing takes its place
leave         as again, where the process that the shell started is gone too
idle          leave an epoch alone that is there before it is ready
exit          exit code at once, after saying why
states        a file to which the size of each state is added that came
curve, say    what it sends as a noise print, and as text, in hexadecimal, when it begins a stream
learn         index of the parameter that, once on and off again, makes a new opaque state of 5000 bytes
"""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import socket
import struct
import sys
import time
from pathlib import Path

import numpy as np

RINGS = 65536
DOORBELL, EPOCH, WRITTEN, TAKEN, EVENTS_WRITTEN = 64, 128, 192, 256, 320
ANSWER, RUNNING, READ, PRODUCED, EVENTS_READ = 384, 448, 512, 576, 640
EVENT = np.dtype([("position", "<u8"), ("kind", "<u4"), ("index", "<u4"), ("value", "<f8")])
MESSAGE = struct.Struct("<4I")
FIFTY_MS = struct.pack("<qq", 0, 50_000_000)
FUTEX = 202 if os.uname().machine == "x86_64" else 98


class Dummy:
    def __init__(self, memory: int, control: int, does: dict[str, str]) -> None:
        self.map = mmap.mmap(memory, os.fstat(memory).st_size)
        self.base = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        capacity = int(np.frombuffer(self.map, "<u8", 1, 16)[0])
        rings = np.frombuffer(self.map, np.float32, 4 * capacity, RINGS).reshape(2, 2, capacity)
        self.input, self.output = rings
        self.capacity = capacity
        self.words = memoryview(self.map)[:1024].cast("I")
        self.longs = memoryview(self.map)[:1024].cast("Q")
        self.values = np.frombuffer(self.map, "<f8", 512, 1024)
        self.events = np.frombuffer(self.map, EVENT, 2048, 8192)
        self.futex = ctypes.CDLL(None).syscall
        self.futex.argtypes = [
            ctypes.c_long,
            ctypes.c_void_p,
            *[ctypes.c_long] * 2,
            ctypes.c_char_p,
            *[ctypes.c_long] * 2,
        ]
        self.control = socket.socket(fileno=control)
        self.control.setblocking(False)
        self.does = does
        self.faults = [
            what for what in ("crash", "hang", "fault", "again", "leave", "thinks") if what in does
        ]
        self.gain = np.float32(does.get("gain", "1"))
        self.hold = int(does.get("hold", "0"))
        self.heard = b""
        self.state_number = 0
        self.opaque = b""
        self.was_learning = False

    def once(self) -> bool:
        """Whether a fault that happens once is still to come."""
        mark = self.does.get("once")
        if mark is None:
            return True
        if Path(mark).exists():
            return False
        Path(mark).touch()
        return True

    def say(self, kind: int, payload: bytes, number: int = 0) -> None:
        self.control.setblocking(True)
        self.control.sendall(MESSAGE.pack(kind, number, len(payload), 0) + payload)
        self.control.setblocking(False)

    def hear(self) -> None:
        """Take in states; the shell hangs up: end."""
        try:
            while data := self.control.recv(1 << 16):
                self.heard += data
            os._exit(0)
        except BlockingIOError:
            pass
        while len(self.heard) >= MESSAGE.size:
            kind, number, size, _ = MESSAGE.unpack_from(self.heard)
            if len(self.heard) < MESSAGE.size + size:
                break
            if kind == 1:
                self.state_number = number
                self.opaque = self.heard[MESSAGE.size : MESSAGE.size + size]
                if "states" in self.does:
                    with Path(self.does["states"]).open("a") as file:
                        file.write(f"{size} ")
            self.heard = self.heard[MESSAGE.size + size :]

    def answer(self) -> None:
        self.words[ANSWER // 4] = (self.words[ANSWER // 4] + 1) & 0xFFFFFFFF
        self.futex(FUTEX, self.base + ANSWER, 1, 1 << 30, None, 0, 0)

    def wait(self, doorbell: int) -> None:
        self.futex(FUTEX, self.base + DOORBELL, 0, doorbell, FIFTY_MS, 0, 0)

    def run(self) -> None:
        left = self.words[EPOCH // 4] if "idle" in self.does else 0
        self.say(19, struct.pack("<2I", 1, RINGS))
        words, longs = self.words, self.longs
        words[RUNNING // 4 + 1] = 1
        while True:
            doorbell = words[DOORBELL // 4]
            if words[EPOCH // 4] not in (words[RUNNING // 4], left):
                self.begin()
            elif words[RUNNING // 4] and longs[WRITTEN // 8] > longs[READ // 8]:
                self.step()
            else:
                self.wait(doorbell)
                if words[DOORBELL // 4] == doorbell:  # time for more than sound
                    self.hear()

    def begin(self) -> None:
        epoch = self.words[EPOCH // 4]
        wanted = self.words[EPOCH // 4 + 6]
        while (self.state_number - wanted) & 0xFFFFFFFF >= 1 << 31:
            self.hear()
            time.sleep(0.001)
        self.channels = self.words[EPOCH // 4 + 1]
        self.origin = self.longs[EPOCH // 8 + 2]
        self.changes = self.words[EPOCH // 4 + 8]
        self.known = self.values.copy()
        self.words[EVENTS_READ // 4] = self.changes
        self.longs[READ // 8] = self.longs[PRODUCED // 8] = self.origin
        self.words[RUNNING // 4 + 1] = 1
        self.learn()
        for kind, what in ((18, "curve"), (17, "say")):
            if what in self.does:
                self.say(kind, bytes.fromhex(self.does[what]))
        self.words[RUNNING // 4] = epoch
        self.answer()

    def step(self) -> None:
        first, last = self.longs[READ // 8], self.longs[WRITTEN // 8]
        for what in self.faults:
            if last - self.origin > int(self.does[what]) and self.once():
                self.misbehave(what)
                if what in ("again", "leave"):
                    return
        if "slow" in self.does:
            time.sleep(float(self.does["slow"]))
        self.copy(first, last)
        self.longs[READ // 8] = last
        self.longs[PRODUCED // 8] = max(self.origin, last - self.hold)
        self.answer()

    def copy(self, first: int, last: int) -> None:
        """Multiply what may still change; a change of the first parameter is a change of gain."""
        begin = first
        while self.words[EVENTS_WRITTEN // 4] != self.changes:
            event = self.events[self.changes % 2048]
            if int(event["position"]) >= last:
                break
            self.multiply(begin, max(begin, int(event["position"])))
            begin = max(begin, int(event["position"]))
            if event["kind"] == 0:
                self.known[event["index"]] = event["value"]
                self.learn()
            self.changes = (self.changes + 1) & 0xFFFFFFFF
            self.words[EVENTS_READ // 4] = self.changes
        self.multiply(begin, last)

    def learn(self) -> None:
        if "learn" not in self.does:
            return
        learning = self.known[int(self.does["learn"])] >= 0.5
        self.words[RUNNING // 4 + 1] = 3 if learning else 1
        if self.was_learning and not learning:
            self.say(16, b"L" * 5000, self.state_number)
        self.was_learning = learning

    def multiply(self, first: int, last: int) -> None:
        factor = self.gain * np.float32(self.known[0])
        place, many = first % self.capacity, last - first
        for start, stop in ((place, min(place + many, self.capacity)), (0, place + many - self.capacity)):
            if stop > start:
                np.multiply(
                    self.input[: self.channels, start:stop],
                    factor,
                    out=self.output[: self.channels, start:stop],
                )

    def misbehave(self, what: str) -> None:
        if what == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if what == "leave" and os.fork():
            os.kill(os.getpid(), signal.SIGKILL)
        if what in ("again", "leave"):
            self.faults = []
            self.state_number -= 1
            self.opaque = b""
            self.words[RUNNING // 4] = 0
            self.say(19, struct.pack("<2I", 1, RINGS))
            return
        if what == "thinks":
            self.faults = []
            for _ in range(10):
                time.sleep(0.1)
                self.answer()
            return
        if what == "hang":
            time.sleep(3600)
        self.words[RUNNING // 4 + 1] = 17
        self.say(17, "cannot go on: größer als erlaubt".encode())
        self.answer()
        time.sleep(3600)


def main() -> None:
    *given, memory, control, lifeline, folder = sys.argv[1:]
    does = dict(word.split("=", 1) for word in given)
    import fcntl

    fcntl.fcntl(int(lifeline), fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(int(lifeline), fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(int(lifeline), fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    assert (Path(folder) / "manifest.tsv").is_file()
    dummy = Dummy(int(memory), int(control), does)
    if "exit" in does:
        dummy.say(17, b"the stage is gone; export it again")
        os._exit(int(does["exit"]))
    dummy.run()


if __name__ == "__main__":
    main()
