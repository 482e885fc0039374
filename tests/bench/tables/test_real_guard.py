"""The guard's tables count what was found and what was not, and leave out what a route cannot have."""

import numpy as np
import pytest
from bench.material.damage import Damaged
from bench.material.reporting.channel import RATE, ROUTES
from bench.material.takes import Take
from bench.measuring.plan import Plan
from bench.tables.guard import Case, Tally, judged
from bench.tables.real_guard import cases, false, share, verdicts
from wavemend import Chain, Declick


def take(seconds: float = 3.0) -> Take:
    at = np.arange(round(seconds * RATE)) / RATE
    tone = 0.2 * np.sin(2 * np.pi * 330 * at) * (1 + 0.3 * np.sin(2 * np.pi * at))
    return Take("dance-band/dixie@notes", np.stack([tone, 0.5 * tone]), RATE)


def plan() -> Plan:
    return Plan(count=1, material=lambda kind, count, seconds: [take()])


@pytest.mark.parametrize("stage", ["Declick", "Denoise", "Dehum"])
def test_a_route_gives_damage_at_its_rate_and_a_codec_clicks_alone(stage: str) -> None:
    made = cases(plan(), ROUTES["44.1"], stage, driven=True)
    assert len(made) == 2
    for one in made:
        assert one.damaged.clean.shape == one.damaged.audio.shape
        assert one.take.sample_rate == ROUTES["44.1"].rate
        assert not np.array_equal(one.damaged.clean, one.damaged.audio)
    if stage != "Declick":
        assert cases(plan(), ROUTES["MP3 128"], stage, driven=True) == []


def test_nothing_done_is_nothing_harmed_and_nothing_flagged() -> None:
    clean = take().audio
    damaged = Damaged(clean, clean, np.zeros_like(clean), slice(None))
    tally = judged(plan(), [Case("nothing", take(), damaged, lambda: Chain([Declick()]), clicks=True)])
    assert (tally.true, tally.flags) == (0, 0)
    assert tally.minutes == pytest.approx(3 / 60)
    assert share(tally) == "–" and false(tally) == "0.0" and false(Tally()) == "–"


def test_verdicts_are_of_all_routes_together() -> None:
    told = list(verdicts({"Declick": [Tally(true=8, found=8), Tally(true=2, found=1)]}, [Tally(minutes=2.0)]))
    assert "90 % of 10" in told[0] and "**Shown.**" in told[0]
    assert "0.00" in told[1] and "**Shown.**" in told[1]
