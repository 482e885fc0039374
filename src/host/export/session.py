"""What a bundle does from one reset of its host to the next: plays, follows its parameters, listens.

While the switch *learn* is on, the sound passes as it is and is kept; when it is turned off, the stages
listen to what was kept, and the sound goes on through them. A stage that has to listen lets the sound pass.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ...audio.arrays import Audio
from ...contract.findings import Findings
from ...errors import AudioValueError, WavemendError
from ..chain.chain import Chain
from ..chain.path import Path
from ..chain.sources import Source
from .player import Player
from .rack import LONGEST_S, Rack, new_spool
from .state import Learned

Tell = Callable[[str], None]
"""Called with a line for people; an empty one withdraws the last."""


class Listening:
    """What was heard since the switch was turned on; it may go on over several resets.

    Parameters
    ----------
    sample_rate, channels
        Of the sound.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        self.sample_rate, self.channels = sample_rate, channels
        self._spool = new_spool(channels)
        self._findings: Mapping[Path, Findings] | None = None
        self._error: Exception | None = None
        self._thread: threading.Thread | None = None

    @property
    def seconds(self) -> float:
        """How long it has listened."""
        return self._spool.frames / self.sample_rate

    @property
    def thinking(self) -> bool:
        """Whether the stages are at work on what was heard."""
        return self._thread is not None

    def hear(self, audio: Audio) -> None:
        """Keep the next samples, shape (channels, n); those after `LONGEST_S` are not.

        Where the disk is full it lets go of all and raises `AudioFileError`.
        """
        room = round(LONGEST_S * self.sample_rate) - self._spool.frames
        if room <= 0:
            return
        try:
            self._spool.write(audio[:, :room])
        except WavemendError:
            with self._spool:
                raise

    def conclude(self, rack: Rack) -> None:
        """Have the stages listen, in a thread of their own."""
        self._thread = threading.Thread(target=self._think, args=(rack.listener(),), daemon=True)
        self._thread.start()

    def learned(self, *, wait_s: float) -> Learned | None:
        """Return what was learned; None while that takes longer. Raises `WavemendError` where it failed."""
        if self._thread is None:
            return None
        self._thread.join(wait_s)
        if self._thread.is_alive():
            return None
        if self._error is not None:
            raise self._error
        return Learned(self._findings or {}, self.seconds)

    def _think(self, listen: Callable[[Source, float], Mapping[Path, Findings]]) -> None:
        try:
            with self._spool as heard:
                if not heard.frames:
                    raise AudioValueError("nothing was heard; play the recording while Learn is on")
                self._findings = listen(heard, self.sample_rate)
        except Exception as error:
            self._error = error


@dataclass
class Ear:
    """The one thing that outlives a reset beside the rack: what is being listened to; None: nothing is."""

    listening: Listening | None = None

    def forget_thoughts(self) -> None:
        """Let go of what the stages are still at work on: something newer takes its place."""
        if self.listening is not None and self.listening.thinking:
            self.listening = None


class Session:
    """One run of a bundle.

    Parameters
    ----------
    rack
        The chain, its parameters, what it knows.
    ear
        What is being listened to.
    sample_rate, channels
        Of the sound.
    held_back
        Most samples that may be held back.
    tell
        Takes lines for people.

    Raises
    ------
    WavemendError
        The chain cannot run, or a member failed; so do the methods.

    Attributes
    ----------
    needs
        Whether a stage lets the sound pass because it has to listen first.
    """

    def __init__(
        self, rack: Rack, ear: Ear, sample_rate: float, channels: int, *, held_back: int, tell: Tell
    ) -> None:
        self._rack, self._ear, self._tell = rack, ear, tell
        self._of = sample_rate, channels
        listening = ear.listening
        if listening and not listening.thinking and (listening.sample_rate, listening.channels) != self._of:
            ear.listening = None
        self._said, self.needs = "", False
        self._player = Player(self._chain, sample_rate, channels, held_back)
        self._say_what_is_needed()

    @property
    def learning(self) -> bool:
        """Whether it listens, or the stages are at work on what was heard."""
        return self._ear.listening is not None

    @property
    def listening(self) -> bool:
        """Whether it keeps what it hears."""
        listening = self._ear.listening
        return listening is not None and not listening.thinking

    @property
    def thinking(self) -> bool:
        """Whether the stages are at work on what was heard."""
        return self.learning and not self.listening

    @property
    def restarting(self) -> bool:
        """Whether one stream is being replaced by another."""
        return self._player.restarting

    def move(self, number: int, place: float) -> None:
        """Move a parameter, from the next sample on; one that is not known here is left alone."""
        control = self._rack.controls.get(number)
        if control is None:
            return
        value = self._rack.move(control, place)
        if value is not None and not self.learning:
            self._player.follow(lambda chain: control.apply(chain, value), smooth=control.smooth)
            self._say_what_is_needed()

    def take(self, learned: Learned) -> None:
        """Replace what the stages know, and what they are about to, from the next sample on."""
        self._ear.forget_thoughts()
        self._rack.take(learned)
        if not self.learning:
            self._player.switch()
        self._say_what_is_needed()

    def learn(self, on: bool) -> None:
        """Turn listening on or off, from the next sample on."""
        if on:
            self._ear.forget_thoughts()
        listening = self._ear.listening
        if on and listening is None:
            self._ear.listening = Listening(*self._of)
            self._player.switch()
            self._say_what_is_needed()
        elif not on and listening is not None and not listening.thinking:
            listening.conclude(self._rack)

    def listen(self, *, wait_s: float) -> Learned | None:
        """Return what was learned just now, which sounds from the next sample on; None where nothing was.

        Waiting, until it is not `thinking`, is for a host that renders: what sounds from where on must not
        depend on how fast it is.
        """
        listening = self._ear.listening
        if listening is None:
            return None
        try:
            learned = listening.learned(wait_s=wait_s)
        except WavemendError as error:
            self._learn_nothing(error)
            return None
        if learned is None:
            return None
        self._ear.listening = None
        self.take(learned)
        return learned

    def step(self, audio: Audio, *, strict: bool) -> Audio:
        """Hear the next samples, shape (channels, n); return those that became ready.

        Where settings cannot be followed, what sounded goes on, which is told; `strict` is for a host that
        renders, where that is an error.
        """
        parts: list[Audio] = []
        rest = audio
        while not parts or rest.shape[1]:
            try:
                self._player.prepare()
            except WavemendError as error:
                if strict:
                    raise
                self._tell(str(error))
            piece = rest[:, : self._player.due_in]
            self.hear(piece)
            parts.append(self._player.step(piece))
            rest = rest[:, piece.shape[1] :]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def hear(self, audio: Audio) -> None:
        """Keep the next samples, shape (channels, n), where it is listening and they can be kept."""
        listening = self._ear.listening
        if listening is None or listening.thinking:
            return
        try:
            listening.hear(audio)
        except WavemendError as error:
            self._learn_nothing(error)

    def _learn_nothing(self, error: WavemendError) -> None:
        """Let go of what was heard; the sound goes on."""
        self._ear.listening = None
        self._player.switch()
        self._say_what_is_needed()
        self._tell(f"nothing was learned: {error}")

    def _chain(self) -> Chain:
        return Chain() if self.learning else self._rack.sounding(*self._of)

    def _say_what_is_needed(self) -> None:
        needing = [self._rack.title(path) for path in self._rack.needing(*self._of)]
        said = ""
        self.needs = bool(needing) and not self.learning
        if self.needs:
            has = "has" if len(needing) == 1 else "have"
            said = (
                f"{' and '.join(needing)} {has} to listen first, and let the sound pass as it is: "
                "play the recording with Learn on, then turn it off"
            )
        if said != self._said:
            self._said = said
            self._tell(said)
