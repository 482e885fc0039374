"""The contract of the surface over hosted plugins, in a worker and in this process."""

from __future__ import annotations

import pytest
from wavemend.host.vst3.plugin import VST3
from wavemend.testing import SurfaceContract

from ..faulty_plugins import Scanned


@pytest.mark.parametrize("isolated", [True, False])
class TestEveryHostedPlugin(SurfaceContract):
    @pytest.fixture(autouse=True)
    def load(self, scanned: Scanned, isolated: bool) -> None:
        scanned("Good")
        self.isolated = isolated

    def make(self) -> VST3:
        return VST3("Good", isolated=self.isolated)
