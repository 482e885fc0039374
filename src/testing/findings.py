"""Contract of findings: what analysis gives, and that it gives nothing else away."""

# ruff: noqa: S101

from __future__ import annotations

import copy
import json
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from ..contract.findings import Findings
from ..errors import FindingsError, WavemendError
from . import signals
from .subject import BLOCK_SIZES, RATE, Subject, blocks, even, partitions, recording, same

SAMPLES = 20_000  # derived: 2.5 s at `signals.RATE`, more than any finder's window

JUNK: list[Any] = [
    {"junk": [1, {"more": None}]},
    ["junk"],
    [None],
    [True, "1"],
    [[1.0], [2.0, 3.0]],
    [[[[[]]]], 1],
    [float("nan")],
    [float("inf")],
    [10**400],
    "__import__('os')",
    object(),
    1j,
    float("nan"),
    float("inf"),
    10**400,
    b"junk",
]
"""What no field of any findings may be; guard: of every JSON type, and what is no JSON."""


class FindingsContract(Subject):
    """Partition-invariant, plain, exact through JSON, deaf to hostile data; stages without any say so."""

    def test_stages_without_findings(self) -> None:
        """A stage that listens to nothing says so instead of taking findings and leaving them unused."""
        if self.stage_class.findings_type is not None:
            assert issubclass(self.stage_class.findings_type, Findings)
            return
        stage = self.make()
        assert not stage.needs_findings
        with pytest.raises(NotImplementedError, match=self.stage_class.__name__):
            stage.analyse(recording(samples=600), RATE)
        with pytest.raises(TypeError, match="no findings"):
            stage.findings = _Foreign()
        with pytest.raises(TypeError, match="no findings"):
            stage.stream(RATE, 2, _Foreign())

    @pytest.mark.parametrize("size", BLOCK_SIZES)
    def test_findings_of_even_blocks(self, size: int) -> None:
        """Findings are the same however the recording was cut."""
        self._check_partition(recording(samples=SAMPLES), even(size, SAMPLES))

    def test_findings_of_single_samples(self) -> None:
        """Neither does it matter when samples come one by one."""
        self._check_partition(recording(samples=1500), even(1, 1500))

    def test_findings_of_any_blocks(self) -> None:
        """Any partition at all."""
        if self.stage_class.findings_type is None:
            return
        audio = recording(samples=6000)

        @settings(deadline=None, max_examples=20)
        @given(partitions(6000))
        def check(sizes: list[int]) -> None:
            self._check_partition(audio, sizes)

        check()

    def test_plain_data(self) -> None:
        """Findings are of the class promised, describe themselves in a line, and compare by value."""
        for found in self._examples():
            assert type(found) is self.stage_class.findings_type
            assert isinstance(found.found, bool)
            assert found.describe()
            assert "\n" not in found.describe()
            assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301
            assert copy.deepcopy(found) == found
            assert found != object()

    def test_nothing_to_find_in_silence(self) -> None:
        """Digital silence holds nothing to repair."""
        if self.stage_class.findings_type is not None and self.stage_class.repairs:
            assert not self.make().analyse(np.zeros((2, SAMPLES)), RATE).found

    def test_json(self) -> None:
        """The way through JSON is exact, and what comes back works the same."""
        audio = recording(samples=6000)
        for found in self._examples():
            text = json.dumps(found.to_json(), allow_nan=False)
            again = type(found).from_json(json.loads(text))
            assert again == found
            assert json.dumps(again.to_json()) == text
            if found == self._examples()[0]:
                stage, twin = self.make(), self.make()
                stage.findings, twin.findings = found, again
                assert same(stage.process(audio, RATE), twin.process(audio, RATE))

    def test_hostile_data(self) -> None:
        """Strangers' data is refused with `FindingsError`, whatever is wrong with it."""
        for found in self._examples()[:1]:
            good = found.to_json()
            hostile: list[Any] = [None, [], "junk", 1.0, {}, {**good, "junk": 1.0}, [good], {1: 2}]
            for name in good:
                hostile.append({key: value for key, value in good.items() if key != name})
                hostile += [{**good, name: junk} for junk in JUNK if not _plausible(good[name], junk)]
            for data in hostile:
                with pytest.raises(FindingsError):
                    type(found).from_json(data)
            assert issubclass(FindingsError, ValueError)

    def test_analysis_leaves_the_stage_unchanged(self) -> None:
        """Neither `analyse`, nor an analyser, nor processing a whole recording changes the stage."""
        audio = recording(samples=SAMPLES)
        stage = self.make()
        before, bits = stage.copy(), pickle.dumps(stage)
        self.findings(stage, audio)
        stage.process(audio, RATE)
        assert stage == before
        assert stage.findings is None
        assert pickle.dumps(stage) == bits

    def test_fixed_on_purpose(self) -> None:
        """`learn` fixes findings until they are set to None; they come before a stream's own."""
        if self.stage_class.findings_type is None:
            return
        one, other = recording(samples=9000, seed=1), recording(samples=9000, seed=2)
        stage = self.make()
        with warnings.catch_warnings():  # a stage may say that it was not shown what it expects
            warnings.simplefilter("ignore")
            found = stage.learn(one, RATE)
            assert stage.findings == found == self.make().learn(one, RATE)
        assert not stage.needs_findings
        assert stage != self.make()
        expected = self.make()
        expected.findings = found
        assert same(stage.process(other, RATE), expected.process(other, RATE))
        stream = stage.stream(RATE, 2, self.make().analyse(other, RATE))
        by_hand = np.concatenate([stream.step(other), stream.flush()], axis=1)
        assert same(by_hand, stage.process(other, RATE))
        stage.findings = None
        assert stage == self.make()
        wrong: Any
        for wrong in (_Foreign(), "junk", found.to_json()):
            with pytest.raises(TypeError, match="findings"):
                stage.findings = wrong
            with pytest.raises(TypeError, match="findings"):
                stage.stream(RATE, 2, wrong)

    def test_findings_of_another_width(self) -> None:
        """Findings of two channels either serve five, or are refused in words."""
        if self.stage_class.findings_type is None:
            return
        stage = self.ready(recording(samples=6000))
        audio = recording(channels=5, samples=6000)
        try:
            result = stage.process(audio, RATE)
        except WavemendError:
            return
        assert np.isfinite(result).all()

    def _examples(self) -> list[Any]:
        """Return findings of a damaged recording, then of extreme and of short ones."""
        if self.stage_class.findings_type is None:
            return []
        stage = self.make()
        takes = [recording(samples=SAMPLES), *signals.extremes().values()]
        takes += [recording(samples=n) for n in (0, 1, 100)]
        return [self.findings(stage, audio) for audio in takes]

    def _check_partition(self, audio: Any, sizes: list[int]) -> None:
        if self.stage_class.findings_type is None:
            return
        stage = self.make()
        buffer = np.empty_like(audio)
        analyser = stage.analyser(RATE, audio.shape[0])
        for block in blocks(audio, sizes):
            view = buffer[:, : block.shape[1]]
            view[...] = block
            analyser.push(view)
            view[...] = 9.0  # the caller's buffer is the caller's
        assert analyser.result().to_json() == stage.analyse(audio, RATE).to_json()


class _Foreign(Findings):
    """Findings of no stage."""

    found = True

    def describe(self) -> str:
        """See `Findings.describe`."""
        return "foreign"


def _plausible(good: Any, junk: Any) -> bool:
    """Whether `junk` might be right after all: words for words or None, a whole number likewise."""
    return isinstance(junk, str | int) and (good is None or type(good) is type(junk))
