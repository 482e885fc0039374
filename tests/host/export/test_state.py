"""What a session keeps: there and back to the bit, and nothing from strangers that is not what it says."""

from __future__ import annotations

import json

import numpy as np
import pytest
import wavemend
from wavemend.errors import PresetError
from wavemend.host.chain.chain import Chain
from wavemend.host.export.state import (
    NOTHING,
    Learned,
    learned_bytes,
    noise_curve,
    read_learned,
    read_state,
    state_bytes,
)

RATE = 44_100


@pytest.fixture(scope="module")
def chain():
    return Chain([wavemend.Rumble(), Chain([wavemend.Denoise()])])


@pytest.fixture(scope="module")
def learned(chain):
    noise = 0.003 * np.random.default_rng(0).normal(size=(2, 2 * RATE))
    return Learned({(1, 0): wavemend.Denoise().analyse(noise, RATE)}, 2.0)


def test_places_come_back(chain):
    places = {7: 0.1, 0x7FFFFEFF: 1.0}
    assert read_state(state_bytes(places, b"xyz")) == (places, b"xyz")
    assert read_state(state_bytes({})) == ({}, b"")


def test_a_noise_print_comes_back_to_the_bit(chain, learned):
    assert read_learned(chain, learned_bytes(chain, learned)) == learned
    assert read_learned(chain, b"") == NOTHING


def test_a_noise_print_is_a_curve_for_people(learned):
    points = noise_curve(learned)
    assert 2 <= len(points) <= 512 and (np.diff(points[:, 0]) > 0).all() and (points[:, 1] < -60).all()
    assert noise_curve(NOTHING).shape == (0, 2)


def test_states_that_are_cut_or_longer_are_refused():
    data = state_bytes({7: 0.1}, b"xyz")
    for damaged in [*(data[:cut] for cut in range(len(data))), data + b"\0", b"X" + data[1:]]:
        with pytest.raises(PresetError, match="no state"):
            read_state(damaged)
    huge = data[:8] + b"\xff\xff\xff\xff" + data[12:]
    with pytest.raises(PresetError, match="no state"):
        read_state(huge)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda top: top.update(format="other"), "this wavemend reads"),
        (lambda top: top.update(format_version=2), "this wavemend reads"),
        (lambda top: top.update(seconds=-1), "seconds is -1"),
        (lambda top: top.update(seconds=True), "seconds is True"),
        (lambda top: top.update(more=1), "unknown field"),
        (lambda top: top.update(stages={}), "must be a list"),
        (lambda top: top["stages"].append(3), "must be a JSON object"),
        (lambda top: top["stages"][0].update(slot=[]), "no 'wavemend.denoise' here"),
        (lambda top: top["stages"][0].update(slot="1"), "no 'wavemend.denoise' here"),
        (lambda top: top["stages"][0].update(stage="wavemend.dehum"), "no 'wavemend.dehum' here"),
        (lambda top: top["stages"][0].update(findings={}), "needs exactly the fields"),
        (lambda top: top["stages"][0]["findings"].update(confidence=7), "confidence"),
    ],
)
def test_what_strangers_say_was_learned_is_checked(chain, learned, change, message):
    top = json.loads(learned_bytes(chain, learned))
    change(top)
    with pytest.raises(PresetError, match=message):
        read_learned(chain, json.dumps(top).encode())


@pytest.mark.parametrize("data", [b"\xff", b"[]", b"{", b"[" * 100_000, b'{"a": NaN}', b" " * (33 * 2**20)])
def test_what_is_no_json_is_refused_in_one_line(chain, data):
    with pytest.raises(PresetError, match="learn again"):
        read_learned(chain, data)
