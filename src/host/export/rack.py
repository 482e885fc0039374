"""What a bundle is made of while its host runs it: a chain, where its parameters are, what it has learned.

It listens by the passes of a rendering, over what was kept of the recording while the host's switch was on:
what it learns is what `wavemend.render` finds in the same stretch.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path as FilePath
from typing import Any

from ...contract.findings import Findings
from ...contract.stage import Stage
from ...errors import FindingsError, WavemendError
from ..chain.chain import Chain
from ..chain.passes import Passes
from ..chain.path import Path
from ..chain.slot import Slot
from ..chain.sources import Source
from ..rendering.spool import FileSpool
from .controls import Control, controls_of, learners
from .state import NOTHING, Learned

LONGEST_S = 1200.0
"""guard: the disk, which what is learned from is kept on meanwhile; what comes later is not listened to."""


class Rack:
    """A chain as its host has set it.

    Parameters
    ----------
    chain
        As the bundle was made with it.

    Attributes
    ----------
    chain
        With its parameters where they are now.
    controls
        Its parameters, by number.
    learned
        What its stages know of the recording.
    """

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.controls = {control.id: control for control in controls_of(chain)}
        self.learned: Learned = NOTHING
        self._values = {control.id: control.value for control in self.controls.values()}
        self._learners = learners(chain)
        self._unfit: dict[tuple[float, int], set[Path]] = {}

    @property
    def learns(self) -> bool:
        """Whether any of its stages learns from what it hears."""
        return bool(self._learners)

    def title(self, path: Path) -> str:
        """Return what a stage is called."""
        member: Stage = dict(self.chain.walk())[path].member
        return member.name

    def move(self, control: Control, place: float) -> Any:
        """Move a parameter; return its value, or None where that is no other than before."""
        value = control.meant(place)
        if value == self._values[control.id]:
            return None
        self._values[control.id] = value
        control.apply(self.chain, value)
        return value

    def take(self, learned: Learned) -> None:
        """Replace what the stages know."""
        self.learned = learned
        self._unfit.clear()

    def sounding(self, sample_rate: float, channels: int) -> Chain:
        """Return the chain as it can run now: stages that still have to listen are bypassed."""
        chain = copy.deepcopy(self.chain)
        slots = dict(chain.walk())
        for path, found in self.learned.findings.items():
            slots[path].member.findings = found
        for path in self.needing(sample_rate, channels):
            slots[path].bypass = True
        return chain

    def needing(self, sample_rate: float, channels: int) -> list[Path]:
        """Where the stages are that are wanted, and do not know what they need of this recording."""
        slots = dict(self.chain.walk())
        of = sample_rate, channels
        if of not in self._unfit:
            self._unfit[of] = self._unfit_for(slots, sample_rate, channels)
        wanted = [path for path in self._learners if _active(slots, path)]
        return [path for path in wanted if path in self._unfit[of] or not self._knows(path, slots[path])]

    def listener(self) -> Callable[[Source, float], dict[Path, Findings]]:
        """Return what finds what the stages have to know, each of the recording as it stands at its place.

        The chain is the one of now, whatever is moved meanwhile. It raises `WavemendError` where a stage
        refuses the recording, or the chain fails.
        """
        chain, known = copy.deepcopy(self.chain), dict(self.learned.findings)
        for path, slot in chain.walk():
            if path in self._learners:
                slot.member.findings = None

        def listen(heard: Source, sample_rate: float) -> dict[Path, Findings]:
            with ExitStack() as stack:
                passes = Passes(
                    chain,
                    heard,
                    sample_rate,
                    new_spool=lambda channels: stack.enter_context(new_spool(channels)),
                )
                passes.learn()
            return known | passes.findings

        return listen

    def _knows(self, path: Path, slot: Slot) -> bool:
        return path in self.learned.findings or not slot.member.needs_findings

    def _unfit_for(self, slots: Mapping[Path, Slot], sample_rate: float, channels: int) -> set[Path]:
        """Where the stages are whose findings are of another number of channels, or rate, than is played."""
        unfit = set()
        for path, found in self.learned.findings.items():
            stage: Stage = slots[path].member.copy()
            try:
                stage.findings = found
                stage.stream(sample_rate, channels)
            except (FindingsError, TypeError):
                unfit.add(path)
            except WavemendError:  # which opening the chain tells of
                continue
        return unfit


def new_spool(channels: int) -> FileSpool:
    """Open a nameless file among the temporary ones, for sound that is kept while it is listened to."""
    return FileSpool(FilePath(tempfile.gettempdir()), channels, 0)


def _active(slots: Mapping[Path, Slot], path: Path) -> bool:
    return all(slots[path[:depth]].active for depth in range(1, len(path) + 1))
