"""The medium is told by several kinds of evidence; where they part, it is not told."""

import numpy as np
import pytest
from wavemend.analysis.medium import medium
from wavemend.analysis.medium.medium import MEDIA, MediumOdds, medium_odds
from wavemend.analysis.medium.odds import LIKELIHOOD
from wavemend.analysis.medium.traits import TRAITS, VALUES, Trait, floor_db
from wavemend.analysis.survey import Survey
from wavemend.host.demo.worn_disc import SAMPLE_RATE, performance

from tests.analysis.sounds import RATE, music


def findings(audio, rate=RATE):
    survey = Survey(rate, len(audio), 16)
    survey.push(audio)
    return survey.result()


def traits(monkeypatch, **values):
    """Let each trait have its most usual value, but for those given."""
    fixed = {name: int(np.argmax(LIKELIHOOD[name].mean(axis=0))) for name in TRAITS} | values
    made = {name: lambda findings, name=name: Trait(fixed[name], name) for name in TRAITS}
    monkeypatch.setattr(medium, "TRAITS", made)
    return medium_odds({})


def test_every_value_of_every_trait_has_a_likelihood_for_every_medium():
    assert LIKELIHOOD.keys() == TRAITS.keys() == VALUES.keys()
    for name, table in LIKELIHOOD.items():
        assert table.shape == (len(MEDIA), VALUES[name])
        np.testing.assert_allclose(np.exp(table).sum(axis=1), 1.0, atol=0.03)


def test_odds_add_up_and_clean_music_is_told_for_no_old_medium():
    odds = medium_odds(findings(performance(), SAMPLE_RATE))
    assert sum(odds.probability.values()) == pytest.approx(1.0)
    assert not odds.told or odds.likeliest == "digital"


@pytest.mark.parametrize("samples", [0, 1, 5000])
def test_nothing_and_next_to_nothing_have_odds_too(samples):
    odds = medium_odds(findings(np.zeros((2, samples))))
    assert sum(odds.probability.values()) == pytest.approx(1.0)
    assert not odds.told and odds.to_json()["medium"] is None
    assert "nothing sounds" in odds.describe()


def test_a_turn_at_78_speaks_for_coarse_grooves_but_does_not_decide_alone(monkeypatch):
    alone, beside = (
        traits(monkeypatch, turn=turn, clicks=0, floor=0, colour=7, channels=3) for turn in (2, 0)
    )
    assert alone.probability["coarse groove"] > 3 * beside.probability["coarse groove"]
    assert alone.probability["coarse groove"] < 0.9


def test_evidence_together_is_surer_than_alone(monkeypatch):
    turn = traits(monkeypatch, turn=2)
    both = traits(monkeypatch, turn=2, clicks=5)
    assert both.probability["coarse groove"] > turn.probability["coarse groove"]
    assert both.told and both.likeliest == "coarse groove" and "% sure" in both.describe()


def test_what_could_not_be_told_says_between_which():
    odds = MediumOdds({"microgroove": 0.4, "coarse groove": 0.35, "tape": 0.25}, ())
    assert not odds.told and odds.to_json()["medium"] is None
    assert odds.describe() == "could not tell: an LP or a single (40 %) or a 78 or a cylinder (35 %)"


def test_a_floor_lies_where_the_noise_is():
    draw = np.random.default_rng(1)
    quiet = floor_db(findings(music(6))["surface"])
    noisy = floor_db(findings(music(6) + 0.05 * draw.standard_normal((1, 6 * RATE)))["surface"])
    assert noisy > quiet + 6
