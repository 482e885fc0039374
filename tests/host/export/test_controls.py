"""Parameters of effects: numbers and titles that hosts can rely on, and what a host's numbers mean."""

from __future__ import annotations

import numpy as np
import pytest
import wavemend
from wavemend.contract.registry import stage_class, stage_ids
from wavemend.host.chain.chain import Chain
from wavemend.host.chain.slot import Slot
from wavemend.host.export.controls import Control, controls_of, learners
from wavemend.host.presets.library import preset_names
from wavemend.host.presets.preset import load_preset

CHAINS = {
    **{name: lambda name=name: Chain([stage_class(name)()]) for name in stage_ids()},
    **{name: lambda name=name: load_preset(name).chain for name in preset_names()},
}


@pytest.fixture(params=CHAINS)
def chain(request):
    return CHAINS[request.param]()


def control(chain: Chain, title: str) -> Control:
    (found,) = (one for one in controls_of(chain) if one.title == title)
    return found


def test_numbers_and_titles_are_all_different(chain):
    controls = controls_of(chain)
    assert len({one.id for one in controls}) == len({one.title for one in controls}) == len(controls)
    assert all(0 <= one.id < 0x7FFFFF00 for one in controls)


def test_numbers_never_change():
    """Sessions and automation of other people's hosts go by them."""
    assert control(Chain([wavemend.Declick()]), "Sensitivity").id == 1042108963
    vinyl = load_preset("vinyl").chain
    assert control(vinyl, "Declick sensitivity").id == 1042108963
    assert control(vinyl, "Denoise reduction").id == 2078273901
    assert control(vinyl, "Rumble bypass").id == 1549104228


def test_every_stage_parameter_is_there_but_for_hashes():
    shown = {one.name for one in controls_of(Chain([wavemend.Declick()]))}
    assert shown == set(wavemend.Declick.schema) - {"model"}


def test_what_a_host_hands_back_is_the_very_value(chain):
    """Hosts keep places as floats of 32 bits; a preset must sound the same behind them."""
    for one in controls_of(chain):
        for place in (one.place, float(np.float32(one.place))):
            assert one.meant(place) == one.value
        assert one.meant(float("nan")) == one.value


def test_a_value_that_a_person_set_is_the_one_that_is_shown():
    reduction = control(Chain([wavemend.Denoise()]), "Reduction")
    for value in (0.0, 6.0, 12.3, 39.99, 40.0):
        assert reduction.meant(float(np.float32(reduction.parameter.to_raw(value)))) == value
    cutoff = control(Chain([wavemend.Rumble()]), "Cutoff")
    for value in (5.0, 18.5, 40.0, 300.0):
        assert cutoff.meant(float(np.float32(cutoff.parameter.to_raw(value)))) == value


def test_places_beyond_the_ends_are_the_ends():
    reduction = control(Chain([wavemend.Denoise()]), "Reduction")
    assert (reduction.meant(-1.0), reduction.meant(2.0)) == (0.0, 40.0)


def test_values_arrive_in_the_chain_they_are_applied_to(chain):
    controls = controls_of(chain)
    for place in (0.0, 1.0):
        for one in controls:
            one.apply(chain, one.meant(place))
        for one, now in zip(controls, controls_of(chain), strict=True):
            if isinstance(one.value, float):  # pedalboard keeps 32 bits
                assert now.value == pytest.approx(one.meant(place), rel=1e-5, abs=1e-5)
            else:
                assert now.value == one.meant(place)


def test_nested_chains_and_twins_have_titles_of_their_own():
    twins = Chain([wavemend.Rumble(), Chain([wavemend.Rumble(), wavemend.Denoise()])])
    titles = {one.title for one in controls_of(twins)}
    assert {"Rumble 1 cutoff", "Rumble 2 cutoff", "Denoise reduction", "Chain bypass"} <= titles
    assert learners(twins) == [(1, 1)]


def test_a_chain_of_one_shows_its_stage_alone():
    titles = {one.title for one in controls_of(Chain([Slot(wavemend.Rumble())]))}
    assert titles == {"Cutoff", "Slope db per octave"}
