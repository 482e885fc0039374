"""The detector of audible clicks finds those that the surface's own description lists, and none in sound."""

import json

import numpy as np
import pytest
from bench.material.reporting.channel import RATE, ROUTES
from bench.material.takes import Take

from bench.material.reporting import surfaces

needs_surface = pytest.mark.skipif(bool(surfaces.missing()), reason=surfaces.missing() or "is there")


def test_the_detector_finds_what_stands_out_and_nothing_else() -> None:
    draw = np.random.default_rng(0)
    audio = 0.01 * draw.standard_normal((2, 3 * RATE))
    audio[:, RATE:] *= 4  # a step of the level is no click
    assert len(surfaces.audible_clicks(audio, RATE)) == 0
    for at in (20_000, 60_000, 100_000):
        audio[:, at : at + 30] += 2 * np.exp(-np.arange(30) / 6) * draw.standard_normal(30)
    found = surfaces.audible_clicks(audio, RATE)
    assert found == pytest.approx(np.array([20_000, 60_000, 100_000]) / RATE, abs=0.002)


@needs_surface
def test_the_detector_agrees_with_the_surface_s_own_description() -> None:
    described = json.loads((surfaces.REAL / "measured.json").read_text())[surfaces.DISC]["clicks_s"]
    found = surfaces.audible_clicks(*surfaces.disc())
    agreed = sum(bool(np.min(np.abs(found - at)) < 0.003) for at in described)
    assert agreed >= 31 and len(found) <= 34


@needs_surface
def test_a_surface_lies_as_far_under_a_take_as_it_says() -> None:
    time = np.arange(4 * RATE) / RATE
    take = Take("note", 0.3 * np.sin(2 * np.pi * 440 * time)[None], RATE)
    heard = surfaces.under(take, 20.0, ROUTES["44.1"])
    clean, noise = (surfaces.over_rumble(x, RATE) for x in (heard.clean, heard.audio - heard.clean))
    assert heard.audio.shape == (1, 4 * RATE)
    assert 10 * np.log10(np.mean(clean**2) / np.mean(noise**2)) == pytest.approx(20, abs=0.1)
