"""The live engine hears 40 ms ahead and no more, and needs no analysis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from wavemend import VoiceDenoise
from wavemend.audio.arrays import Audio
from wavemend.contract.findings import Findings
from wavemend.contract.stage import Stage

from . import test_contract
from .test_stage import level_db, noise, voice

RATE = 16_000


class TestLive(test_contract.TestVoice):
    """What every stage promises, of this engine; findings may be fixed, and are not used."""

    # it cannot tell that nothing is to be found, and it is not the default
    test_nothing_found_nothing_changed: Any = None
    test_values_are_settable_attributes: Any = None
    test_parameter_objects: Any = None

    def make(self, **values: Any) -> Stage:
        return made(**values)

    def findings(self, stage: Stage, audio: Audio, sample_rate: float = 8_000.0) -> Findings:
        return super().findings(VoiceDenoise(), audio, sample_rate)


def made(**values: Any) -> VoiceDenoise:
    return VoiceDenoise(**{"engine": "live", **values})


@pytest.mark.parametrize(
    "rate", [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000]
)
def test_it_holds_back_less_than_fifty_milliseconds(rate: int) -> None:
    assert made().latency(rate) / rate < 0.05


def test_it_needs_no_findings() -> None:
    stage = made()
    assert not stage.needs_findings
    assert VoiceDenoise().needs_findings
    assert stage.stream(RATE, 2).step(np.zeros((2, RATE))).shape[1] > 0


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_noise_over_a_voice_falls(rate: int, channels: int) -> None:
    clean = voice(4.0, rate, channels)
    noisy = clean + noise(clean)
    out = made().process(noisy, rate)
    settled = slice(rate, None)
    assert level_db((out - clean)[:, settled]) < level_db((noisy - clean)[:, settled]) - 3
    pause = slice(round(3.5 * rate), round(3.95 * rate))
    assert level_db(noisy[:, pause]) - level_db(out[:, pause]) > 10


def test_what_comes_later_changes_nothing_that_is_out() -> None:
    noisy = voice(3.0) + noise(voice(3.0))
    other, change = noisy.copy(), 2 * RATE
    other[:, change:] = 0.3 * np.random.default_rng(9).standard_normal(other[:, change:].shape)
    stage = made()
    one, two = stage.process(noisy, RATE), stage.process(other, RATE)
    same = change - stage.latency(RATE)
    assert np.array_equal(one[:, :same], two[:, :same])
    assert not np.array_equal(one[:, change : change + RATE], two[:, change : change + RATE])


def test_any_blocks_give_the_same_bits() -> None:
    noisy = voice(2.0, channels=2) + noise(voice(2.0, channels=2))
    stage = made()
    whole = stage.process(noisy, RATE)
    stream = stage.stream(RATE, 2)
    cuts = np.cumsum(np.random.default_rng(0).integers(1, 900, 100))
    parts = [stream.step(part) for part in np.split(noisy, cuts[cuts < noisy.shape[1]], axis=1)]
    assert np.array_equal(np.concatenate([*parts, stream.flush()], axis=1), whole)


def test_it_is_not_cut_into_parts_for_it_may_remember_for_good() -> None:
    assert made().memory_s is None
    assert VoiceDenoise().memory_s is not None


@pytest.mark.parametrize("values", [{"mix": 0.0}, {"reduction_db": 0.0}])
def test_nothing_asked_for_changes_next_to_nothing(values: dict[str, float]) -> None:
    noisy = voice(2.0) + noise(voice(2.0))
    assert level_db(made(**values).process(noisy, RATE) - noisy) < -180


def test_no_more_is_taken_than_the_reduction() -> None:
    hiss = noise(np.zeros((1, 3 * RATE)))
    out = made(reduction_db=6.0).process(hiss, RATE)
    assert level_db(hiss) - level_db(out) < 6.01


def test_digital_silence_stays_and_nothing_is_taken_before_a_floor_is_known() -> None:
    silence = np.zeros((2, RATE))
    assert np.array_equal(made().process(silence, RATE), silence)
    noisy = np.concatenate([np.zeros((1, RATE)), noise(np.zeros((1, RATE)))], axis=1)
    out = made().process(noisy, RATE)
    begun = slice(RATE, RATE + round(0.3 * RATE))
    assert level_db(out[:, begun] - noisy[:, begun]) < -190


def test_a_clean_voice_keeps_nearly_all() -> None:
    clean = voice(4.0)
    assert level_db(made().process(clean, RATE) - clean) < level_db(clean) - 20
