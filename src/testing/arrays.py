"""Contract of arrays: what pedalboard's plugins take, stages take, and give back the same way."""

# ruff: noqa: S101

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies

from ..errors import AudioShapeError, AudioTypeError, AudioValueError
from . import signals
from .subject import RATE, Subject, recording, run, same
from .surface import SurfaceContract

# source: the rates that sound files and converters have
RATES = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000]


class ArraysContract(SurfaceContract, Subject):
    """Precision, rates, widths, extreme signals, and what is no audio."""

    def test_single_precision_is_rounded_once(self) -> None:
        """float32 is processed in double precision: only the result is rounded."""
        audio = recording(samples=6000).astype(np.float32)
        result = self.make().process(audio, RATE)
        exact = self.make().process(audio.astype(np.float64), RATE)
        assert same(result, exact.astype(np.float32))

    @pytest.mark.parametrize("rate", RATES)
    def test_rates(self, rate: int) -> None:
        """Every rate of the field works."""
        audio = recording(float(rate), 1, max(rate // 8, 2000))
        self._check(audio, rate)

    @pytest.mark.parametrize("channels", range(1, 9))
    def test_widths(self, channels: int) -> None:
        """Any number of channels works."""
        self._check(recording(RATE, channels, 6000))

    def test_lengths_around_the_frame(self) -> None:
        """One sample more or less than a frame or the latency loses nothing."""
        stage = self.make()
        hop, latency = stage.framing(RATE).hop, stage.latency(RATE)
        for samples in {max(n + d, 3) for n in (hop, latency, hop + latency) for d in (-1, 0, 1)}:
            self._check(recording(RATE, 2, samples))

    @pytest.mark.parametrize("name", signals.extremes(samples=4))
    def test_extremes(self, name: str) -> None:
        """Silence, constants, full scale, impulses: finite, and as long as the input."""
        self._check(signals.extremes()[name])

    def test_every_setting_runs(self) -> None:
        """Each parameter at each end, and all of them: finite, and as long as the input."""
        for values in self.variants():
            self._check(recording(samples=8000), **values)

    def test_not_finite_in_a_stream(self) -> None:
        """A stream names the place in the recording, and goes on as if the bad block had not come."""
        audio = self.take(3000)
        samples = audio.shape[1]
        stage = self.ready(audio)
        expected = run(stage.stream(RATE, 2), [audio]).audio

        @settings(deadline=None, max_examples=self.examples())
        @given(strategies.integers(0, samples - 1), strategies.integers(0, 1), strategies.integers(100, 9000))
        def check(position: int, channel: int, size: int) -> None:
            stream = stage.stream(RATE, 2)
            outs = []
            for start in range(0, samples, size):
                block = audio[:, start : start + size]
                if start <= position < start + size:
                    bad = block.copy()
                    bad[channel, position - start] = np.nan
                    with pytest.raises(
                        AudioValueError, match=rf"nan at sample {position} of channel {channel + 1}\b"
                    ):
                        stream.step(bad)
                outs.append(stream.step(block))
            assert same(np.concatenate([*outs, stream.flush()], axis=1), expected)

        check()

    def test_blocks_of_another_width(self) -> None:
        """A stream and an analyser refuse blocks of another number of channels."""
        audio = recording(samples=3000)
        stage = self.ready(audio)
        with pytest.raises(AudioShapeError, match="2 channels"):
            stage.stream(RATE, 2).step(audio[:1])
        if stage.findings_type is not None:
            with pytest.raises(AudioShapeError, match="2 channels"):
                stage.analyser(RATE, 2).push(audio[:1])

    def test_bad_rates_of_the_latency(self) -> None:
        """Neither is there a latency at a sample rate that cannot be one."""
        for rate in (0, float("nan"), None):
            with pytest.raises((AudioValueError, AudioTypeError), match="sample_rate"):
                self.make().latency(rate)  # type: ignore[arg-type]

    def test_not_finite_in_an_analysis(self) -> None:
        """NaN and infinity are refused by an analysis as they are by a stream."""
        audio = recording(samples=700).copy()
        audio[1, 333] = np.nan
        if self.stage_class.findings_type is not None:
            with pytest.raises(AudioValueError, match=r"nan at sample 333 of channel 2\b"):
                self.make().analyse(audio, RATE)
