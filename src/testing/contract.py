"""`StageContract`: every part of the contract in one class."""

from __future__ import annotations

from .arrays import ArraysContract
from .findings import FindingsContract
from .repairs import RepairsContract
from .settings import SettingsContract
from .streams import StreamsContract


class StageContract(SettingsContract, ArraysContract, StreamsContract, FindingsContract, RepairsContract):
    """Tests that every stage must pass, for pytest.

    In a test module::

        from wavemend.authoring import StageContract

        class TestDehiss(StageContract):
            stage_class = Dehiss

    To run it over several stages, leave `stage_class` out and let an autouse fixture set it::

        @pytest.mark.parametrize("identifier", wavemend.contract.registry.stage_ids())
        class TestEveryStage(StageContract):
            @pytest.fixture(autouse=True)
            def load(self, identifier):
                self.stage_class = stage_class(identifier)

    Partitions and positions are drawn by hypothesis; give its profile ``derandomize=True`` where a test
    run must repeat itself exactly.
    """
