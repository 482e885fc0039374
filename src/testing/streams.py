"""Contract of streams: partition, latency, alignment, parameters that change, nothing that leaks."""

# ruff: noqa: S101

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from ..errors import NotLearned
from . import signals
from .subject import (
    BLOCK_SIZES,
    RATE,
    Subject,
    Take,
    blocks,
    even,
    partitions,
    recording,
    run,
    same,
    values_at_ends,
)
from .subject import whole as stream_whole


class StreamsContract(Subject):
    """The same bits however a recording is cut, on time, and from this recording alone."""

    # -- partition ---------------------------------------------------------------------------------

    @pytest.mark.parametrize("size", BLOCK_SIZES)
    def test_even_blocks(self, size: int) -> None:
        """Blocks of one size give the bits, the removed signal and the events of the whole."""
        audio = self.take(latencies=2)
        stage = self.ready(audio)
        sizes = even(size, audio.shape[1])
        assert_same_take(stream_whole(stage, audio, sizes), stream_whole(stage, audio))

    def test_single_samples(self) -> None:
        """Neither does it matter when samples come one by one."""
        audio = self.take(500)
        stage = self.ready(audio)
        sizes = even(1, audio.shape[1])
        assert_same_take(stream_whole(stage, audio, sizes), stream_whole(stage, audio))

    def test_any_blocks(self) -> None:
        """Any partition at all, empty blocks and other memory orders too."""
        audio = self.take()
        stage = self.ready(audio)
        expected = stream_whole(stage, audio)

        @settings(deadline=None, max_examples=self.examples())
        @given(partitions(audio.shape[1]))
        def check(sizes: list[int]) -> None:
            assert_same_take(stream_whole(stage, audio, sizes), expected)
            stream = stage.stream(RATE, 2)
            assert_same_take(run(stream, map(np.asfortranarray, blocks(audio, sizes))), expected)

        check()

    def test_buffers_are_the_callers(self) -> None:
        """A caller may use one buffer for every block, and write into what it got."""
        audio = self.take()
        stage = self.ready(audio)
        expected = stream_whole(stage, audio).audio
        stream = stage.stream(RATE, 2)
        buffer, outs = np.empty((2, 500)), []
        for block in blocks(audio, even(500, audio.shape[1])):
            used = buffer[:, : block.shape[1]]
            used[...] = block
            out = stream.step(used)
            outs.append(out.copy())
            buffer[...] = 9.0
            out[...] = 9.0
        assert same(np.concatenate([*outs, stream.flush()], axis=1), expected)

    # -- latency -----------------------------------------------------------------------------------

    @pytest.mark.parametrize("rate", [8_000.0, RATE, 96_000.0])
    def test_latency(self, rate: float) -> None:
        """No prefix is held back by more than the latency; `run` checks the rest after every block."""
        audio = recording(rate, 1, int(rate // 4))
        stage = self.ready(audio, rate)
        stream = stage.stream(rate, 1)
        assert stream.latency == stage.latency(rate)
        assert stream.latency >= 0
        run(stream, blocks(audio, [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610]))

    def test_reported_latency(self) -> None:
        """`reported_latency_samples` is the running stream's, else that at 44.1 kHz."""
        audio = recording(samples=3000)
        stage = self.ready(audio)
        assert stage.reported_latency_samples == stage.latency(44_100.0)
        for rate in (96_000.0, 22_050.0):
            stage.process(audio, rate, reset=False)
            assert stage.reported_latency_samples == stage.latency(rate)
        stage.reset()
        assert stage.reported_latency_samples == stage.latency(44_100.0)

    def test_latency_depends_on_restart_parameters_alone(self) -> None:
        """A host may read the latency once: what is automatable cannot change it."""
        expected = self.make().framing(RATE)
        for name, parameter in self.make().parameters.items():
            if not self.stage_class.schema[name].restart:
                for value in values_at_ends(parameter):
                    assert self.make(**{name: value}).framing(RATE) == expected

    def test_every_latency_is_kept(self) -> None:
        """At every parameter's ends nothing is late, and nothing is lost."""
        audio = recording(samples=6000)
        for values in self.variants():
            stage = self.ready(audio, **values)
            assert stage.latency(RATE) == stage.stream(RATE, 2).latency
            stream_whole(stage, audio, even(441, 6000))

    def test_aligned(self) -> None:
        """The first sample out belongs to the first sample in."""
        audio = self.take()
        assert signals.lag(audio, self.make().process(audio, RATE)) == 0

    def test_empty_recording(self) -> None:
        """A stream that was fed nothing gives nothing, not even events."""
        take = run(self.ready(recording()).stream(RATE, 2), [])
        assert take.audio.shape == (2, 0)
        assert take.events == []

    def test_events_lie_in_the_recording(self) -> None:
        """Every event names samples and a channel that exist."""
        audio = self.take()
        for event in stream_whole(self.ready(audio), audio).events:
            assert event.kind
            assert 0 <= event.position < event.position + event.length <= audio.shape[1]
            assert event.channel is None or 0 <= event.channel < 2
            assert 0 <= event.confidence <= 1

    # -- pedalboard's process ------------------------------------------------------------------------

    def test_process_is_the_stream(self) -> None:
        """`process` of a whole recording is stream and flush; block by block it is the stream."""
        audio = self.take()
        samples = audio.shape[1]
        stage = self.ready(audio)
        expected = stream_whole(stage, audio).audio
        assert same(stage.process(audio, RATE), expected)
        assert same(stage(audio, RATE, buffer_size=64), expected)
        fresh = self.make()
        assert same(fresh.process(audio, RATE), expected), "analysis in process differs from fixed findings"
        for size in (441, 8193):
            live = [stage.process(b, RATE, reset=False) for b in blocks(audio, even(size, samples))]
            came = np.concatenate(live, axis=1)
            assert came.shape[1] >= samples - stage.latency(RATE)
            assert same(came, np.ascontiguousarray(expected[:, : came.shape[1]]))
            stage.reset()

    def test_not_learned(self) -> None:
        """What needs findings says so before it runs live, in words that help."""
        audio = recording(samples=600)
        stage = self.make()
        if not stage.needs_findings:
            stage.stream(RATE, 2)
            stage.process(audio, RATE, reset=False)
            return
        for attempt in (lambda: stage.stream(RATE, 2), lambda: stage.process(audio, RATE, reset=False)):
            with pytest.raises(NotLearned, match=self.stage_class.__name__) as caught:
                attempt()
            assert isinstance(caught.value, RuntimeError)

    # -- parameters that change ----------------------------------------------------------------------

    def test_automation(self) -> None:
        """A changed automatable parameter is heard from the next frame on, without a gap, and not before."""
        audio = self.take(10_000, latencies=3)
        latency = self.make().latency(RATE)
        moved, tail = latency + 5_000, 2 * latency + 5_000  # 5 000 samples of the output lie behind these
        findings = self.findings(self.make(), audio)
        expected = self._live(audio, findings, moved)
        for name, parameter in self.make().parameters.items():
            for value in values_at_ends(parameter) if parameter.is_automatable else []:
                changed = self._live(audio, findings, moved, {name: value})
                assert changed.shape == expected.shape, f"{name}: samples were lost"
                sure = moved - latency
                assert same(changed[:, :sure].copy(), expected[:, :sure].copy()), f"{name}: heard too early"
                all_along = self.make(**{name: value})
                all_along.findings = findings
                static = all_along.process(audio, RATE, reset=False)
                if not np.array_equal(static[:, tail:], expected[:, tail:]):
                    assert not np.array_equal(changed[:, moved:], expected[:, moved:]), f"{name}: not heard"

    def test_restart_parameters_restart(self) -> None:
        """After a change that latency or buffers depend on, the next block starts a stream."""
        audio = self.take()
        for name, parameter in self.make().parameters.items():
            if not self.stage_class.schema[name].restart:
                continue
            assert not parameter.is_automatable
            for value in values_at_ends(parameter):
                stage = self.ready(audio)
                if getattr(stage, name) == value:
                    continue
                stage.process(audio, RATE, reset=False)
                setattr(stage, name, value)
                fresh = stage.copy()
                assert same(
                    stage.process(audio, RATE, reset=False), fresh.process(audio, RATE, reset=False)
                ), name

    def test_streams_work_on_a_snapshot(self) -> None:
        """An open stream does not hear what becomes of the stage."""
        audio = recording(samples=6000)
        for values in self.variants():
            stage = self.ready(audio)
            expected = stream_whole(stage, audio)
            stream = stage.stream(RATE, 2)
            for name, value in values.items():
                setattr(stage, name, value)
            stage.findings = None
            assert_same_take(run(stream, [audio]), expected)

    # -- one recording, no other -----------------------------------------------------------------------

    def test_nothing_leaks_into_the_next_recording(self) -> None:
        """A recording comes out the same whatever came before it."""
        one, other = self.take(seed=1), self.take(seed=2)
        expected = self.make().process(other, RATE)
        stage = self.make()
        stage.process(one, RATE)
        assert stage.findings is None
        assert same(stage.process(other, RATE), expected)
        live = self.ready(other)
        fresh = live.copy().process(other, RATE, reset=False)
        live.process(one, RATE, reset=False)
        live.reset()
        assert same(live.process(other, RATE, reset=False), fresh)

    def test_interleaved_streams(self) -> None:
        """Two streams of one stage, in turns, do as each alone."""
        one, other = self.take(seed=1), self.take(7000, seed=2)
        stage = self.ready(one)
        streams = stage.stream(RATE, 2), stage.stream(RATE, 2)
        outs: tuple[list[Any], list[Any]] = ([], [])
        for pair in zip_longest(blocks(one, [441] * 99), blocks(other, [700] * 99)):
            for stream, out, block in zip(streams, outs, pair, strict=True):
                if block is not None:
                    out.append(stream.step(block))
        for stream, out, audio in zip(streams, outs, (one, other), strict=True):
            assert same(np.concatenate([*out, stream.flush()], axis=1), stream_whole(stage, audio).audio)

    def test_threads(self) -> None:
        """Two streams in two threads do as each alone."""
        takes = [self.take(seed=seed) for seed in (1, 2)]
        stage = self.ready(takes[0])
        expected = [stream_whole(stage, audio) for audio in takes]
        with ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(stream_whole, stage, audio, [441] * 99) for audio in takes]
            for job, alone in zip(jobs, expected, strict=True):
                assert_same_take(job.result(), alone)

    def _live(self, audio: Any, findings: Any, moved: int, later: dict[str, Any] | None = None) -> Any:
        """Run in two blocks; settings change between them, after so many samples."""
        stage = self.make()
        stage.findings = findings
        first = stage.process(audio[:, :moved], RATE, reset=False)
        for name, value in (later or {}).items():
            setattr(stage, name, value)
        return np.concatenate([first, stage.process(audio[:, moved:], RATE, reset=False)], axis=1)


def assert_same_take(one: Take, other: Take) -> None:
    """Fail unless two runs gave the same bits, removed the same, and told the same events."""
    assert same(one.audio, other.audio)
    assert same(one.removed, other.removed)
    assert one.events == other.events
