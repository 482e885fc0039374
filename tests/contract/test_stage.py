"""What the base classes of the stage contract do on their own; the contract suite does the rest."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from wavemend.contract.stage import Event, Framing, Processor, RepairStage, Stage, Step
from wavemend.errors import AudioShapeError, NotLearned

from tests.plugins.example_stages import Clip, Gain, Peak

RATE = 44_100.0


def ramp(samples: int = 1000, channels: int = 1) -> np.ndarray[Any, Any]:
    return np.arange(1.0, channels * samples + 1).reshape(channels, samples) / 1e4


class Recorder(Stage):
    """Gives its input back and keeps what its processor was told."""

    id = "example.recorder"
    name = "Recorder"
    place = Step.EQ
    lag = 0

    def framing(self, sample_rate: float) -> Framing:
        return Framing(100, type(self).lag)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        return Recording(channels, type(self).lag)


class Recording(Processor):
    last: Recording

    def __init__(self, channels: int, lag: int) -> None:
        type(self).last = self
        self.frames: list[Any] = []
        self.length: int | None = None
        self._held = np.zeros((channels, lag))

    def step(self, frame: Any, sink: Any) -> Any:
        self.frames.append(frame.copy())
        self._held = np.concatenate([self._held, frame], axis=1)
        now, self._held = self._held[:, : frame.shape[1]], self._held[:, frame.shape[1] :]
        return now

    def finish(self, length: int) -> None:
        self.length = length


@pytest.mark.parametrize(
    ("lag", "samples", "frames"),
    [(0, 0, 0), (0, 99, 1), (0, 100, 1), (0, 101, 2), (250, 0, 0), (250, 1, 3), (250, 50, 3), (250, 51, 4)],
)
def test_frames_are_as_many_as_needed(
    monkeypatch: pytest.MonkeyPatch, lag: int, samples: int, frames: int
) -> None:
    monkeypatch.setattr(Recorder, "lag", lag)
    stream = Recorder().stream(RATE, 1)
    audio = ramp(samples)
    out = np.concatenate([stream.step(audio), stream.flush()], axis=1)
    assert np.array_equal(out, audio)
    assert len(Recording.last.frames) == frames
    assert Recording.last.length == samples
    heard = np.concatenate(Recording.last.frames, axis=1) if frames else np.empty((1, 0))
    assert np.array_equal(heard[:, :samples], audio)
    assert not heard[:, samples:].any(), "what lies past the end is zeros"


def test_a_short_recording_costs_no_memory_for_a_long_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recorder, "lag", 1_000_000)  # its processor gives out views of what it holds
    stream = Recorder().stream(RATE, 1)
    stream.step(ramp(50))
    tracemalloc.start()
    monkeypatch.setattr(Recording, "step", lambda self, frame, sink: np.zeros((1, 1_000_000))[:, :100])
    stream.flush()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * 8e6


def test_frames_are_contiguous_whatever_the_blocks_were() -> None:
    stream = Recorder().stream(RATE, 3)
    audio = ramp(500, 3)
    original = Recording.step
    seen: list[bool] = []

    def step(self: Recording, frame: Any, sink: Any) -> Any:
        seen.append(frame.flags.c_contiguous)
        return original(self, frame, sink)

    Recording.last.step = step.__get__(Recording.last)  # type: ignore[method-assign]
    stream.step(np.asfortranarray(audio[:, :250]))
    stream.step(audio[:, 250:])
    assert seen == [True] * 5


@pytest.mark.parametrize(("hop", "latency", "held_back"), [(1, 0, 0), (100, 0, 99), (100, 30, 129)])
def test_what_a_framing_holds_back(hop: int, latency: int, held_back: int) -> None:
    assert Framing(hop, latency).held_back == held_back


def test_latency_is_what_is_really_held_back() -> None:
    stage = Clip(lookahead_ms=10.0, hop=300)
    stage.findings = Peak(np.ones(1), 1.0, 1, None)
    stream = stage.stream(RATE, 1)
    assert stream.latency == stage.latency(RATE) == 441 + 299
    most = given = 0
    for fed in range(1, 3001):
        given += stream.step(ramp(1)).shape[1]
        most = max(most, fed - given)
    assert most == stream.latency, "the bound is reached, so no smaller one would do"


def test_a_changed_parameter_is_heard_from_the_next_frame_on() -> None:
    stage = Gain(gain=1.0)  # frames of 64
    audio = np.ones((1, 640))
    first = stage.process(audio[:, :100], RATE, reset=False)
    stage.gain = 2.0
    out = np.concatenate([first, stage.process(audio[:, 100:], RATE, reset=False)], axis=1)
    assert np.array_equal(out[0], np.repeat([1.0, 2.0], [64, 576]))


def test_streams_follow_automatable_changes_alone() -> None:
    stage = Clip()
    stage.findings = Peak(np.ones(2), 1.0, 2, None)
    stream = stage.stream(RATE, 2)
    assert stream.follow(stage)
    stage.depth = 0.7
    stage.output = "removed"
    assert stream.follow(stage)
    stage.hop = 301
    assert not stream.follow(stage)
    stage.hop = 300
    stage.findings = Peak(np.full(2, 0.9), 0.9, 2, None)
    assert not stream.follow(stage)


def test_new_findings_end_a_running_stream() -> None:
    stage = Clip()
    stage.learn(ramp(2000), RATE)
    first = stage.process(ramp(2000), RATE, reset=False)
    stage.findings = stage.findings
    assert np.array_equal(stage.process(ramp(2000), RATE, reset=False), first)


def test_not_learned_says_what_to_do() -> None:
    with pytest.raises(NotLearned, match=r"call its learn\(audio, sample_rate\) first, or process the whole"):
        Clip().process(ramp(), RATE, reset=False)


def test_findings_are_checked_where_they_come_in() -> None:
    with pytest.raises(TypeError, match=r"Clip\.findings is dict; it must be Peak"):
        Clip().findings = {}  # type: ignore[assignment]
    with pytest.raises(TypeError, match=r"Gain\.findings is Peak; it must be no findings at all"):
        Gain().stream(RATE, 1, Peak(np.ones(1), 1.0, 1, None))


def test_stages_that_sometimes_need_findings() -> None:
    class Sometimes(Clip):
        @property
        def needs_findings(self) -> bool:
            return self.enabled and self.findings is None

        def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
            return Recording(channels, self.framing(sample_rate).latency)

    audio = ramp()
    assert np.array_equal(Sometimes(enabled=False).process(audio, RATE), audio)
    with pytest.raises(NotLearned):
        Sometimes().stream(RATE, 1)


def test_a_wrong_block_says_what_is_right() -> None:
    with pytest.raises(
        AudioShapeError, match=r"shape \(1, 5\) came into a recording of 2 channels; .*\(2, n\)"
    ):
        Gain().stream(RATE, 2).step(np.zeros((1, 5)))
    with pytest.raises(AudioShapeError, match=r"shape \(5,\)"):
        Gain().stream(RATE, 1).step(np.zeros(5))


@pytest.mark.parametrize("identifier", ["declick", "Wavemend.declick", "wavemend.", "a b.c", "a..b", ""])
def test_ids_are_namespaced(identifier: str) -> None:
    with pytest.raises(TypeError, match="must be namespaced, like 'wavemend.declick'"):
        type("Wrong", (Stage,), {"id": identifier})


def test_a_stage_that_repairs_is_a_repair_stage() -> None:
    with pytest.raises(TypeError, match=r"Wrong\.repairs is True, but it is no RepairStage: subclass that"):
        type("Wrong", (Recorder,), {"repairs": True})


def test_abstract_stages_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Stage()  # type: ignore[abstract]


def test_repair_stages_say_so() -> None:
    assert RepairStage.repairs
    assert not Stage.repairs
    assert list(RepairStage.schema) == ["output"]
    assert next(iter(Clip.schema)) == "output"


def test_events_are_values() -> None:
    assert Event("click", 3, 5) == Event("click", 3, 5, None, 1.0)
    with pytest.raises(AttributeError):
        Event("click", 3, 5).position = 4  # type: ignore[misc]
