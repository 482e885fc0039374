"""Long recordings in parts: the same samples and events whoever works on them, and nothing left over."""

import threading
import weakref
from contextlib import ExitStack

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend import Chain
from wavemend.audio.crew import Crew
from wavemend.contract.stage import Event, Framing, Processor, RepairStage, Step
from wavemend.host.chain import cuts
from wavemend.host.chain.passes import Passes
from wavemend.host.chain.silence_meter import SilenceMeter
from wavemend.host.chain.sources import ArraySource
from wavemend.host.rendering.spool import FileSpool
from wavemend.plugins.declick.stage import Declick
from wavemend.plugins.decrackle import Decrackle
from wavemend.plugins.denoise import Denoise

RATE = 4000
HOP, LATENCY = 16, 24
MEMORY = 64  # samples


class _Smooth(Processor):
    """Takes the mean of 8 samples away, and tells where a sample is large, when it is given out."""

    def __init__(self, channels, kept):
        self._kept = kept
        self._held = np.zeros((channels, LATENCY + 8))
        self._before = np.zeros((channels, 1))
        self._position = -LATENCY

    def begin_at(self, position):
        self._position += position

    def step(self, frame, sink):
        held = np.concatenate([self._held, frame], axis=1)
        self._held = held[:, HOP:]
        now = held[:, 8 : 8 + HOP]
        if np.any(now == FATAL):
            raise RuntimeError("that sample")
        if sink:
            for channel, at in np.argwhere(now > 0.9):
                sink(Event("large", self._position + int(at), 1, int(channel)))
        self._position += HOP
        mean = np.stack([held[:, 8 - k : 8 - k + HOP] for k in range(8)]).mean(axis=0)
        self._before = mean[:, -1:] + self._kept * self._before
        return now - mean - 1e-3 * self._kept * self._before


FATAL = 0.123456789


class Smooth(RepairStage):
    id = "test.smooth"
    name = "Smooth"
    place = Step.CLICKS
    kept = 0.0  # of the past, for ever

    def framing(self, sample_rate):
        return Framing(HOP, LATENCY)

    @property
    def memory_s(self):
        return MEMORY / RATE

    def processor(self, sample_rate, channels, findings):
        return _Smooth(channels, self.kept)


class Remembering(Smooth):
    id = "test.remembering"
    kept = 0.999


def run(chain, audio, tmp_path_factory, *, size=1, block_size=100, sink=None):
    """Return what comes out of a chain, what was removed, and the events."""
    told = []
    with ExitStack() as stack:
        crew = stack.enter_context(Crew(size))
        folder = tmp_path_factory.getbasetemp()
        passes = Passes(
            chain,
            ArraySource(audio.copy()),
            RATE,
            new_spool=lambda channels: stack.enter_context(FileSpool(folder, channels, audio.shape[1])),
            tap=True,
            sink=sink or (lambda path, event: told.append((path, event))),
            block_size=block_size,
            crew=crew,
            new_shelf=lambda: FileSpool(folder, 1, audio.size),
        )
        passes.learn()
        blocks = [*passes.final()]
    out, removed = (np.concatenate(each, axis=1) for each in zip(*blocks, strict=True))
    return out, removed, told


def noise(length, channels=2, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (channels, length))


@pytest.fixture
def short_parts(monkeypatch):
    monkeypatch.setattr(cuts, "LENGTH_S", 200 / RATE)


@settings(max_examples=15, deadline=None)
@given(
    length=st.integers(1, 1500),
    part=st.integers(MEMORY, 400),
    block_size=st.integers(1, 700),
    size=st.integers(1, 3),
)
def test_what_forgets_comes_out_as_if_it_was_never_cut(tmp_path_factory, length, part, block_size, size):
    audio, chain = noise(length), Chain([Smooth(), Smooth()])
    whole = run(chain, audio, tmp_path_factory)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuts, "LENGTH_S", part / RATE)
        out, removed, told = run(chain, audio, tmp_path_factory, size=size, block_size=block_size)
    assert np.array_equal(out, whole[0])
    assert np.array_equal(removed, whole[1])
    assert sorted(told, key=repr) == sorted(whole[2], key=repr)


def test_what_remembers_is_the_same_for_any_crew_and_differs_from_the_uncut(tmp_path_factory, short_parts):
    audio, chain = noise(1150), Chain([Remembering(), Smooth(), Remembering()])
    alone = run(chain, audio, tmp_path_factory)
    for size in (2, 3):
        out, removed, told = run(chain, audio, tmp_path_factory, size=size)
        assert np.array_equal(out, alone[0])
        assert np.array_equal(removed, alone[1])
        assert told == alone[2]
    for block_size in (7, 64, 5000):
        out, removed, _ = run(chain, audio, tmp_path_factory, size=2, block_size=block_size)
        assert np.array_equal(out, alone[0])
        assert np.array_equal(removed, alone[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuts, "LENGTH_S", 240.0)
        assert not np.array_equal(run(chain, audio, tmp_path_factory)[0], alone[0])


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("at", [0, 450, 1149])
def test_a_stage_that_fails_in_any_part_is_heard_of_and_leaves_no_thread(
    tmp_path_factory, short_parts, size, at
):
    audio = noise(1150)
    audio[0, at] = FATAL
    before = threading.active_count()
    with pytest.raises(RuntimeError, match="that sample"):
        run(Chain([Smooth()]), audio, tmp_path_factory, size=size)
    assert threading.active_count() == before


@pytest.mark.parametrize("size", [1, 2, 3])
def test_parts_that_are_done_with_are_forgotten(tmp_path_factory, short_parts, size):
    alive, most = weakref.WeakSet(), 0

    class Counted(Smooth):
        id = "test.counted"

        def processor(self, sample_rate, channels, findings):
            alive.add(made := _Smooth(channels, 0.0))
            return made

    def sink(path, event):
        nonlocal most
        most = max(most, len(alive))

    run(Chain([Counted()]), noise(8000), tmp_path_factory, size=size, sink=sink)  # 40 parts
    assert most <= size + 5  # those ahead, the one that is fed, two that overlap, and the uncut one's


@pytest.mark.parametrize("size", [1, 2, 3])
def test_an_interrupt_leaves_no_thread(tmp_path_factory, short_parts, size):
    before = threading.active_count()

    def interrupted(path, event):
        if event.position > 500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Chain([Smooth(), Smooth()]), noise(1150), tmp_path_factory, size=size, sink=interrupted)
    assert threading.active_count() == before


def test_silence_to_the_end_is_told_once_with_its_beginning(tmp_path_factory, monkeypatch):
    monkeypatch.setattr(cuts, "LENGTH_S", 1.0)

    class Dies(Smooth):
        id = "test.dies"

        def processor(self, sample_rate, channels, findings):
            return _Dies()

    audio = noise(4 * RATE + 100)
    for size in (1, 2):
        _, _, told = run(Chain([Dies()]), audio, tmp_path_factory, size=size)
        assert [(event.kind, event.position, event.length) for _, event in told] == [
            ("silenced", RATE + 1200, 3 * RATE - 1100)
        ]


class _Dies(Processor):
    def __init__(self):
        self._held = np.zeros((2, LATENCY))
        self._position = -LATENCY

    def begin_at(self, position):
        self._position += position

    def step(self, frame, sink):
        held = np.concatenate([self._held, frame], axis=1)
        self._held = held[:, HOP:]
        out = held[:, :HOP].copy()
        out[:, self._position + np.arange(HOP) >= RATE + 1200] = 0.0
        self._position += HOP
        return out


def test_meters_of_parts_add_up_to_one_of_the_whole():
    audio = noise(3000)
    after = audio.copy()
    after[:, 1200:1300] = after[:, 2100:] = 0.0
    whole = SilenceMeter(RATE, 2)
    whole.push(audio, after)
    joined = None
    for start in range(0, 3000, 700):
        part = SilenceMeter(RATE, 2)
        part.push(audio[:, start : start + 700], after[:, start : start + 700])
        joined = part.after(joined)
    said = [], []
    whole.finish(said[0].append)
    joined.finish(said[1].append)
    assert said[0] == said[1]


@pytest.mark.parametrize("stage", [Declick(), Decrackle(), Denoise()], ids=lambda stage: stage.id)
def test_a_stage_of_ours_that_begins_late_goes_on_as_one_that_heard_all(stage):
    rate, second = 8000, 8000
    assert 1.0 <= stage.memory_s <= cuts.LENGTH_S / 16
    rng = np.random.default_rng(1)
    audio = 0.01 * rng.standard_normal((1, round((stage.memory_s + 4) * second)))
    audio[:, second // 2 :: second // 3] += 0.5
    hop = stage.framing(rate).hop
    begins = 2 * second // hop * hop
    findings = stage.analyse(audio, rate) if stage.needs_findings else None
    told, outs = ([], []), []
    for at, sink in ((0, told[0].append), (begins, told[1].append)):
        stream = stage.stream(rate, 1, findings, begins=at)
        outs.append(np.concatenate([stream.step(audio[:, at:], sink), stream.flush(sink)], axis=1))
    here = begins + round(stage.memory_s * rate)
    assert audio.shape[1] - here > second
    assert np.abs(outs[0][:, here:] - outs[1][:, here - begins :]).max() < 1e-4
    late = [[one for one in events if one.position >= here] for events in told]
    assert [one.position for one in late[0]] == [one.position for one in late[1]]
    assert late[0] or not isinstance(stage, Declick)


def test_a_judge_that_counts_from_where_it_began_is_not_cut():
    assert Declick(algorithm="learned").memory_s is None
