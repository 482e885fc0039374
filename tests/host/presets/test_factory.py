"""Factory presets do what they are for: less is left of what a carrier added, beside their filters alone."""

import numpy as np
import pytest
from wavemend import load_preset
from wavemend.host.presets.library import preset_names

RATE, SECONDS = 44_100, 3
LEAD = RATE // 2
CLICKING = {"vinyl-light": True, "cassette-voice": False, "telephone": True}


def notes():
    """Return plucked notes over a pedal, shape (1, n), half a second of silence first."""
    seconds = np.arange(SECONDS * RATE) / RATE
    since = seconds % 0.5
    base = np.repeat([220.0, 330.0, 277.18, 440.0, 370.0, 247.0], RATE // 2)
    music = (
        sum(np.exp(-(3 + h) * since) * np.sin(2 * np.pi * h * base * since) / h for h in range(1, 8))
        * np.clip(since / 0.005, 0, 1)
        * np.clip((0.5 - since) / 0.01, 0, 1)
    )
    music[:LEAD] = 0.0
    return 0.2 * music[np.newaxis]


def worn(clean, *, clicking):
    """Add hiss 34 dB under the notes, hum, and a click every tenth of a second where it is `clicking`."""
    draw = np.random.default_rng(5)
    size = clean.shape[1]
    hiss = 1.2e-3 * draw.standard_normal(size)
    hum = 1.5e-3 * np.sin(2 * np.pi * 50 * np.arange(size) / RATE)
    clicks = np.zeros(size)
    ring = np.exp(-np.arange(60) / 9) * np.sin(2 * np.pi * 4000 / RATE * np.arange(60))
    for start in range(LEAD, size - 100, RATE // 10):
        clicks[start + 57 : start + 117] += draw.choice((-1, 1)) * draw.uniform(0.05, 0.3) * ring
    return clean + hiss + hum + clicking * clicks


@pytest.mark.parametrize(("name", "clicking"), CLICKING.items())
def test_a_worn_recording_is_nearer_to_the_clean_one(name, clicking):
    clean = notes()
    damaged = worn(clean, clicking=clicking)
    chain = load_preset(f"factory:{name}").chain
    restored = chain.process(damaged, RATE)
    for slot in chain.slots:
        slot.bypass = slot.bypass or getattr(slot.member, "repairs", False)
    wanted, untreated = (chain.process(audio, RATE) for audio in (clean, damaged))
    before, after = (np.sum((audio - wanted)[:, LEAD:] ** 2) for audio in (untreated, restored))
    assert after < before / 2


@pytest.mark.parametrize("name", preset_names())
def test_each_has_a_name_of_its_own_and_says_what_it_is_for(name):
    names = [load_preset(f"factory:{one}").name for one in preset_names()]
    assert len(set(names)) == len(names)
    assert len(load_preset(f"factory:{name}").description) < 320
