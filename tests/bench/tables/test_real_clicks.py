"""The tables of clicks through the channel say what a system did, and no more than was measured."""

import numpy as np
import pytest
from bench.material.reporting.channel import RATE, ROUTES
from bench.material.takes import Take
from bench.measuring.plan import Plan
from bench.measuring.systems import System
from bench.tables.real_clicks import Chosen

from bench.tables import real_clicks, real_discs, real_harm


def take(seconds: float = 3.0) -> Take:
    time = np.arange(round(seconds * RATE)) / RATE
    left, right = (
        sum(np.sin(2 * np.pi * hz * time) / hz for hz in notes) for notes in ((98, 277), (220, 330))
    )
    return Take("dance-band/dixie@notes", 30 * np.stack([left, right]), RATE)


def plan(**values: object) -> Plan:
    return Plan(count=1, material=lambda kind, count, seconds: [take()], **values)  # type: ignore[arg-type]


def test_clicks_left_alone_gain_nothing_and_perfect_repair_gains_all() -> None:
    chosen = Chosen.of(plan(kinds=("tick", "dropout"), routes=("44.1",)))
    nothing = System("nothing", lambda damaged, rate: damaged.audio)
    perfect = System("perfect", lambda damaged, rate: damaged.clean)
    gains = real_clicks.measure(plan(), chosen, [nothing, perfect])
    assert {key[0][1:] for key in gains} == {("tick", 2.0), ("tick", 5.0), ("tick", 15.0), ("dropout", 0.0)}
    for (_, _, name), each in gains.items():
        assert (each == (0.0 if name == "nothing" else 120.0)).all()
    music = "\n".join(real_clicks.views(gains, chosen, [nothing, perfect]))
    assert "| tick 5x | 0.0 / 0.0 / 0 % |" in music and "| dropout | 120.0 / 120.0 / 0 % |" in music
    assert "6 of 6" not in "\n".join(real_clicks.promises(gains, chosen, nothing))
    assert "4 of 4" in "\n".join(real_clicks.promises(gains, chosen, perfect))


def test_mouth_clicks_are_measured_in_speech_alone() -> None:
    chosen = Chosen.of(plan(kinds=("mouth",), routes=("44.1",)))
    assert list(real_clicks._conditions(chosen, "music", False)) == []
    assert list(real_clicks._conditions(chosen, "speech", False)) == [("mouth", x) for x in (1.0, 2.0, 5.0)]


def test_the_stage_for_mouth_clicks_is_measured_on_those_alone() -> None:
    perfect = [System(name, lambda damaged, rate: damaged.clean) for name in (real_clicks.MOUTH, "another")]
    syllables = np.repeat(np.tile([1.0, 0.01], 12), RATE // 8)
    spoken = Take("syllables", take().audio[:1, : syllables.size] * syllables, RATE)
    speech = Plan(count=1, material=lambda kind, count, seconds: 2 * [spoken] if kind == "speech" else [])
    chosen = Chosen.of(plan(kinds=("mouth", "glitch"), routes=("44.1",)))
    gains = real_clicks.measure(speech, chosen, perfect)
    kinds = {name: {key[0][1] for key in gains if key[2] == name} for name in (real_clicks.MOUTH, "another")}
    assert kinds == {real_clicks.MOUTH: {"mouth"}, "another": {"mouth", "glitch"}}
    assert "3 of 3 cells" in "\n".join(real_clicks.mouth_promise(gains, chosen))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kinds": ("tick", "thud")}, "kinds=thud must be of tick"),
        ({"routes": ("45",)}, "routes=45 must be of"),
    ],
)
def test_what_is_not_there_is_said(values: dict[str, tuple[str, ...]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Chosen.of(plan(**values))


def test_harm_of_a_system_that_does_nothing_is_none_and_of_a_louder_one_is_told() -> None:
    some = plan(routes=("44.1",))
    chosen = Chosen.of(some)
    found = real_harm.measure(some, chosen, System("nothing", lambda damaged, rate: damaged.audio))
    assert ("brass", "44.1") in found and ("drums", "44.1") not in found
    text = real_harm.view(found, chosen, System("nothing", lambda damaged, rate: damaged.audio))
    assert "| brass | unchanged |" in text
    assert "3 of 3" in real_harm.promise(found, System("nothing", lambda damaged, rate: damaged.audio))
    louder = real_harm.measure(some, chosen, System("louder", lambda damaged, rate: 1.1 * damaged.audio))
    assert "0 of 3" in real_harm.promise(louder, System("louder", lambda damaged, rate: 1.1 * damaged.audio))


def test_the_other_wall_takes_pops_away_and_the_mean_of_both_takes_nothing() -> None:
    played = real_discs.mono_disc(take(), ROUTES["44.1"], -45.0, 5.0, 0)
    gains = real_discs.wall_gains_db(played, real_discs.mean_of_walls(played))
    assert (gains == 0).all()
    assert np.median(real_discs.wall_gains_db(played, real_discs.other_wall(played))) > 10


def test_a_stage_that_mixes_true_stereo_is_found_out() -> None:
    systems = [
        System("nothing", lambda played, rate: played.audio),
        System("mono", lambda played, rate: np.repeat(real_discs.mean_of_walls(played), 2, axis=0)),
    ]
    text = real_discs.stereo_table(plan(), systems, ROUTES["44.1"])
    assert "| nothing | 3 of 3 |" in text and "| mono | 0 of 3 |" in text


def test_what_changed_at_a_click_is_not_away_from_it() -> None:
    before = 0.1 * np.random.default_rng(0).standard_normal((2, RATE))
    after = before.copy()
    after[:, 20_000:20_050] = 0
    assert real_discs.away_db(before, after, np.array([20_000 / RATE]), RATE) == -np.inf
    after[:, 30_000:30_050] = 0
    assert -40 < real_discs.away_db(before, after, np.array([20_000 / RATE]), RATE) < -20
