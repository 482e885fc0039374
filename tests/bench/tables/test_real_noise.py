"""The tables of real noise say what a way did, and no more than was measured."""

import numpy as np
import pytest
from bench.material.reporting.channel import RATE
from bench.material.reporting.noise import KINDS, Noisy, noisy
from bench.material.takes import Take
from bench.measuring.plan import ChoiceError, Plan
from bench.tables.real_noise import Gain, Way

from bench.tables import real_noise

WAYS = [
    Way("nothing", lambda made: made.audio),
    Way("half", lambda made: (made.audio + made.clean) / 2),
    Way("absent", lambda made: made.audio, missing="not installed"),
]


def plan(kinds: tuple[str, ...] = ()) -> Plan:
    time = np.arange(3 * RATE) / RATE
    audio = 0.1 * np.stack([np.sin(2 * np.pi * hz * time) for hz in (110, 277)])
    return Plan(
        count=1, quick=True, kinds=kinds, material=lambda kind, count, seconds: [Take("notes", audio, RATE)]
    )


def test_gains_are_what_a_way_took_away() -> None:
    gains = real_noise.measure(plan(), {"tape hiss": KINDS["tape hiss"]}, WAYS)
    assert {key[3] for key in gains} == {"nothing", "half"}
    for (_, _, below_db, name), (gain,) in gains.items():
        assert below_db == 10.0
        assert gain.sdr_db == pytest.approx(6.02 if name == "half" else 0.0, abs=0.01)
        assert gain.worst_octave_db == pytest.approx(6.02 if name == "half" else 0.0, abs=0.01)
        assert gain.low_octave_db == pytest.approx(0.0, abs=0.3)
    text = "\n".join(real_noise.views("Noise", gains, WAYS))
    assert "| tape hiss, 10 dB | +0.0 (+0.0; +0.0;" in text and "absent" not in text
    told = real_noise.summary("Noise", gains, WAYS)
    assert "half: +6.02 dB, mean of 2 mixes; nothing gained in 0 %, made worse in 0 %" in told
    assert "nothing: +0.00 dB, mean of 2 mixes; nothing gained in 100 %" in told


def test_lost_low_octaves_are_told_and_only_where_there_are_any() -> None:
    time = np.arange(2 * RATE) / RATE
    low, high = (np.sin(2 * np.pi * hz * time)[None] for hz in (60.0, 2000.0))
    assert real_noise.kept_db(low + high, 0.5 * low + high, 62.5, RATE) == pytest.approx(-6.02, abs=0.05)
    assert np.isnan(real_noise.kept_db(high, high, 62.5, RATE))


def test_an_octave_without_noise_does_not_count() -> None:
    time = np.arange(RATE) / RATE
    noise = np.stack([np.sin(2 * np.pi * 1000 * time) + 0.01 * np.sin(2 * np.pi * 8000 * time)])
    assert real_noise.octaves_with_noise(noise, [500.0, 1000.0, 8000.0], RATE) == [1000.0]


def test_what_must_be_told_of_noise_hears_it_first_and_nothing_is_shifted() -> None:
    made = noisy(plan().takes("music")[0], KINDS["pause 0.3 s"], 10.0, 0)
    output = real_noise.wiener(made)
    assert output.shape == made.audio.shape
    assert real_noise.gain_of(made, output).sdr_db > 5
    learnt = real_noise.softest(
        Take("x", np.concatenate([np.ones((1, 44100)), np.zeros((1, 50000))], 1), 44100)
    )
    assert learnt.start >= 44000 and learnt.stop - learnt.start == 44100


def test_only_what_is_before_a_fade_counts() -> None:
    audio = np.zeros((1, 10 * RATE))
    made = Noisy(audio, audio, slice(RATE, 9 * RATE), slice(0, RATE), RATE)
    assert real_noise.before_fade(made, 5.0).program == slice(RATE, 4 * RATE)


def test_a_cell_of_nothing_says_so_and_an_unknown_kind_is_refused() -> None:
    assert real_noise.cell(None) == "–"
    assert real_noise.cell([Gain(1.0, -2.0, -0.5), Gain(3.0, 1.0, 0.0)]) == "+2.0 (+1.0; -2.0; -0.5)"
    with pytest.raises(ChoiceError, match="wow must be of"):
        real_noise.choose(plan(("wow",)))
    (_, real), (_, made) = real_noise.choose(plan(("tape hiss",)))
    assert not real and list(made) == ["tape hiss"]
