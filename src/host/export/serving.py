"""The engine's loop: what the shell wants next, done in the order of the recording's samples."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, Self

import numpy as np

from ...audio.arrays import Audio
from ...audio.framing import Fifo
from ...errors import AudioValueError, PresetError, WavemendError
from ..presets.preset import load_preset
from .controls import LEARN
from .manifest import MANIFEST_NAME, PRESET_NAME, Promised, read_manifest
from .messages import CURVE, LEARNED, READY, STATE, Message, Messages
from .rack import Rack
from .session import Ear, Session
from .shared_memory import OFFLINE, RINGS_AT, VERSION, Epoch, Event, SharedMemory
from .state import NOTHING, Learned, learned_bytes, noise_curve, read_learned
from .transport import Transport
from .warming import warm_up

_MOST_AT_ONCE = 8192  # guard: samples between two words to the shell, however far behind the engine is
_THINKING_S = 0.2  # guard: how late it is seen that stages have come to an end with what they heard
# source: the shell's transport
_IS_READY, _IS_LEARNING, _NEEDS, _RESTARTS, _FAULT = 1, 2, 4, 8, 16


class Server:
    """The loop.

    Parameters
    ----------
    memory, messages
        To the shell.
    rack
        What runs.
    promised
        What the bundle says of it to hosts.
    """

    def __init__(self, memory: SharedMemory, messages: Messages, rack: Rack, promised: Promised) -> None:
        self._memory, self._messages, self._rack, self._promised = memory, messages, rack, promised
        self._ear = Ear()
        self._session: Session | None = None
        self._epoch: Epoch | None = None
        self._events: list[Event] = []
        self._run = self._events_seen = self._events_read = 0
        self._read = self._produced = 0
        self._ready = Fifo(1)
        self._began = False
        self._state = 0
        self._told: tuple[int, float] = (-1, -1.0)

    @classmethod
    def open(cls, transport: Transport, messages: Messages, resources: Path) -> Self:
        """Open the memory, and have everything run once.

        Raises
        ------
        WavemendError
            The bundle is not one that this wavemend runs.
        """
        first = (
            messages.receive()
        )  # what is not read when a socket is closed costs the other side our last words
        shared = SharedMemory(transport)
        chain = load_preset(resources / PRESET_NAME).chain
        promised = read_manifest(resources / MANIFEST_NAME)
        server = cls(shared, messages, Rack(chain), promised)
        server._take_state(first)
        warm_up(chain, min(promised.held_back))
        return server

    def serve(self, again: bool, begun: Callable[[], None]) -> NoReturn:
        """Say that the engine is ready and do what the shell wants, until it is gone.

        Parameters
        ----------
        again
            In place of a process that was killed: the shell then sends the latest state once more.
        begun
            Called when it is ready.
        """
        if again:
            if self._messages.torn:  # neither side would know where the next message begins
                sys.exit("it was killed in the midst of a message; another engine has to be started")
            self._state = (self._state - 1) % 2**32
            self._memory.run(0)
        self._run = self._memory.epoch  # one from before is not gone on with: the shell wants another
        self._messages.send(READY, struct.pack("<II", VERSION, RINGS_AT))
        begun()
        self._tell_status()
        while True:
            bell = self._memory.doorbell
            if self._memory.epoch != self._run:
                self._begin()
            busy = self._session is not None and self._advance(self._session)
            if self._tell_status() or busy:
                self._memory.ring()
            if not busy:
                thinking = self._ear.listening is not None and self._ear.listening.thinking
                self._memory.wait(bell, _THINKING_S if thinking else None)

    # -- a run from a reset to the next --------------------------------------------------------------

    def _begin(self) -> None:
        """Begin the run that is wanted."""
        epoch, values = self._memory.wanted()
        if self._session is not None and self._epoch is not None:
            self._hear_out(self._session, self._epoch, epoch)
        self._epoch, self._session, self._run = epoch, None, epoch.number
        self._events, self._events_seen = [], epoch.event_first
        self._events_read = epoch.event_first
        self._read = self._produced = epoch.origin
        self._ready = Fifo(epoch.channels)
        self._began = False
        try:
            self._receive_state(epoch.state_wanted)
            self._session = self._opened(epoch, values)
        except WavemendError as error:
            self._messages.say(str(error))
        self._memory.publish(read=self._read, produced=self._produced, events_read=self._events_read)
        self._tell_status()
        self._memory.run(epoch.number)
        self._memory.ring()

    def _hear_out(self, session: Session, ended: Epoch, following: Epoch) -> None:
        """Do what is left of a run that has ended, but for its sound: what is learned is all that was played.

        A host that is given its sound late never waits for the engine to read a run's last samples.
        """
        left = (following.event_first - self._events_seen) % 2**32
        self._events += self._memory.events(self._events_seen)[:left]
        for event in self._events:
            self._hear_until(session, min(event.position, following.origin))
            self._do(session, event, wait=ended.mode == OFFLINE)
        self._hear_until(session, following.origin)

    def _hear_until(self, session: Session, position: int) -> None:
        while session.listening and self._read < position:
            stop = min(position, self._read + _MOST_AT_ONCE)
            audio = self._memory.input(self._read, stop, self._ready_channels)
            if self._memory.overtaken(self._read):
                return
            session.hear(self._from_its_beginning(audio))
            self._read = stop
        self._read = max(self._read, position)

    def _opened(self, epoch: Epoch, values: list[float]) -> Session:
        learn = False
        for number, place in zip(self._promised.parameters, values, strict=True):
            if number == LEARN:
                learn = place >= 0.5
            elif number in self._rack.controls:
                self._rack.move(self._rack.controls[number], place)
        rate = epoch.sample_rate
        if rate not in self._promised.held_back:
            raise AudioValueError(f"{rate:g} Hz is no sample rate that the effect was made for")
        held_back = self._promised.held_back[int(rate)]
        session = Session(
            self._rack, self._ear, rate, epoch.channels, held_back=held_back, tell=self._messages.say
        )
        session.learn(learn)
        return session

    def _advance(self, session: Session) -> bool:
        """Process what there is; return whether there was anything."""
        memory, read = self._memory, self._read
        written = memory.written()
        new = memory.events(self._events_seen)
        self._events += new
        self._events_seen = (self._events_seen + len(new)) % 2**32
        offline = memory.mode == OFFLINE
        try:
            self._obey(session, offline)
            self._learn(session, wait=offline)
            stop = min(written, read + _MOST_AT_ONCE, *(event.position for event in self._events[:1]))
            if stop > read:
                audio = memory.input(read, stop, self._ready_channels)
                if memory.overtaken(read):
                    return False
                audio = self._from_its_beginning(audio)
                if audio.shape[1]:
                    self._ready.push(session.step(audio, strict=offline))
                self._read = stop
        except WavemendError as error:
            self._session = None
            self._messages.say(str(error))
            return True
        given = self._give()
        progressed = bool(given or new or self._read > read)
        if progressed:
            self._tell_status()  # whoever sees the samples sees how it was with the last of them
            memory.publish(read=self._read, produced=self._produced, events_read=self._events_read)
        return progressed

    def _from_its_beginning(self, audio: Audio) -> Audio:
        """Return what of the next samples lies behind the digital silence that a run may begin with.

        Hosts play some before a recording: as much as they delay elsewhere, and up to where it lies in their
        session. That passes as it is, so that frames lie on the recording as they do where it is rendered.
        """
        if self._began:
            return audio
        sounds = np.flatnonzero(audio.any(axis=0))
        quiet = int(sounds[0]) if sounds.size else audio.shape[1]
        self._began = bool(sounds.size)
        self._ready.push(np.zeros((audio.shape[0], quiet)))
        return audio[:, quiet:]

    @property
    def _ready_channels(self) -> int:
        return self._epoch.channels if self._epoch else 1

    def _give(self) -> int:
        """Write what is ready, as far as there is room; return how much."""
        count = max(min(len(self._ready), self._memory.room(self._produced)), 0)
        if count:
            self._memory.output(self._produced, self._ready.pop(count))
            self._produced += count
        return count

    # -- events --------------------------------------------------------------------------------------

    def _obey(self, session: Session, offline: bool) -> None:
        """Do what is in force from the next sample on."""
        while self._events and self._events[0].position <= self._read:
            event = self._events.pop(0)
            self._events_read = (self._events_read + 1) % 2**32
            self._do(session, event, wait=offline)

    def _do(self, session: Session, event: Event, *, wait: bool) -> None:
        """Do what an event says; one of a parameter that is not known here says nothing."""
        if event.kind == 1:
            self._receive_state(event.place)
            session.take(self._rack.learned)
        elif event.place < len(self._promised.parameters):
            number = self._promised.parameters[event.place]
            if number != LEARN:
                session.move(number, event.value)
                return
            session.learn(event.value >= 0.5)
            self._learn(session, wait=wait)

    def _learn(self, session: Session, *, wait: bool) -> None:
        """Send on what was learned, where something was; show signs of life meanwhile."""
        learned = session.listen(wait_s=_THINKING_S if wait else 0)
        while wait and session.thinking:
            self._memory.ring()
            learned = session.listen(wait_s=_THINKING_S)
        if learned is not None:
            self._messages.send(LEARNED, learned_bytes(self._rack.chain, learned), self._state)
            self._send_curve(learned)

    def _receive_state(self, wanted: int) -> None:
        """Wait until the state of that number has come."""
        while 0 < (wanted - self._state) % 2**32 < 2**31:
            self._take_state(self._messages.receive())

    def _take_state(self, message: Message) -> None:
        if message.kind != STATE:
            return
        self._state = message.number
        self._ear.forget_thoughts()
        try:
            learned = read_learned(self._rack.chain, message.payload)
        except PresetError as error:
            learned = NOTHING
            self._messages.say(str(error))
        self._rack.take(learned)
        self._send_curve(learned)

    def _send_curve(self, learned: Learned) -> None:
        self._messages.send(CURVE, noise_curve(learned).astype("<f4").tobytes())

    # -- how it is -----------------------------------------------------------------------------------

    def _tell_status(self) -> bool:
        """Say how it is; return whether that is news."""
        status, session = _IS_READY, self._session
        if session is None:
            status |= _FAULT if self._epoch else 0
        else:
            status |= _IS_LEARNING if session.learning else 0
            status |= _NEEDS if session.needs else 0
            status |= _RESTARTS if session.restarting else 0
        listening = self._ear.listening
        seconds = round(listening.seconds if listening else self._rack.learned.seconds, 1)
        if (status, seconds) == self._told:
            return False
        self._told = status, seconds
        held_back = self._promised.held_back.get(int(self._epoch.sample_rate), 0) if self._epoch else 0
        self._memory.tell(status, seconds, held_back)
        return True
