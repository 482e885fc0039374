"""Contract of repair stages: nothing found, nothing changed; what was removed is input minus output."""

# ruff: noqa: S101

from __future__ import annotations

import numpy as np
import pytest

from ..contract.stage import RepairStage
from . import signals
from .subject import RATE, Subject, even, recording, same, values_at_ends
from .subject import whole as stream_whole


class RepairsContract(Subject):
    """For stages with ``repairs = True``; others must not say that they are one."""

    def test_repairs_are_repair_stages(self) -> None:
        """``repairs`` and `RepairStage` go together, and bring the choice of output."""
        assert self.stage_class.repairs == issubclass(self.stage_class, RepairStage)
        if self.stage_class.repairs:
            output = self.make().parameters["output"]
            assert output.valid_values == ["repaired", "removed"]
            assert self.stage_class.schema["output"].role == "output"

    @pytest.mark.parametrize("name", ["silence", "negative zeros"])
    def test_silence_stays(self, name: str) -> None:
        """Digital silence comes back bit-exact, whatever the settings; nothing is removed from it."""
        if not self.stage_class.repairs:
            return
        silence = signals.extremes()[name]
        for values in [{}, *self.variants()]:
            if values.get("output") != "removed":
                assert same(self.make(**values).process(silence, RATE), silence), values
        assert not self.make(output="removed").process(silence, RATE).any()

    @pytest.mark.parametrize("channels", [1, 2, 5])
    def test_nothing_found_nothing_changed(self, channels: int) -> None:
        """A clean tone comes back bit-exact, in float32 too, and no event is told."""
        if not self.stage_class.repairs:
            return
        clean = signals.clean_tone(RATE, channels, 44_100)
        single = clean.astype(np.float32)
        for rate in (RATE, 44_100.0):
            assert same(self.make().process(clean, rate), clean)
            assert same(self.make().process(single, rate), single)
        take = stream_whole(self.ready(clean), clean, even(441, 44_100))
        assert same(take.audio, clean)
        assert not take.removed.any()
        assert take.events == []

    def test_removed_is_input_minus_repaired(self) -> None:
        """To the bit: as the output, and as the stream's tap, at every setting."""
        if not self.stage_class.repairs:
            return
        audio = recording(samples=9_000)
        stage = self.make()
        variants = [
            {},
            *({n: v} for n, p in stage.parameters.items() for v in values_at_ends(p) if n != "output"),
        ]
        for values in variants:
            repaired = self.ready(audio, **values)
            removed = repaired.copy()
            removed.output = "removed"
            take, taken = stream_whole(repaired, audio), stream_whole(removed, audio, even(441, 9_000))
            assert same(take.removed, audio - take.audio)
            assert same(taken.audio, take.removed)
            assert same(taken.removed, take.removed)
            assert taken.events == take.events
            assert same(removed.process(audio, RATE), take.removed)
