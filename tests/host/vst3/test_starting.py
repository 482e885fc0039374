"""Many plugins start for one recording: together, and none is left where one of them does not."""

import gc
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from wavemend import Chain, Slot
from wavemend.errors import PluginError
from wavemend.host.vst3 import opening
from wavemend.host.vst3.plugin import VST3
from wavemend.host.vst3.process.hosting import Isolated

AUDIO = 0.1 * np.random.default_rng(0).standard_normal((2, 4000))
RATE = 8000


def open_descriptors():
    return sorted(os.listdir("/proc/self/fd"))


@pytest.fixture
def told(monkeypatch):
    """What the host says to plugins and waits for, in order: ``"load"``, ``"prepare"``, ``"wait"``."""
    said = []

    def noted(name, note):
        original = getattr(Isolated, name)

        def call(*arguments, **options):
            said.append(note(*arguments))
            return original(*arguments, **options)

        monkeypatch.setattr(Isolated, name, call)

    noted("tell", lambda _, command, *arguments: command)
    noted("answer", lambda _: "wait")
    return said


def test_all_load_before_one_is_waited_for_and_so_with_getting_ready(scanned, told):
    scanned("Good")
    good = VST3("Good")
    good.state
    told.clear()
    chain = Chain([good, Chain([good, Slot(good, mix=0.5)]), Slot(good, bypass=True)])
    chain(AUDIO, RATE)
    assert told == ["load"] * 3 + ["wait", "prepare"] * 3 + ["wait"] * 3


def test_no_more_start_at_once_than_the_machine_can_serve(scanned, told, monkeypatch):
    scanned("Good")
    monkeypatch.setattr(opening, "_AT_ONCE", 2)
    good = VST3("Good")
    good.state
    told.clear()
    Chain([good] * 3)(AUDIO, RATE)
    assert told == [*["load"] * 2, *["wait", "prepare"] * 2, *["wait"] * 2, "load", "wait", "prepare", "wait"]


@pytest.mark.parametrize("isolated", [True, False])
def test_each_slot_has_its_own_settings(scanned, isolated):
    scanned("Good", "Latency")
    gains = [-6.0, 3.0, -1.0]
    chain = Chain(
        [
            VST3("Latency", gain_db=gains[0], isolated=isolated),
            Chain([VST3("Good", gain_db=gains[1], isolated=isolated)]),
            VST3("Latency", gain_db=gains[2]),
        ]
    )
    assert np.allclose(chain(AUDIO, RATE), 10 ** (sum(gains) / 20) * AUDIO, atol=1e-6)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_that_does_not_load_is_told_about_and_none_is_left(scanned, tmp_path, place):
    catalogue = scanned("Good", "Mono")
    good, broken = VST3("Good"), VST3("Mono")
    for plugin in (good, broken):
        plugin.state
    members = [good, good]
    members.insert(place, broken)
    (bundle,) = (bundle for bundle in catalogue.bundles if "Mono" in bundle.path)
    (binary,) = Path(bundle.path).rglob("*.so")
    whole = binary.read_bytes()
    gc.collect()  # what earlier tests left is none of this one's
    before = open_descriptors()
    binary.unlink()
    try:
        with pytest.raises(PluginError, match=r"^Mono does not load: .* while it was loaded$"):
            Chain(members)(AUDIO, RATE)
    finally:
        binary.write_bytes(whole)
    assert open_descriptors() == before
    assert Chain([good, good])(AUDIO, RATE).shape == AUDIO.shape
