"""One person at one page: the recording, the chain, what is heard; all that the page asks for goes here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ...contract.marks import Marks
from ...errors import Cancelled, WavemendError
from ..chain.chain import Chain
from ..chain.slot import Slot
from ..chain.strength import LOSSY_EASING, eased
from ..presets.preset import Preset
from ..recording.document import RecordingDocument
from ..rendering.options import RenderOptions
from .background import Background
from .edits import Edit, History
from .excerpt import Made, Piece, Seat, Told, flattened
from .files import Shelf
from .judging import around, judged
from .opened import Opened
from .plugins import Plugins, settings_of
from .renderer import Levels, Listener, Renderer, Want
from .telling import Sender, event_told, levels_told, state_told
from .whole import Whole

LEARNED_UNASKED_S = 1200.0
"""Longer recordings are learned from when it is asked for: it takes minutes of a core; tuned: by hand."""
_TOLD_EVERY_S = 0.2  # tuned: by eye
_SETTLES_S = 3.0  # tuned: by hand, the first pictures of a long recording are there
_LOOKING_S = 0.3  # tuned: by hand, after a picture was asked for others follow


class Session(Listener):
    """What the page works on.

    Parameters
    ----------
    shelf
        Files that may be opened.
    preset
        What to begin with; None: an empty chain.
    options
        Of renders.
    output
        Where a render goes; None: beside the recording.
    """

    def __init__(
        self, shelf: Shelf, preset: Preset | None, options: RenderOptions, output: Path | None = None
    ) -> None:
        self.shelf = shelf
        self.history = History()
        self.preset_name, self.preset_text = (preset.name, preset.description) if preset else ("", "")
        if preset:
            self.history.now = Edit(tuple(self.history.seat(slot) for slot in preset.new_chain().slots))
        self.whole = Whole(options, output)
        self.opened: Opened | None = None
        self.reference: Opened | None = None
        self.solo: int | None = None
        self.revision = 0
        self.progress: dict[str, tuple[float, str]] = {}
        self._senders: list[Sender] = []
        self._lock = threading.RLock()
        self._renderer: Renderer | None = None
        self.listened = (0, 0, 0)
        self._told_at = 0.0
        self.looked_at = 0.0
        self.plugins = Plugins()
        self.background = Background(self.wrong)
        self.asking = Background(self.wrong)
        self.judging = Background(self.wrong)
        self._judged = (-1, 0, 0)
        self.renders = Background(self._render_failed)
        self._eased: dict[int, tuple[Slot, Slot]] = {}

    # -- who is told -------------------------------------------------------------------------------

    def join(self, sender: Sender) -> None:
        """Have somebody told of all that happens."""
        with self._lock:
            self._senders.append(sender)
        sender(self.state(), b"")
        self._judged = (-1, 0, 0)  # who comes anew was not told
        self.want(again=True)
        self.ask_plugins()

    def leave(self, sender: Sender) -> None:
        """Tell them no more."""
        with self._lock:
            self._senders.remove(sender)

    def tell(self, message: dict[str, Any], data: bytes = b"") -> None:
        """Tell all pages."""
        for sender in list(self._senders):
            sender(message, data)

    def state(self) -> dict[str, Any]:
        """Return all that the page shows, but for samples."""
        with self._lock:
            return state_told(self)

    def tell_state(self) -> None:
        """Tell all of it."""
        self.tell(self.state())

    def on_the_way(self, what: str) -> Callable[[float, str], None]:
        """Return a progress callback."""

        def progress(share: float, doing: str) -> None:
            self.progress[what] = (share, doing)
            if time.monotonic() - self._told_at > _TOLD_EVERY_S:
                self._told_at = time.monotonic()
                self.tell({"type": "progress", "progress": self.progress})

        return progress

    def done(self, what: str) -> None:
        """Tell that something is over."""
        self.progress.pop(what, None)
        self.tell({"type": "progress", "progress": self.progress})

    # -- the renderer tells ------------------------------------------------------------------------

    def piece(self, piece: Piece, revision: int) -> None:
        """See `Listener.piece`."""
        head = {
            "type": "piece", "start": piece.start, "frames": piece.restored.shape[1], "quick": piece.quick,
            "channels": piece.restored.shape[0], "revision": revision, "versions": ["restored", "removed"],
        }  # fmt: skip
        self.tell(head, np.concatenate([piece.restored, piece.removed]).astype("<f4").tobytes())

    def levels(self, levels: Levels) -> None:
        """See `Listener.levels`."""
        self.tell(levels_told(levels, self.reference))

    def events(self, start: int, stop: int, events: Sequence[Told]) -> None:
        """See `Listener.events`."""
        names = {seat.uid: seat.slot for seat in self.history.now.seats}
        told = [event_told(one, names.get(one.uid)) for one in events]
        self.tell({"type": "events", "start": start, "stop": stop, "events": told})

    def exact(self, is_exact: bool) -> None:
        """See `Listener.exact`."""
        self.tell({"type": "exact", "exact": is_exact})
        opened = self.opened
        if is_exact and opened is not None:
            self._judge(opened)
        if not is_exact or opened is None or self.solo is not None:
            return
        if opened.recording.frames > LEARNED_UNASKED_S * opened.recording.rate:
            return
        if opened.knowledge.missing(self.keys()):
            self.learn()  # not before: it would take the time of what is heard

    def _judge(self, opened: Opened) -> None:
        """Look for what the repair harmed, unless that is known."""
        start, stop, _ = self.listened
        revision, first, last = self._judged
        if revision == self.revision and first <= start and stop <= last:
            return
        now = self.revision

        def work(cancel: threading.Event) -> None:
            made = self.rendered(*around(start, stop, opened.recording))
            if made is None:
                return
            found = judged(opened.recording, made, start, stop, cancel)
            if not cancel.is_set() and self.revision == now:
                self._judged = (now, start, stop)
                told = {"type": "artifacts", "revision": now, "start": start, "stop": stop}
                self.tell(told | {"artifacts": [one.to_json() for one in found]})

        self.judging.do("judging", work)

    def failed(self, error: str) -> None:
        """See `Listener.failed`."""
        self.tell({"type": "exact", "exact": False, "failed": True})
        self.wrong(error)

    def wrong(self, error: str) -> None:
        """Tell what went wrong."""
        self.tell({"type": "error", "error": error})

    def _render_failed(self, error: str) -> None:
        self.whole.state = {"state": "failed", "error": error}
        self.wrong(error)
        self.tell_state()

    # -- files -------------------------------------------------------------------------------------

    def open(self, path: Path) -> None:
        """Open a recording in the place of the one before."""
        opened = Opened(path, self._documents, self.on_the_way("decoding"))
        self.done("decoding")
        with self._lock:
            self._close_recording()
            self.opened = opened
            keep = Edit(self.history.now.seats)
            self.history.past, self.history.future, self.history.now = [], [], keep
            self._renderer = Renderer(opened.recording, self)
            self.listened = (0, min(opened.recording.frames, 10 * opened.recording.rate), 0)
        self.background.do("reading", lambda cancel: self._hear(opened, cancel))
        self.changed()

    @property
    def _documents(self) -> Path | None:
        folder = self.whole.options.documents
        return Path(folder) if folder is not None else None

    def _hear(self, opened: Opened, cancel: threading.Event) -> None:
        told = self.on_the_way("reading")
        if opened.recording.frames > LEARNED_UNASKED_S * opened.recording.rate:
            cancel.wait(_SETTLES_S)

        def progress(share: float, doing: str) -> None:
            told(share, doing)
            if time.monotonic() - self.looked_at < _LOOKING_S:
                cancel.wait(_LOOKING_S)  # who scrolls does not wait for what nobody waits for

        opened.hear(progress, cancel)
        with self._lock:
            if opened is self.opened and opened.kept is not None:
                self.history.decide(opened.kept.document)
        self.done("reading")
        if opened.error:
            self.wrong(opened.error)
        self.changed()

    def refer(self, path: Path | None) -> None:
        """Open a recording to compare with, or close it."""
        before, self.reference = self.reference, None
        if before is not None:
            before.close()
        if path is not None:
            self.reference = reference = Opened(path, self._documents)
            self.background.do("reference", lambda cancel: self._hear_reference(reference, cancel))
        self.tell_state()

    def _hear_reference(self, reference: Opened, cancel: threading.Event) -> None:
        reference.hear(self.on_the_way("reference"), cancel)
        self.done("reference")
        self.tell_state()
        self.want(again=True)

    def _close_recording(self) -> None:
        for name in ("reading", "learning"):
            self.background.cancel(name)
        if self._renderer is not None:
            self._renderer.close()
        if self.opened is not None:
            self.opened.close()
        self.whole.close()
        self._renderer = self.opened = None
        self.solo = None

    def close(self) -> None:
        """End all threads and close all files."""
        self.renders.close()
        self.background.close()
        self.asking.close()
        self.judging.close()
        self.plugins.close()
        with self._lock:
            self._close_recording()
        if self.reference is not None:
            self.reference.close()

    # -- what is wanted of the renderer ------------------------------------------------------------

    @property
    def marks(self) -> Mapping[str, Marks]:
        """Vetoed and forced events, by stage."""
        opened = self.opened
        if opened is None:
            return {}
        blank = RecordingDocument(opened.kept.document.audio if opened.kept else None)  # type: ignore[arg-type]
        return self.history.now.decided(blank).guidance().marks

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """Where noise is heard alone."""
        return [(span.position, span.stop) for span in self.history.now.prints]

    def seats(self) -> list[Seat]:
        """Return what is heard of the chain: soloed and eased where that is so."""
        seats = list(self.history.now.seats)
        if self.solo is not None:
            seats = [seat for seat in seats if seat.uid == self.solo]
            seats = [Seat(uid, Slot(slot.member)) if slot.bypass else Seat(uid, slot) for uid, slot in seats]
        if self.opened is not None and not self.opened.recording.format.is_lossless:
            seats = [Seat(uid, self._eased_slot(slot)) for uid, slot in seats]
        return flattened(seats)

    def _eased_slot(self, slot: Slot) -> Slot:
        """Return a slot as a render of a lossy source has it; the same one each time."""
        if self.whole.options.ease_lossy is False:
            return slot
        kept = self._eased.get(id(slot))
        if kept is None or kept[0] is not slot:
            kept = (slot, eased(Chain([slot]), LOSSY_EASING).slots[0])
            self._eased[id(slot)] = kept
        return kept[1]

    def keys(self) -> list[str | None]:
        """Return what the findings of each slot are known by."""
        if self.opened is None:
            return []
        return self.opened.knowledge.keys(self.seats(), self.marks, self.ranges)

    def want(self, *, again: bool = False) -> None:
        """Have rendered what is heard."""
        with self._lock:
            opened, renderer = self.opened, self._renderer
            if opened is None or renderer is None:
                return
            seats, marks, ranges, keys = self.seats(), self.marks, self.ranges, self.keys()
            findings = [opened.knowledge.of(seat, key) for seat, key in zip(seats, keys, strict=True)]
            start, stop, at = self.listened
            renderer.want(Want(seats, marks, ranges, findings, start, stop, at, self.revision), again=again)
            self.background.cancel("learning")
            self.judging.cancel("judging")

    def learn(self) -> None:
        """Have the stages hear the whole recording."""
        opened = self.opened
        if opened is None:
            raise WavemendError("open a recording first")
        seats, marks, ranges = self.seats(), self.marks, self.ranges

        def work(cancel: threading.Event) -> None:
            try:
                opened.knowledge.learn(seats, marks, ranges, self.on_the_way("learning"), cancel)
            finally:
                self.done("learning")
            self.changed()

        self.background.do("learning", work)

    def changed(self) -> None:
        """Tell, and render, what was changed."""
        self.revision += 1
        self.want()  # first: somebody listens
        self.tell_state()
        self.ask_plugins()

    # -- third parties' plugins --------------------------------------------------------------------

    def plugin(self, seat: int) -> Seat | None:
        """Return a seat where a VST3 sits in it; None where another member does."""
        found = self.history.now.seats[self.history.now.index(seat)]
        return found if settings_of(found.slot.member) is not None else None

    def ask_plugins(self) -> None:
        """Have the controls of VST3s read, where they are not known as they stand."""
        seats = self.history.now.seats
        if self.plugins.unread(seats):
            self.asking.do("plugins", lambda cancel: self.plugins.read(seats, self.tell_state, cancel))

    # -- what the page fetches ---------------------------------------------------------------------

    def rendered(self, start: int, stop: int) -> Made | None:
        """Return what is there of the restored stretch; None: nothing."""
        renderer = self._renderer
        with suppress(Cancelled):
            return renderer.rendered(start, stop) if renderer is not None else None
        return None
