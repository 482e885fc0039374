"""The memory that an effect's shell and its engine share: rings of sound by sample, and counters.

Each side writes its own counters and reads the other's; after any change it adds one to its bell and wakes
who waits at it. The layout is that of ``layout.hpp`` in the shell.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from ...audio.arrays import Audio
from ...errors import PluginError
from .transport import ANSWER_AT, DOORBELL_AT, Transport

MAGIC, VERSION = 0x31584D57, 1  # source: the shell's transport, "WMX1"
CHANNELS = 2  # source: the shell's transport
# derived: the layout of the shell's transport, in bytes
RINGS_AT = 65_536
_VALUES_AT, _EVENTS_AT, _MOST_VALUES = 1024, 8192, 512
_EPOCH, _WRITTEN, _TAKEN, _EVENTS_WRITTEN = 128, 192, 256, 320
_RUNNING, _READ, _PRODUCED, _EVENTS_READ = 448, 512, 576, 640
_HEAD, _EPOCH_FIELDS = struct.Struct("<IIQQII"), struct.Struct("<IIdQIIII")

OFFLINE = 2  # source: VST 3's ProcessModes, kOffline

_EVENT = np.dtype([("position", "<u8"), ("kind", "<u4"), ("index", "<u4"), ("value", "<f8")])


class Epoch(NamedTuple):
    """What a run from a reset to the next is to be."""

    number: int
    channels: int
    sample_rate: float
    origin: int
    state_wanted: int
    mode: int
    event_first: int
    max_block: int


class Event(NamedTuple):
    """Something that is in force from a sample on: of kind 0 a parameter's place, of kind 1 a state."""

    position: int
    kind: int
    place: int
    value: float


class SharedMemory:
    """The engine's side of the memory.

    Parameters
    ----------
    transport
        To the shell, with memory of a fixed size.

    Attributes
    ----------
    parameters
        Number of parameters that the shell has.
    wait
        Wait until the shell's bell is another than this, or so many seconds have passed.

    Raises
    ------
    PluginError
        It is not of this version.
    """

    def __init__(self, transport: Transport) -> None:
        self._memory = transport.memory
        view = np.frombuffer(self._memory, np.uint8)
        magic, version, size, capacity, self.parameters, self._most_events = _HEAD.unpack_from(self._memory)
        if (magic, version, size) != (MAGIC, VERSION, view.size):
            raise PluginError("the effect and wavemend are of different versions; export it again")
        self._capacity = capacity
        self._words, self._counts = view.view("<u4"), view.view("<u8")
        self._events = view[_EVENTS_AT:][: self._most_events * _EVENT.itemsize].view(_EVENT)
        self._values = view[_VALUES_AT:][: 8 * _MOST_VALUES].view("<f8")
        rings = view[RINGS_AT:].view("<f4").reshape(2, CHANNELS, capacity)
        self._input, self._output = rings
        self._fence, self._wake_shell = transport.fence, transport.wake_shell
        self.wait = transport.wait

    # -- what the shell says -----------------------------------------------------------------------

    @property
    def doorbell(self) -> int:
        """Its bell: another number after every change."""
        bell = int(self._words[DOORBELL_AT // 4])
        self._fence()
        return bell

    @property
    def epoch(self) -> int:
        """Number of the run that is wanted."""
        return int(self._words[_EPOCH // 4])

    @property
    def mode(self) -> int:
        """How the host plays now."""
        return int(self._words[(_EPOCH + 28) // 4])

    def wanted(self) -> tuple[Epoch, list[float]]:
        """Return the run that is wanted, and the place of each parameter that it begins with."""
        while True:
            epoch = Epoch(*_EPOCH_FIELDS.unpack_from(self._memory, _EPOCH))
            values = self._values[: self.parameters].tolist()
            self._fence()
            if epoch.number == self.epoch:
                return epoch, values

    def written(self) -> int:
        """Return up to which sample there is input."""
        count = int(self._counts[_WRITTEN // 8])
        self._fence()
        return count

    def events(self, first: int) -> list[Event]:
        """Return the events from number `first` on."""
        count = (int(self._words[_EVENTS_WRITTEN // 4]) - first) % 2**32
        self._fence()
        places = (first + np.arange(count)) % self._most_events
        return [Event(*self._events[place].item()) for place in places.tolist()] if count else []

    def input(self, start: int, stop: int, channels: int) -> Audio:
        """Copy samples from `start` to `stop`, shape (channels, stop - start)."""
        at, count = start % self._capacity, stop - start
        ring = self._input[:channels]
        first = min(count, self._capacity - at)
        audio = np.empty((channels, count))
        audio[:, :first] = ring[:, at : at + first]
        audio[:, first:] = ring[:, : count - first]
        return audio

    def overtaken(self, start: int) -> bool:
        """Whether the shell has written over sample `start` by now."""
        self._fence()  # what was copied was read before
        return bool(self.written() - start > self._capacity)

    # -- what the engine says ----------------------------------------------------------------------

    def room(self, produced: int) -> int:
        """Return how many samples fit behind those that were produced."""
        return int(self._counts[_TAKEN // 8]) + int(self._capacity) - produced

    def output(self, start: int, audio: Audio) -> None:
        """Write samples from `start` on, shape (channels, n)."""
        at, count = start % self._capacity, audio.shape[1]
        ring = self._output[: audio.shape[0]]
        first = min(count, self._capacity - at)
        ring[:, at : at + first] = audio[:, :first]
        ring[:, : count - first] = audio[:, first:]

    def publish(self, *, read: int, produced: int, events_read: int) -> None:
        """Say how far everything has come; `ring` tells the shell to look."""
        self._fence()
        self._counts[_PRODUCED // 8] = produced
        self._counts[_READ // 8] = read
        self._words[_EVENTS_READ // 4] = events_read

    def run(self, epoch: int) -> None:
        """Say that a run has begun, its counters being there."""
        self._fence()
        self._words[_RUNNING // 4] = epoch

    def tell(self, status: int, learned_s: float, held_back: int) -> None:
        """Say how it is."""
        struct.pack_into("<IfI", self._memory, _RUNNING + 4, status, learned_s, held_back)

    def ring(self) -> None:
        """Wake the shell."""
        self._fence()
        self._words[ANSWER_AT // 4] += np.uint32(1)
        self._wake_shell()
