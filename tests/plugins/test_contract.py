"""The contract suite over every installed stage, and over small stages that break it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from wavemend.contract.registry import stage_class, stage_ids
from wavemend.contract.stage import Stage
from wavemend.testing import StageContract, signals

from . import example_stages as examples


@pytest.mark.parametrize("identifier", stage_ids())
class TestEveryStage(StageContract):
    @pytest.fixture(autouse=True)
    def load(self, identifier: str) -> None:
        self.stage_class = stage_class(identifier)


# The recordings are not clipped, all stages would hear that ceiling, and nobody speaks in them:
# tests/plugins/declip, dereverb and voice_denoise have some of their own.
NOTHING_TO_DO = {"wavemend.declip", "wavemend.dereverb", "wavemend.voice_denoise"}


@pytest.mark.parametrize("identifier", sorted(set(stage_ids()) - NOTHING_TO_DO))
def test_the_contracts_recordings_give_every_stage_something_to_do(identifier: str) -> None:
    """Else the suite would prove nothing: a stage that does nothing keeps nearly every promise."""
    stage = stage_class(identifier)()
    for samples in (9_000, 20_000):
        audio = signals.damaged(samples=samples + 2 * stage.latency(signals.RATE))
        assert not np.array_equal(stage.process(audio, signals.RATE), audio)


class TestClip(StageContract):
    stage_class = examples.Clip


class TestGain(StageContract):
    stage_class = examples.Gain


@pytest.mark.parametrize(
    ("broken", "promise", "arguments"),
    [
        (examples.Late, "test_aligned", {}),
        (examples.Leaking, "test_nothing_leaks_into_the_next_recording", {}),
        (examples.Leaking, "test_deterministic", {}),
        (examples.Leaking, "test_interleaved_streams", {}),
        (examples.Deaf, "test_automation", {}),
        (examples.Stretching, "test_latency_depends_on_restart_parameters_alone", {}),
        (examples.Unstable, "test_extremes", {"name": "silence"}),
        (examples.Telling, "test_events_lie_in_the_recording", {}),
        (examples.Touching, "test_silence_stays", {"name": "negative zeros"}),
        (examples.Learning, "test_analysis_leaves_the_stage_unchanged", {}),
        (examples.Learning, "test_nothing_leaks_into_the_next_recording", {}),
        (examples.Hoarding, "test_findings_of_even_blocks", {"size": 441}),
        (examples.Hoarding, "test_findings_of_any_blocks", {}),
    ],
)
def test_a_broken_promise_is_noticed(broken: type[Stage], promise: str, arguments: dict[str, object]) -> None:
    contract = type("Contract", (StageContract,), {"stage_class": broken})()
    with pytest.raises(AssertionError):
        getattr(contract, promise)(**arguments)


def test_no_part_of_the_contract_hides_another() -> None:
    names = [name for part in StageContract.__bases__ for name in vars(part) if name.startswith("test_")]
    assert len(names) == len(set(names))
    assert len(names) > 50


@pytest.mark.whole
@pytest.mark.parametrize("missing", ["pytest", "hypothesis", "jsonschema"])
def test_import_without_the_extra_says_what_to_install(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; import wavemend.testing"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    last = run.stderr.strip().splitlines()[-1]
    assert last.startswith(f"ImportError: wavemend.testing needs {missing}")
    assert "pip install 'wavemend[testing]'" in last
