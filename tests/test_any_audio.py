"""Whatever the samples, however few, at every rate: stages, finders and chains answer, or refuse as said."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend import Chain
from wavemend.analysis.survey import Survey
from wavemend.contract.registry import stage_class, stage_ids
from wavemend.errors import WavemendError

from .fuzz import sounds

RATES = (4000, 4001, 8000, 11025, 22050, 44100, 48000, 96000, 192000)


def denormal(rng: np.random.Generator, channels: int, frames: int) -> sounds.Audio:
    return rng.choice([0.0, 5e-324, -1e-310], (channels, frames))


def of_any_size(rng: np.random.Generator, channels: int, frames: int) -> sounds.Audio:
    return 10 ** rng.uniform(-300, 100, (channels, frames)) * rng.choice([-1, 1], (channels, frames))


CONTENTS = (
    sounds.constant, sounds.alternating, sounds.impulses, sounds.steps, sounds.noise, sounds.tone,
    denormal, of_any_size,
)  # fmt: skip


@st.composite
def recordings(draw: st.DrawFn) -> tuple[sounds.Audio, int, np.random.Generator]:
    """Samples of shape (channels, 0 to 5000), their rate, and what cuts them into blocks."""
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    channels = draw(st.sampled_from((1, 2, 3, 8)))
    frames = draw(st.one_of(st.integers(0, 8), st.integers(0, 5000)))
    return draw(st.sampled_from(CONTENTS))(rng, channels, frames), draw(st.sampled_from(RATES)), rng


def in_blocks(stream: Any, audio: sounds.Audio, rng: np.random.Generator) -> sounds.Audio:
    cuts = np.sort(rng.integers(0, audio.shape[1] + 1, 3))
    blocks = np.split(audio, cuts, axis=1)
    return np.concatenate([*(stream.step(block) for block in blocks), stream.flush()], axis=1)


@pytest.mark.parametrize("identifier", stage_ids())
@settings(max_examples=15)
@given(recording=recordings())
def test_a_stage_answers_or_refuses(identifier, recording) -> None:
    audio, rate, rng = recording
    stage = stage_class(identifier)()
    with suppress(WavemendError):  # and nothing else
        findings = None
        if stage.needs_findings:
            analyser = stage.analyser(rate, len(audio))
            analyser.push(audio)
            findings = analyser.result()
        streamed = in_blocks(stage.stream(rate, len(audio), findings), audio, rng)
        assert streamed.shape == audio.shape and np.isfinite(streamed).all()
        if audio.shape[1] > audio.shape[0]:  # else which side is the channels cannot be told
            assert np.array_equal(stage.process(audio, rate), streamed)


@settings(max_examples=30)
@given(recording=recordings())
def test_the_finders_answer(recording) -> None:
    audio, rate, rng = recording
    survey = Survey(rate, len(audio), 16)
    for block in np.split(audio, np.sort(rng.integers(0, audio.shape[1] + 1, 3)), axis=1):
        survey.push(block)
    for findings in survey.result().values():
        assert findings.describe() and type(findings).from_json(findings.to_json()) == findings


@settings(max_examples=8)
@given(recording=recordings())
def test_a_chain_of_all_stages_answers_or_refuses(recording) -> None:
    audio, rate, _ = recording
    if audio.shape[1] <= audio.shape[0]:
        return
    with suppress(WavemendError):  # and nothing else
        stages = sorted((stage_class(identifier)() for identifier in stage_ids()), key=lambda one: one.place)
        done = Chain(stages).process(audio, rate)
        assert done.shape == audio.shape and np.isfinite(done).all()
