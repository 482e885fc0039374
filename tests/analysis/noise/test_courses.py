"""Courses of noise: which row of a table holds when, and what it makes of a print."""

import json

import numpy as np
import pytest
from wavemend import Denoise
from wavemend.analysis.noise.courses import NoiseCourse
from wavemend.analysis.noise.noise_print import NoisePrint
from wavemend.analysis.noise.segments import NoiseSegments
from wavemend.errors import FindingsError

RATE = 16_000


def course(db, s=(0.0, 10.0), row=(0.0, 20.0), hz=(500.0, 4000.0)):
    return NoiseCourse(np.array(hz), np.array(db, float), np.array(s), np.array(row))


def with_course(found, one):
    fields = {**found.to_json(), "course_hz": one.hz.tolist(), "course_db": one.db.tolist()}
    return NoiseSegments.from_json({**fields, "course_s": one.s.tolist(), "course_row": one.row.tolist()})


def print_of(level_db, rate=RATE):
    hz = np.linspace(0.0, rate / 2, 200)
    density = np.full((1, hz.size), level_db - 10 * np.log10(rate / 2))
    return NoiseSegments.of(NoisePrint(hz, density, density, np.empty(0), np.empty(0), 1.0))


def denoised(audio, findings, block=None):
    stream = Denoise().stream(RATE, len(audio), findings)
    parts = [audio[:, at : at + (block or audio.shape[1])] for at in range(0, audio.shape[1], block or 10**9)]
    return np.concatenate([*(stream.step(part) for part in parts), stream.flush()], axis=1)


def test_rows_follow_the_knots_and_the_last_goes_over_into_the_first():
    turning = course([[0, 0]] * 4, s=(1.0, 2.0, 4.0), row=(2.0, 4.0, 12.0))
    np.testing.assert_allclose(turning.rows_at(np.array([0.0, 1.5, 2.5, 5.0])), [0.0, 3.0, 2.0, 0.0])
    gains = course([[0, 0], [10, 20]], row=(0.0, 10.0)).bin_gains(np.array([100.0, 500.0, 8000.0]))
    np.testing.assert_allclose(10 * np.log10(gains), [[0, 0, 0], [10, 10, 20]], atol=1e-9)
    held = course([[0, 0], [10, 20]], row=(0.0, 10.0)).held(gains, np.array([0.0, 1.5, 2.0, 3.0]))
    np.testing.assert_allclose(held[:, 0], [1.0, 5.5, 1.0, 10.0])


def test_noise_that_moves_as_its_course_says_is_lowered_everywhere_alike():
    seconds, swing_db = 8, 12.0
    t = np.arange(seconds * RATE) / RATE
    draw = np.random.default_rng(0)
    noise = 1e-3 * draw.standard_normal(t.size) * 10 ** (swing_db / 20 * (0.5 + 0.5 * np.cos(2 * np.pi * t)))
    table = swing_db * (0.5 + 0.5 * np.cos(2 * np.pi * np.arange(32) / 32))[:, np.newaxis]
    moving = with_course(print_of(-60.0), course(np.repeat(table, 2, axis=1), row=(0.0, 320.0)))
    audio = noise[np.newaxis]
    rest = denoised(audio, moving)[0]
    loud = (t % 1.0 < 0.2) | (t % 1.0 > 0.8)
    inside = (t > 1.0) & (t < seconds - 1.0)
    falls = [
        10 * np.log10(np.sum(noise[inside & at] ** 2) / np.sum(rest[inside & at] ** 2))
        for at in (loud, ~loud)
    ]
    assert min(falls) > 10.0
    still = denoised(audio, print_of(-60.0))[0]
    assert np.sum(still[inside & loud] ** 2) > 4 * np.sum(rest[inside & loud] ** 2)


@pytest.mark.parametrize("block", [100, 1024, 7000])
def test_blocks_of_any_size_give_the_same_bits(block):
    audio = 1e-3 * np.random.default_rng(1).standard_normal((1, 3 * RATE))
    moving = with_course(print_of(-60.0), course([[0, 0], [6, 9], [3, 2]], row=(1.0, 31.0)))
    assert np.array_equal(denoised(audio, moving, block), denoised(audio, moving))


def test_findings_from_before_courses_are_read_and_those_with_one_survive_json():
    found = print_of(-60.0)
    old = {name: value for name, value in found.to_json().items() if not name.startswith("course")}
    assert NoiseSegments.from_json(json.loads(json.dumps(old))) == found
    assert not found.course.moves
    moving = with_course(found, course([[0, 0], [6, 9]], row=(0.0, 12.0)))
    assert NoiseSegments.from_json(json.loads(json.dumps(moving.to_json()))) == moving
    assert moving.course.moves


@pytest.mark.parametrize(
    "fields",
    [
        {"course_db": [[0.0, 90.0]], "course_hz": [1.0, 2.0]},
        {"course_hz": [2.0, 1.0], "course_db": [[0.0, 0.0]]},
        {"course_s": [0.0, 1.0], "course_row": [0.0]},
        {"course_hz": [1.0], "course_db": [[0.0, 0.0]]},
        {"course_s": [1.0, 1.0], "course_row": [0.0, 1.0]},
    ],
)
def test_courses_that_do_not_fit_are_refused(fields):
    with pytest.raises(FindingsError, match="course"):
        NoiseSegments.from_json({**print_of(-60.0).to_json(), **fields})
