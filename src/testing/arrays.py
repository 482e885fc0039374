"""Contract of arrays: what pedalboard's plugins take, stages take, and give back the same way."""

# ruff: noqa: S101

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pedalboard
import pytest
from hypothesis import given, settings, strategies

from ..errors import AudioShapeError, AudioTypeError, AudioValueError
from . import signals
from .subject import RATE, Subject, recording, run, same

SHAPES: list[tuple[int, ...]] = [
    *[(0,), (1,), (2,), (600,)],
    *[(1, 600), (600, 1), (2, 600), (600, 2), (3, 600), (8, 600), (600, 8)],
    *[(1, 1), (1, 2), (2, 1), (2, 3), (3, 2), (1, 0), (0, 1), (2, 0), (0, 2)],
    *[(), (0, 0), (2, 2), (3, 3), (600, 600), (2, 3, 4), (1, 1, 600)],
]

DTYPES = ["float32", "float64", ">f4", ">f8", "float16", "longdouble", "complex64", "int16", "int32", "bool"]

RATES = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000]


class ArraysContract(Subject):
    """Layouts, dtypes, rates, widths, lengths, extreme signals, and what is no audio."""

    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    def test_layouts(self, shape: tuple[int, ...]) -> None:
        """The layouts that pedalboard takes come back as they came; the others are refused as it does."""
        array = np.zeros(shape, np.float32)
        array[...] = 0.01 * np.random.default_rng(0).standard_normal(shape)
        reference = _outcome(pedalboard.Gain(0.0), array)
        outcome = _outcome(self.make(), array)
        if isinstance(reference, tuple):
            assert outcome == reference
        else:
            assert isinstance(outcome, type)
            assert issubclass(outcome, reference)
            assert issubclass(outcome, AudioShapeError)

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_dtypes(self, dtype: str) -> None:
        """Pedalboard's dtypes are taken and come back, double precision too; others are TypeErrors."""
        array = np.zeros((2, 600), dtype)
        if isinstance(_outcome(pedalboard.Gain(0.0), array), tuple):
            assert self.make().process(array, RATE).dtype == array.dtype
        else:
            with pytest.raises(AudioTypeError, match=array.dtype.name) as caught:
                self.make().process(array, RATE)
            assert isinstance(caught.value, TypeError)

    @pytest.mark.parametrize("value", [None, 1.0, "audio", [0.0] * 600, [[0.0] * 600] * 2], ids=repr)
    def test_not_arrays(self, value: Any) -> None:
        """Lists and the like are TypeErrors, as with pedalboard."""
        for plugin in (pedalboard.Gain(0.0), self.make()):
            with pytest.raises(TypeError):
                plugin.process(value, RATE)

    def test_layouts_agree(self) -> None:
        """The same audio in any layout and memory order gives the same bits, and the input stays."""
        audio = recording(channels=2, samples=6000)
        expected = self.make().process(audio, RATE)
        padded = np.zeros((4, 12_000))
        padded[::2, ::2] = audio
        ways: list[tuple[Any, Callable[[Any], Any]]] = [
            (np.asfortranarray(audio), np.asarray),
            (np.ascontiguousarray(audio.T), np.transpose),
            (audio.T, np.transpose),
            (padded[::2, ::2], np.asarray),
            (audio.astype(">f8"), lambda array: array.astype(np.float64)),
        ]
        for given_as, back in ways:
            untouched = given_as.copy()
            given_as.setflags(write=False)
            result = self.make()(given_as, RATE)
            assert same(np.ascontiguousarray(back(result)), expected)
            assert same(given_as, untouched)
            assert not np.shares_memory(given_as, result)
        mono = self.make().process(audio[:1], RATE)
        assert same(self.make().process(audio[0], RATE), mono[0])

    def test_single_precision_is_rounded_once(self) -> None:
        """float32 is processed in double precision: only the result is rounded."""
        audio = recording(samples=6000).astype(np.float32)
        result = self.make().process(audio, RATE)
        exact = self.make().process(audio.astype(np.float64), RATE)
        assert same(result, exact.astype(np.float32))

    def test_layout_of_a_stream(self) -> None:
        """Earlier blocks settle what a short block leaves open: one sample, or as many as channels."""
        audio = self.take(9000)
        sizes = [5000, 1, 1, 2, audio.shape[1] - 5004]
        results = []
        for transposed in (False, True):
            stage = self.ready(audio)
            outs, start = [], 0
            for size in sizes:
                block = audio[:, start : start + size]
                out = stage.process(block.T if transposed else block, RATE, reset=False)
                outs.append(out.T if transposed else out)
                start += size
            results.append(np.concatenate(outs, axis=1))
        assert same(*results)
        stage = self.ready(audio)
        assert same(results[0], stage.process(audio, RATE, reset=False))

    @pytest.mark.parametrize("rate", RATES)
    def test_rates(self, rate: int) -> None:
        """Every rate of the field works."""
        audio = recording(float(rate), 1, max(rate // 8, 2000))
        self._check(audio, rate)

    @pytest.mark.parametrize("channels", range(1, 9))
    def test_widths(self, channels: int) -> None:
        """Any number of channels works."""
        self._check(recording(RATE, channels, 6000))

    @pytest.mark.parametrize("samples", [0, 1, 2, 3, 16, 100, 1023, 1025])
    def test_lengths(self, samples: int) -> None:
        """Recordings shorter than anything the stage looks for work."""
        for channels in (1, 2):
            if samples != channels or samples == 1:
                self._check(recording(RATE, channels, samples))
        stream = self.ready(recording(RATE, 2, samples)).stream(RATE, 2)
        assert run(stream, [recording(RATE, 2, samples)]).audio.shape == (2, samples)

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

    @pytest.mark.parametrize("rate", [0, -44_100, 1e9, float("nan"), float("inf"), "44100", None, True])
    def test_bad_rates(self, rate: Any) -> None:
        """A sample rate that cannot be one is refused by name."""
        with pytest.raises((AudioValueError, AudioTypeError), match="sample_rate"):
            self.make().process(recording(samples=600), rate)
        with pytest.raises((AudioValueError, AudioTypeError), match="sample_rate"):
            self.make().latency(rate)

    @pytest.mark.parametrize("channels", [0, -1, 1000, 1.5, None])
    def test_bad_widths(self, channels: Any) -> None:
        """A stream of a number of channels that cannot be one is refused by name."""
        with pytest.raises((AudioValueError, AudioTypeError), match="channels"):
            self.ready(recording(samples=600)).stream(RATE, channels)

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_not_finite(self, value: float) -> None:
        """NaN and infinity are refused by channel and sample, in every layout, wherever they are."""
        clean = recording(samples=700)
        for channel, position in [(0, 0), (1, 0), (0, 699), (1, 333)]:
            audio = clean.copy()
            audio[channel, position] = value
            where = rf"{value} at sample {position} of channel {channel + 1}\b"
            for array in (audio, audio.T, audio.astype(np.float32)):
                with pytest.raises(AudioValueError, match=where):
                    self.make().process(array, RATE)
                with pytest.raises(AudioValueError, match=where):
                    self.ready(clean).process(array, RATE, reset=False)
            if self.stage_class.findings_type is not None:
                with pytest.raises(AudioValueError, match=where):
                    self.make().analyse(audio, RATE)

    def test_not_finite_in_a_stream(self) -> None:
        """A stream names the place in the recording, and goes on as if the bad block had not come."""
        audio = self.take(3000, latencies=1)
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

    def _check(self, audio: np.ndarray[Any, Any], rate: float = RATE, **values: Any) -> None:
        result = self.make(**values).process(audio, rate)
        assert result.shape == audio.shape
        assert result.dtype == audio.dtype
        assert np.isfinite(result).all()


def _outcome(plugin: Any, array: np.ndarray[Any, Any]) -> Any:
    """Shape of what comes back, or the type of the error."""
    try:
        return plugin.process(array, RATE).shape
    except Exception as error:
        return type(error)
