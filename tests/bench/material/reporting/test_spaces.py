"""Rooms of the second simulator decay as asked, and what is heard in them stays aligned and at its level."""

import numpy as np
import pytest
from bench.material.reporting.channel import RATE
from bench.material.reporting.spaces import (
    APART_M,
    SOUND_M_S,
    WAYS,
    announcer,
    from_first_sound,
    heard,
    made,
    resampled_from,
    through,
    two_talkers,
    under_room_noise,
)
from bench.material.reverberant import Reverberant
from bench.material.takes import Take
from bench.measuring.measures import active_level_db


def take(seed: int = 0, seconds: float = 3.0) -> Take:
    return Take("noise", 0.05 * np.random.default_rng(seed).standard_normal((1, round(seconds * RATE))), RATE)


@pytest.mark.parametrize("decay_s", [0.4, 0.8])
def test_rooms_decay_as_asked_and_faster_in_the_treble(decay_s: float) -> None:
    responses = made(decay_s)(0)
    assert responses.tobytes() == made(decay_s)(0).tobytes()
    assert responses.tobytes() != made(decay_s)(1).tobytes()
    size = 2 * responses.shape[1]  # what a filter rings before the first sound lies behind the response
    hz = np.fft.rfftfreq(size, 1 / RATE)
    decays = []
    for low, high in ((400, 900), (6000, 11_000)):
        band = np.fft.irfft(np.fft.rfft(responses[0], size) * ((hz >= low) & (hz < high)), size)[: size // 2]
        left_db = 10 * np.log10(np.cumsum(band[::-1] ** 2)[::-1] / np.sum(band**2) + 1e-12)
        start, stop = (int(np.argmax(left_db < level)) for level in (-10, -30))
        decays.append(3 * (stop - start) / RATE)
    assert decays[0] == pytest.approx(decay_s, rel=0.35)
    assert decays[1] < 0.8 * decays[0]


def test_microphones_hear_the_direct_sound_as_far_apart_as_they_stand() -> None:
    responses = made(0.4, (0.3, 0.4))(2)
    firsts = [int(np.argmax(np.abs(one) > 0.4 * np.abs(one).max())) for one in responses]
    assert min(firsts) < 0.001 * RATE
    assert abs(firsts[1] - firsts[0]) <= APART_M / SOUND_M_S * RATE + 2


def test_a_close_voice_is_drier_than_a_far_one() -> None:
    def direct_share(distance_m: tuple[float, float]) -> float:
        one = made(0.6, distance_m)(0)[0]
        return float(np.sum(one[: RATE // 400] ** 2) / np.sum(one**2))

    assert direct_share((0.1, 0.2)) > 0.9 > direct_share((2.0, 2.5))


def test_responses_begin_with_their_first_sound() -> None:
    late = np.zeros((2, 1000))
    late[0, 500], late[1, 700] = 1.0, 0.5
    assert int(np.argmax(from_first_sound(late)[0])) == round(5e-4 * RATE)
    assert resampled_from(np.ones((1, 9600)), 96_000).shape == (1, 4410)


def test_a_room_keeps_the_level_and_needs_no_room_to_be_itself() -> None:
    clean = take().audio
    assert np.allclose(heard(clean, np.array([[1.0, 0.0]])), clean)
    audio = heard(clean, made(0.4)(0))
    assert audio.shape == (2, clean.shape[1])
    assert np.mean(audio[0] ** 2) == pytest.approx(np.mean(clean**2))


def test_room_noise_lies_under_the_voice_and_falls_with_frequency() -> None:
    audio = np.repeat(take().audio, 2, axis=0)
    noise = under_room_noise(audio, 0) - audio
    level = 10 * np.log10(np.mean(noise**2)) - active_level_db(audio, RATE)[0]
    assert level == pytest.approx(-30, abs=0.1)
    power = np.abs(np.fft.rfft(noise)) ** 2
    hz = np.fft.rfftfreq(noise.shape[1], 1 / RATE)
    octaves = [np.mean(power[:, (hz > low) & (hz < 2 * low)]) for low in (250, 2000)]
    assert 10 * np.log10(octaves[0] / octaves[1]) == pytest.approx(15, abs=1)
    assert np.corrcoef(noise)[0, 1] > 0.5  # mostly bass, which comes to both


def test_two_talk_in_turns_and_a_studio_adds_its_reverb() -> None:
    first, second = take(0, 6.0), take(1, 6.0)
    both = two_talkers(first, second, None, 2, 0)
    assert np.array_equal(both.audio[0], both.audio[1]) and np.array_equal(both.audio[:1], both.clean)
    assert np.allclose(both.clean[:, : 2 * RATE], first.audio[:, : 2 * RATE])
    assert np.allclose(both.clean[:, 3 * RATE : 4 * RATE], second.audio[:, 3 * RATE : 4 * RATE])
    studio = announcer(first, 2, 0)
    added = studio.audio - studio.clean
    assert 10 * np.log10(np.mean(added[0] ** 2) / np.mean(studio.clean**2)) == pytest.approx(-10)


def test_a_plain_route_dithers_both_alike() -> None:
    audio = np.repeat(take().audio, 1, axis=0)
    passed = through(Reverberant(audio, audio), WAYS["44.1"], 0)
    assert np.array_equal(passed.audio, passed.clean)
    assert np.max(np.abs(passed.audio - audio)) <= 1.5 / 2**15
