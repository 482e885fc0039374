"""Contract of the surface: what a stage, a chain and a hosted plugin do alike, as pedalboard does it."""

# ruff: noqa: S101

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pedalboard
import pytest

from ..errors import AudioShapeError, AudioTypeError, AudioValueError
from .subject import RATE, SurfaceSubject, blocks, even, recording, same

# derived: every order of 0, 1, 2, 3, few and many that a layout is told by
SHAPES: list[tuple[int, ...]] = [
    *[(0,), (1,), (2,), (600,)],
    *[(1, 600), (600, 1), (2, 600), (600, 2), (3, 600), (8, 600), (600, 8)],
    *[(1, 1), (1, 2), (2, 1), (2, 3), (3, 2), (1, 0), (0, 1), (2, 0), (0, 2)],
    *[(), (0, 0), (2, 2), (3, 3), (600, 600), (2, 3, 4), (1, 1, 600)],
]

DTYPES = ["float32", "float64", ">f4", ">f8", "float16", "longdouble", "complex64", "int16", "int32", "bool"]


class SurfaceContract(SurfaceSubject):
    """Layouts, dtypes, lengths, errors, and `process` block by block; a subclass says what is made."""

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

    def test_layout_of_a_stream(self) -> None:
        """Earlier blocks settle what a short block leaves open: one sample, or as many as channels."""
        audio = self.take()
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

    @pytest.mark.parametrize("samples", [0, 1, 2, 3, 16, 100, 1023, 1025])
    def test_lengths(self, samples: int) -> None:
        """Recordings shorter than anything that is looked for work."""
        for channels in (1, 2):
            if samples != channels or samples == 1:
                self._check(recording(RATE, channels, samples))
        stream = self.ready(recording(RATE, 2, samples)).stream(RATE, 2)
        came = [stream.step(recording(RATE, 2, samples)), stream.flush()]
        assert sum(part.shape[1] for part in came) == samples

    @pytest.mark.parametrize("rate", [0, -44_100, 1e9, float("nan"), float("inf"), "44100", None, True])
    def test_bad_rates(self, rate: Any) -> None:
        """A sample rate that cannot be one is refused by name."""
        with pytest.raises((AudioValueError, AudioTypeError), match="sample_rate"):
            self.make().process(recording(samples=600), rate)

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

    def test_whole_recordings_end_a_running_stream(self) -> None:
        """After ``reset=True``, `reset`, another rate or another width, a stream starts anew."""
        audio = self.take()
        stage = self.ready(audio)
        first = stage.process(audio, RATE, reset=False)
        for restart in (
            stage.reset,
            lambda: stage.process(audio[:, :600], RATE),
            lambda: stage.process(audio, 48_000.0, reset=False),
        ):
            restart()
            assert same(stage.process(audio, RATE, reset=False), first)

    def test_deterministic(self) -> None:
        """The same recording gives the same bits twice, by one stage or two."""
        audio = self.take()
        stage = self.make()
        first = stage.process(audio, RATE)
        assert same(stage.process(audio, RATE), first)
        assert same(self.make().process(audio, RATE), first)

    @pytest.mark.parametrize("size", [441, 8193])
    def test_blocks_and_flush_are_one_stream(self, size: int) -> None:
        """Blocks and what `flush` gives are as long as the input, whatever their size."""
        audio = self.take()
        made = self.ready(audio)
        expected = self._streamed(made, audio, [audio.shape[1]])
        assert expected.shape == audio.shape
        assert same(self._streamed(made, audio, even(size, audio.shape[1])), expected)

    def test_flush_without_a_stream(self) -> None:
        """Nothing runs, nothing comes."""
        assert self.make().flush().size == 0

    def test_it_is_an_effect(self) -> None:
        """As pedalboard's plugins tell it."""
        made = self.make()
        assert (made.is_effect, made.is_instrument) == (True, False)

    def _streamed(self, made: Any, audio: np.ndarray[Any, Any], sizes: list[int]) -> np.ndarray[Any, Any]:
        came = [made.process(block, RATE, reset=False) for block in blocks(audio, sizes)]
        return np.concatenate([*came, made.flush()], axis=1)

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
