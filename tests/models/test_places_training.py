"""What tells VoiceDenoise where a voice is: fitted to what it is shown, and written as a module."""

from __future__ import annotations

import numpy as np
from models.training.places import train
from models.training.places.material import COUNT, KINDS, levelled, spoiled
from models.training.voice.noises import RATE
from models.training.voice.words import WORDS, sentence
from wavemend.analysis.program.features import NAMES


def test_the_module_that_is_written_is_what_was_fitted() -> None:
    draw = np.random.default_rng(0)
    kinds = np.repeat(np.arange(len(KINDS)), 40)
    found = (
        draw.standard_normal((kinds.size, len(NAMES))) + 2.0 * draw.standard_normal((4, len(NAMES)))[kinds]
    )
    arrays = train.fit(found, kinds)
    written: dict[str, np.ndarray] = {}
    exec(train.module(arrays, kinds.size), written)
    shown = np.clip((found - written["MEAN"]) / written["SCALE"], -3, 3)
    hidden = np.tanh(shown @ written["FIRST"].T + written["FIRST_BIAS"])
    told = np.argmax(hidden @ written["SECOND"].T + written["BIAS"], axis=1)
    assert np.mean(told == kinds) > 0.95


def test_a_stretch_is_described_every_three_seconds() -> None:
    draw = np.random.default_rng(1)
    audio = spoiled(levelled(draw.standard_normal(COUNT)), draw)
    assert audio.shape == (COUNT,)
    assert train.described(audio[: 6 * RATE]).shape == (2, len(NAMES))


def test_sentences_are_drawn_of_each_language() -> None:
    for language in WORDS:
        said = sentence(language, np.random.default_rng(2))
        assert 5 <= len(said.split()) <= 14
        assert said == sentence(language, np.random.default_rng(2))
