"""The contract of the surface over chains: empty, with stages that listen, stock effects, nested ones."""

from __future__ import annotations

import pedalboard
import pytest
from wavemend.audio.arrays import Audio
from wavemend.host.chain.chain import Chain
from wavemend.host.chain.slot import Slot
from wavemend.plugins.dc_offset import DcOffset
from wavemend.plugins.rumble import Rumble
from wavemend.testing import SurfaceContract
from wavemend.testing.signals import RATE

CHAINS = {
    "empty": Chain,
    "a stage": lambda: Chain([Rumble()]),
    "a stage that listens": lambda: Chain([DcOffset(), Rumble()]),
    "nested and mixed": lambda: Chain([Slot(Chain([Slot(Rumble(), mix=0.5)]), mix=0.25), Rumble()]),
    "a stock effect": lambda: Chain([Rumble(), pedalboard.BrickwallLimiter()]),
}


@pytest.mark.filterwarnings("ignore:.*:UserWarning")
@pytest.mark.parametrize("name", CHAINS)
class TestEveryChain(SurfaceContract):
    @pytest.fixture(autouse=True)
    def pick(self, name: str) -> None:
        self.name = name

    def make(self) -> Chain:
        return CHAINS[self.name]()

    def ready(self, audio: Audio) -> Chain:
        chain = self.make()
        for _, stage in chain.stages():
            if stage.needs_findings:
                analyser = stage.analyser(RATE, audio.shape[0])
                analyser.push(audio)
                stage.findings = analyser.result()
        return chain
