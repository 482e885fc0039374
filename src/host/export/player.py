"""One run of a bundle's sound: streams that follow one another without a gap and without a click.

::

    change at sample s          |s
    stream before    ===========|===fade
    stream after        history |fade======================
    out              -----------|xxxx----------------------    the sample of the recording says who sounds

A running stream takes over what it can at its next frame. For everything else a second one is opened, which
hears what came shortly before the change, so that filters have settled, and is faded in where the change is
in the recording: both are aligned with it, however much each of them holds back.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...audio.arrays import Audio
from ...audio.framing import Fifo
from ...errors import PluginError
from ..chain.chain import Chain
from ..chain.stream import ChainStream

# tuned: by hand, no record
_FADE_S = 0.02  # from one stream to the next
_HISTORY_S = 0.5  # heard by a new stream before it sounds
_SETTLE_S = 0.1  # between two streams: a knob that is turned opens ten a second, not one a block

Change = Callable[[Chain], None]
"""Changes settings of a chain."""


class Player:
    """Everything that is running between two resets.

    Parameters
    ----------
    make
        Makes the chain as it is to sound now; every stream has one of its own, for the sound of stock effects
        goes through the objects.
    sample_rate, channels
        Of the sound.
    held_back
        Most samples that may be held back.

    Raises
    ------
    PluginError
        A stream would hold back more, or a member of the chain failed; so do the methods.
    """

    def __init__(self, make: Callable[[], Chain], sample_rate: float, channels: int, held_back: int) -> None:
        self._make, self._sample_rate, self._channels = make, sample_rate, channels
        self._held_back = held_back
        self._fade, self._history, self._settle = (
            round(seconds * sample_rate) for seconds in (_FADE_S, _HISTORY_S, _SETTLE_S)
        )
        self._past = Fifo(channels)
        self._position = self._given = 0
        self._changed = False
        self._takes = [self._take()]

    @property
    def restarting(self) -> bool:
        """Whether a stream is being replaced."""
        return self._changed or len(self._takes) > 1

    def follow(self, change: Change, *, smooth: bool) -> None:
        """Take over a change that what `make` makes has already; one that is `smooth` at the next frame."""
        latest = self._takes[-1]
        if smooth and not self._changed:
            change(latest.chain)
            if latest.stream.follow(latest.chain.slots):
                return
        self._changed = True

    def switch(self) -> None:
        """Have a stream of what `make` makes sound from here on."""
        self._changed = True

    def prepare(self) -> None:
        """Open a stream that is due; where it fails, the one that sounds goes on."""
        if self._changed and self.due_in == 0:
            self._open()

    @property
    def due_in(self) -> int | None:
        """In how many samples a stream will be due; None: none is."""
        settled = self._takes[-1].start + self._settle if self._position else 0
        return max(settled - self._position, 0) if self._changed else None

    def step(self, audio: Audio) -> Audio:
        """Hear samples, shape (channels, n), none behind where a stream is due; return what became ready."""
        self._position += audio.shape[1]
        for take in self._takes:
            take.hear(audio)
        self._remember(audio)
        parts = self._ready()
        out = np.concatenate(parts, axis=1)
        self._given += out.shape[1]
        return out

    def _open(self) -> None:
        """Open the next stream here; one that has not begun to sound gives way to it."""
        self._changed = False
        latest = self._take()
        if self._takes[-1].start >= self._given and (len(self._takes) > 1 or self._position == 0):
            self._takes.pop()
        self._takes.append(latest)

    def _take(self) -> _Take:
        past = self._past.pop(len(self._past))[:, -self._history :]  # as much, however it came
        self._past.push(past)
        take = _Take(self._make(), self._sample_rate, self._channels, past, self._position)
        if take.stream.latency > self._held_back:
            raise PluginError(
                f"these settings hold back {take.stream.latency} samples, and the effect was made for "
                f"{self._held_back}; export it again"
            )
        return take

    def _remember(self, audio: Audio) -> None:
        self._past.push(audio)
        if len(self._past) > 2 * self._history:
            self._past.pop(len(self._past) - self._history)

    def _ready(self) -> list[Audio]:
        parts: list[Audio] = []
        at = self._given
        while len(self._takes) > 1:
            before, after = self._takes[:2]
            until = after.start + self._fade
            count = max(min(len(before.ready), after.start - at), 0)
            parts.append(before.ready.pop(count))
            at += count
            if at >= after.start:
                count = min(len(before.ready), len(after.ready), until - at)
                share = (at + 1 - after.start + np.arange(count)) / (self._fade + 1)
                one, other = before.ready.pop(count), after.ready.pop(count)
                parts.append(one + (other - one) * share)
                at += count
            if at < until:
                return parts
            self._takes.pop(0)
        parts.append(self._takes[0].ready.pop(len(self._takes[0].ready)))
        return parts


class _Take:
    """One stream, and what it has ready from the sample on at which it begins to sound."""

    def __init__(self, chain: Chain, sample_rate: float, channels: int, past: Audio, start: int) -> None:
        self.chain = chain
        self.stream = ChainStream(chain.slots, sample_rate, channels, {}, marks={})
        self.start = start
        self.ready = Fifo(channels)
        self._unheard = past.shape[1]
        if past.shape[1]:
            self.hear(past)

    def hear(self, audio: Audio) -> None:
        """Process the next samples."""
        out = self.stream.step(audio)
        skipped = min(self._unheard, out.shape[1])
        self._unheard -= skipped
        self.ready.push(out[:, skipped:])
