"""A careful stage beside a daring one: what both take is sure, what the latter alone takes is doubtful."""

import numpy as np
import pytest
from wavemend import Chain, Declick, Decrackle, Denoise, MouthClick
from wavemend.analysis.artifacts.windows import Windows
from wavemend.contract.stage import Event
from wavemend.host.rendering.doubts import Doubts, careful_stage

RATE = 44_100


@pytest.mark.parametrize(
    "stage",
    [
        Declick(),
        Declick(sensitivity=2.0),
        Declick(sensitivity=7.0),
        Declick(output="removed"),
        MouthClick(),
        Denoise(reduction_db=40),
        Decrackle(strength=10.0),
        None,
    ],
)
def test_who_is_no_more_daring_needs_nobody_beside(stage):
    assert careful_stage(stage) is None


def test_a_careful_stage_has_its_numbers_at_their_defaults_and_its_words_as_they_are():
    daring = Declick(sensitivity=9.0, frequency_skew=-1.0, algorithm="learned")
    careful = careful_stage(daring)
    assert careful == Declick(algorithm="learned")
    assert daring.sensitivity == 9.0
    assert careful_stage(MouthClick(sensitivity=9.0)) == MouthClick()
    assert careful_stage(Declick(sensitivity=5.0, widening_ms=2.0)) == Declick()


def clicked():
    draw = np.random.default_rng(4)
    audio = 0.01 * draw.standard_normal((1, 8 * RATE))
    places = RATE * np.arange(1, 8)
    for at in places:
        audio[0, at : at + 3] += [0.4, -0.5, 0.3]
    return audio, places


def doubted(doubts, audio):
    grid = Windows(RATE, 1)
    windows = [*grid.push(audio, 0.5 * audio), *grid.finish()]
    return [doubts.repairs.near(window, 0) for window in windows], windows


@pytest.mark.parametrize("block", [1000, 8 * RATE])
def test_clicks_that_the_defaults_find_are_sure_and_others_are_doubted(block):
    audio, places = clicked()
    doubts = Doubts(dict(Chain([Declick(sensitivity=10.0)]).stages()), RATE, 1)
    invented = places[3] + RATE // 2
    for at in (*places, invented):
        doubts.tell((0,), Event("click", int(at), 4, 0, 0.5))
    doubts.tell((0,), Event("crackle", int(invented) + 500, 4, 0, 0.5))
    doubts.tell((0,), Event("click", int(invented) + 900, 4, 0, 1.0))  # an engineer asked for it
    doubts.begin()
    for at in range(0, audio.shape[1], block):
        doubts.hear(audio[:, at : at + block])
    doubts.end()
    marks, windows = doubted(doubts, audio)
    for (doubtful, sure), window in zip(marks, windows, strict=True):
        first = window.position - 2 * window.hop
        here = first <= invented < first + doubtful.size - 10
        assert np.count_nonzero(doubtful) == (4 + 2 * 4) * here
        assert sure.any() == any(first - 20 < at < first + sure.size for at in (*places, invented + 900))


def test_without_anybody_daring_all_that_is_told_is_sure_and_a_second_run_is_not_heard_again():
    audio, places = clicked()
    doubts = Doubts(dict(Chain([Declick()]).stages()), RATE, 1)
    for _ in range(2):
        doubts.begin()
        doubts.tell((0,), Event("click", int(places[0]), 4, None, 0.5))
        doubts.hear(audio)
        doubts.end()
    marks, _ = doubted(doubts, audio)
    assert not any(doubtful.any() for doubtful, _ in marks)
    assert any(sure.any() for _, sure in marks)
