"""One knob over a whole chain, and lossy sources, which turn it down by themselves."""

from __future__ import annotations

import json

import pytest
import soundfile
from wavemend import Chain, Slot, load_preset, render
from wavemend.errors import ParameterError
from wavemend.host.strength import eased
from wavemend.plugins.declick import Declick
from wavemend.plugins.denoise import Denoise

from .recordings import RATE, damaged, write


def test_strengths_of_nested_stages_are_scaled_and_the_chain_stays() -> None:
    chain = Chain([Declick(sensitivity=4), Chain([Slot(Denoise(reduction_db=10), mix=0.5)])])
    half = eased(chain, 0.5)
    assert half[0].sensitivity == 2 and half[1][0].reduction_db == 5 and half[1].slots[0].mix == 0.5
    assert chain[0].sensitivity == 4 and chain[1][0].reduction_db == 10
    assert eased(chain, 1) is chain
    with pytest.raises(ParameterError, match="from 0 to 1"):
        eased(chain, 1.5)


def reductions(report) -> list[float]:
    return [
        slot["parameters"][name]
        for slot in json.loads(report.read_text())["chain"]
        for name in ("sensitivity", "reduction_db")
        if name in slot["parameters"]
    ]


def test_a_lossy_source_is_eased_and_the_report_says_so(tmp_path) -> None:
    soundfile.write(tmp_path / "a.mp3", damaged().T, RATE)
    done = render("vinyl", tmp_path / "a.mp3", tmp_path / "a.flac")
    assert any("eased to 75 %" in warning for warning in done.warnings)
    assert reductions(done.report) == [3.75, 30.0, 6.0]
    full = render("vinyl", tmp_path / "a.mp3", tmp_path / "b.flac", strength=1.0)
    assert reductions(full.report) == [5.0, 40.0, 8.0] and not any("eased" in w for w in full.warnings)
    lossless = render("vinyl", write(tmp_path / "a.wav", damaged()), tmp_path / "c.wav")
    assert reductions(lossless.report) == [5.0, 40.0, 8.0]
    assert load_preset("vinyl").chain[0].sensitivity == 5.0
