"""The thread that renders what is heard: about right at once, exact soon, and never what nobody wants now."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10

from ...analysis.program.loudness import LoudnessAnalyser
from ...audio.arrays import Audio
from ...contract.findings import Findings
from ...contract.marks import Marks
from ...errors import Cancelled, WavemendError
from .excerpt import Excerpt, Made, Piece, Seat, Told
from .recordings import Recording

BLOCKS_A_SECOND = 4
"""Of the grid that pieces lie on; tuned: by hand, a change is heard from the next one on."""
MOST_HEARD_S = 120.0
"""guard: memory, of an excerpt; a longer one begins anew."""
_MOST_BOOST_DB = 40.0  # guard: of what was removed, which may be next to nothing
_AHEAD_S = 0.1  # tuned: by hand, what is rendered for a place that was played by then is not heard
_PEAK = 0.98  # guard: of what is turned up


def block_of(rate: int) -> int:
    """Return the samples of a piece at a rate."""
    return max(rate // BLOCKS_A_SECOND, 1)


@dataclass(frozen=True)
class Want:
    """What is wanted of the renderer.

    Attributes
    ----------
    seats
        Active slots.
    marks, ranges
        Decisions about the recording.
    findings
        What is known, a slot.
    start, stop, at
        Stretch that is heard, and where in it, in samples.
    revision
        Grows with every change; pieces say which they are of.
    """

    seats: Sequence[Seat]
    marks: Mapping[str, Marks]
    ranges: Sequence[tuple[int, int]]
    findings: Sequence[Findings | None]
    start: int
    stop: int
    at: int
    revision: int


@dataclass(frozen=True)
class Levels:
    """Loudness of a stretch, and the gains that make all of it as loud as the original.

    `lufs` and `gain_db` are by version; a loudness is None where there is none.
    """

    start: int
    stop: int
    lufs: Mapping[str, float | None]
    gain_db: Mapping[str, float]


class Listener:
    """Who is told what was rendered, on the renderer's thread; nothing of it is heard unless it is said."""

    def piece(self, piece: Piece, revision: int) -> None:
        """Hear samples."""

    def levels(self, levels: Levels) -> None:
        """Hear of loudness."""

    def events(self, start: int, stop: int, events: Sequence[Told]) -> None:
        """Hear what was told about a stretch."""

    def exact(self, is_exact: bool) -> None:
        """Hear whether all that is wanted is there."""

    def failed(self, error: str) -> None:
        """Hear what went wrong."""


class Renderer:
    """Renders the newest `Want`; what came before is dropped.

    Parameters
    ----------
    recording
        Which.
    listener
        Who is told.
    """

    def __init__(self, recording: Recording, listener: Listener) -> None:
        self._recording, self._listener = recording, listener
        self._changed = threading.Condition()
        self._want: Want | None = None
        self._cancel = threading.Event()
        self._ended = False
        self._base: tuple[Want, Excerpt] | None = None  # the last that all was there of
        self._now: tuple[Want, Excerpt] | None = None
        self._sent: set[int] = set()
        self._levelled = (0, 0)
        self.lock = threading.Lock()
        self._block = block_of(recording.rate)
        self._thread = threading.Thread(target=self._run, name="wavemend renderer", daemon=True)
        self._thread.start()

    def want(self, want: Want, *, again: bool = False) -> None:
        """Ask for something else; `again`: also what was sent."""
        with self._changed:
            if again:
                self._sent, self._levelled = set(), (0, 0)
            self._want = want
            self._cancel.set()
            self._changed.notify()

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._ended = True
            self._cancel.set()
            self._changed.notify()
        self._thread.join()

    def rendered(self, start: int, stop: int) -> Made | None:
        """Return what is there of a stretch; None: nothing."""
        now = self._now
        if now is None:
            return None
        _, excerpt = now
        with self.lock:
            start, stop = max(start, excerpt.start), min(stop, excerpt.ready)
            return excerpt.made(start, stop) if stop > start else None

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._want is None and not self._ended:
                    self._changed.wait()
                if self._ended:
                    return
                want, self._want = self._want, None
                self._cancel.clear()
            if want is None:
                continue
            try:
                self._serve(want)
            except Cancelled:
                continue
            except (WavemendError, ValueError, ArithmeticError, MemoryError) as error:
                self._listener.failed(str(error))

    def _serve(self, want: Want) -> None:
        excerpt = self._continued(want)
        if excerpt is None:
            self._listener.exact(False)
            self._tell_quickly(want)
            excerpt = self._opened(want)
        blocks = self._blocks(want)
        if all(start in self._sent for start, _ in blocks) and self._levelled == (want.start, want.stop):
            self._listener.exact(True)
            return
        for start, stop in blocks:
            if start in self._sent:
                continue
            with self.lock:
                piece = excerpt.piece(start, stop, self._cancel)
            self._listener.piece(piece, want.revision)
            self._listener.events(start, stop, excerpt.events(start, stop))
            self._sent.add(start)
        self._base = (want, excerpt)
        self._levelled = (want.start, want.stop)
        self._listener.levels(self._levels(want, excerpt))
        self._listener.exact(True)

    def _continued(self, want: Want) -> Excerpt | None:
        """Return the excerpt at work, where it is what is wanted."""
        if self._now is None:
            return None
        before, excerpt = self._now
        same = (
            [(a.uid, id(a.slot)) for a in before.seats] == [(a.uid, id(a.slot)) for a in want.seats]
            and before.marks == want.marks
            and list(before.ranges) == list(want.ranges)
            and [id(one) for one in before.findings] == [id(one) for one in want.findings]
        )
        far = want.start > excerpt.ready + 10 * self._recording.rate
        long = want.stop - excerpt.start > MOST_HEARD_S * self._recording.rate
        return excerpt if same and want.start >= excerpt.start and not far and not long else None

    def _opened(self, want: Want) -> Excerpt:
        before = self._now or self._base
        excerpt = Excerpt(
            self._recording,
            want.seats,
            want.start // self._block * self._block,
            findings=lambda index: want.findings[index],
            marks=want.marks,
            ranges=want.ranges,
            before=before[1] if before else None,
        )
        with self.lock:
            excerpt.prepare(self._cancel)
        self._now, self._sent, self._levelled = (want, excerpt), set(), (0, 0)
        return excerpt

    def _blocks(self, want: Want) -> list[tuple[int, int]]:
        stop = min(want.stop, self._recording.frames)
        firsts = range(want.start // self._block * self._block, stop, self._block)
        return [(first, min(first + self._block, self._recording.frames)) for first in firsts]

    def _tell_quickly(self, want: Want) -> None:
        """Say about how it sounds, from the place that is heard on, where one slot's settings changed."""
        if self._base is None:
            return
        before, excerpt = self._base
        if [seat.uid for seat in before.seats] != [seat.uid for seat in want.seats]:
            return
        pairs = zip(before.seats, want.seats, strict=True)
        changed = [index for index, (old, new) in enumerate(pairs) if old.slot is not new.slot]
        if len(changed) != 1 or before.marks != want.marks:
            return
        blocks = self._blocks(want)
        soon = want.at + round(_AHEAD_S * self._recording.rate)
        later = [block for block in blocks if block[1] > soon]
        for stretch in (later, blocks[: len(blocks) - len(later)]):
            if stretch and not self._told(stretch, excerpt, changed[0], want):
                return

    def _told(self, stretch: Sequence[tuple[int, int]], excerpt: Excerpt, index: int, want: Want) -> bool:
        """Say about how pieces sound that follow each other; False: that could not be said."""
        with self.lock:
            change = excerpt.change(index, want.seats[index].slot, stretch[0][0])
        for start, stop in stretch:
            if self._cancel.is_set():
                raise Cancelled("another change came")
            with self.lock:
                piece = change.piece(start, stop) if change else None
            if piece is None:
                return False
            self._listener.piece(piece, want.revision)
        return True

    def _levels(self, want: Want, excerpt: Excerpt) -> Levels:
        stop = min(want.stop, self._recording.frames)
        with self.lock:
            piece = excerpt.piece(want.start, stop)
        versions = {
            "original": self._recording.read(want.start, stop),
            "restored": piece.restored,
            "removed": piece.removed,
        }
        lufs = {name: loudness(audio, self._recording.rate) for name, audio in versions.items()}
        gains = {name: gain_to(lufs["original"], lufs[name], audio) for name, audio in versions.items()}
        return Levels(want.start, stop, lufs, gains)


def loudness(audio: Audio, rate: float) -> float | None:
    """Return programme loudness, LUFS (ITU-R BS.1770-4); None where there is none."""
    analyser = LoudnessAnalyser(rate, audio.shape[0])
    analyser.push(audio)
    return analyser.result().integrated_lufs


def gain_to(wanted: float | None, lufs: float | None, audio: Audio) -> float:
    """Return the gain, dB, that makes audio as loud as is wanted, as far as it can be turned up."""
    if wanted is None or lufs is None:
        return 0.0
    peak = float(abs(audio).max(initial=0.0))
    gain = min(wanted - lufs, _MOST_BOOST_DB)
    return round(gain, 3) if peak <= 0 or gain <= 0 else round(min(gain, max(0.0, _room(peak))), 3)


def _room(peak: float) -> float:
    return 20 * log10(_PEAK / peak)
