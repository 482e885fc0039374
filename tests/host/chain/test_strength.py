"""How much of a render is done: one knob over all changes, and lossy sources, whose stages are eased."""

from __future__ import annotations

import inspect
import json

import numpy as np
import pedalboard
import pytest
import soundfile
from wavemend import Chain, Slot, load_preset, render
from wavemend.errors import ParameterError
from wavemend.host.chain.strength import eased
from wavemend.host.cli import main as cli
from wavemend.plugins.dc_offset import DcOffset
from wavemend.plugins.declick.stage import Declick
from wavemend.plugins.denoise import Denoise

from tests.host.recordings import RATE, damaged, words, write


def everything() -> Chain:
    """A preset with every kind of member at work: repairs, a filter, a shelf, a limiter."""
    chain = load_preset("vinyl").chain
    for slot in chain.slots:
        slot.bypass = False
    chain.insert(0, pedalboard.Gain(12))
    return chain


def samples(path) -> np.ndarray:
    return soundfile.read(path, always_2d=True)[0]


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_nothing_of_every_change_is_the_original_to_the_bit(tmp_path, subtype) -> None:
    source = write(tmp_path / "a.wav", damaged(), subtype)
    done = render(everything(), source, tmp_path / "b.wav", strength=0, removed=True)
    assert np.array_equal(words(done.output), words(source))
    assert np.array_equal(samples(done.output), samples(source))
    assert not samples(done.removed).any()
    assert done.headroom_gain == 1 and json.loads(done.report.read_text())["strength"] == 0


def test_all_of_every_change_is_the_chain_itself(tmp_path) -> None:
    source = write(tmp_path / "a.wav", damaged())
    usual = render("vinyl", source, tmp_path / "usual" / "b.wav", removed=True)
    full = render("vinyl", source, tmp_path / "full" / "b.wav", strength=100, removed=True)
    for name in ("output", "removed", "report"):
        assert getattr(usual, name).read_bytes() == getattr(full, name).read_bytes()


@pytest.mark.parametrize("trim_ends_s", [None, 0.05])
def test_sixty_percent_is_sixty_percent_of_every_change(tmp_path, trim_ends_s) -> None:
    audio = np.hstack([np.zeros((2, RATE)), damaged(), np.zeros((2, RATE))])
    source = write(tmp_path / "a.wav", audio, "FLOAT")
    full, part, none = (
        samples(
            render(everything(), source, tmp_path / f"{s}.wav", strength=s, trim_ends_s=trim_ends_s).output
        )
        for s in (100, 60, 0)
    )
    assert (len(none) < audio.shape[1]) == (trim_ends_s is not None)
    assert np.abs(full - none).max() > 0.3
    assert np.abs(part - (none + 0.6 * (full - none))).max() < 1e-6


def test_sixty_percent_of_a_repair_and_what_was_removed_add_up_to_the_bit(tmp_path) -> None:
    source = write(tmp_path / "a.wav", damaged())
    chain = Chain([Declick(), Slot(Declick(sensitivity=8), mix=0.5)])
    full = render(chain, source, tmp_path / "full.wav", removed=True)
    done = render(chain, source, tmp_path / "b.wav", removed=True, strength=60)
    original, restored = samples(source), samples(done.output)
    assert np.array_equal(restored + samples(done.removed), original)
    assert json.loads(done.report.read_text())["restored_plus_removed_is_original"]
    untouched = chain(original, RATE) == original
    assert 0.9 < untouched.mean() < 1
    assert np.array_equal(restored[untouched], original[untouched])  # and not dithered
    assert np.abs(samples(done.removed) - 0.6 * samples(full.removed)).max() < 3 / 2**15


def test_what_was_removed_scales_in_a_chain_that_not_only_repairs(tmp_path) -> None:
    source = write(tmp_path / "a.wav", damaged(), "PCM_24")
    chain = Chain([DcOffset(), pedalboard.Gain(-6), Declick()])
    full, part = (
        samples(render(chain, source, tmp_path / f"{s}.wav", removed=True, strength=s).removed)
        for s in (100, 60)
    )
    assert np.abs(full).max() > 0.1 and np.abs(part - 0.6 * full).max() < 1e-6


def test_the_strength_decides_what_passes_full_scale(tmp_path) -> None:
    source = write(tmp_path / "a.wav", damaged())
    loud = Chain([pedalboard.Gain(12)])
    gains = [render(loud, source, tmp_path / f"{s}.wav", strength=s).headroom_gain for s in (0, 10, 60, 100)]
    assert gains[:2] == [1, 1] and 1 > gains[2] > gains[3]


def test_the_block_size_changes_nothing(tmp_path) -> None:
    source = write(tmp_path / "a.wav", damaged(), "PCM_24")
    usual, other = (
        render("vinyl", source, tmp_path / f"{size}.wav", strength=60, removed=True, block_size=size)
        for size in (65_536, 1000)
    )
    for name in ("output", "removed"):
        assert getattr(usual, name).read_bytes() == getattr(other, name).read_bytes()


@pytest.mark.parametrize("strength", [-1, 100.5, float("nan"), True, "60", None])
def test_a_strength_that_is_none_is_refused(tmp_path, strength) -> None:
    source = write(tmp_path / "a.wav", damaged(0.3))
    with pytest.raises(ParameterError, match="strength=.* a number from 0 to 100"):
        render("prepare", source, tmp_path / "b.wav", strength=strength)
    assert not (tmp_path / "b.wav").exists()


def test_the_options_have_one_name_on_the_command_line_and_in_python() -> None:
    there = set(inspect.signature(cli.render).parameters)
    here = set(inspect.signature(render).parameters) - {"source", "block_size", "progress", "cancel"}
    assert here <= there


def test_parameters_of_nested_stages_are_eased_and_the_chain_stays() -> None:
    chain = Chain([Declick(sensitivity=4), Chain([Slot(Denoise(reduction_db=10), mix=0.5)])])
    half = eased(chain, 50)
    assert half[0].sensitivity == 2 and half[1][0].reduction_db == 5 and half[1].slots[0].mix == 0.5
    assert chain[0].sensitivity == 4 and chain[1][0].reduction_db == 10


def reductions(report) -> list[float]:
    return [
        slot["parameters"][name]
        for slot in json.loads(report.read_text())["chain"]
        for name in ("sensitivity", "reduction_db")
        if name in slot["parameters"]
    ]


def test_a_lossy_source_is_eased_whatever_the_strength_and_the_report_says_so(tmp_path) -> None:
    soundfile.write(tmp_path / "a.mp3", damaged().T, RATE)
    done = render("vinyl", tmp_path / "a.mp3", tmp_path / "a.flac", strength=60)
    assert any("eased to 75 %" in warning and "--no-ease-lossy" in warning for warning in done.warnings)
    assert reductions(done.report) == [3.75, 30.0, 6.0]
    report = json.loads(done.report.read_text())
    assert report["strength"] == 60 and report["lossy_easing"] == 75
    full = render("vinyl", tmp_path / "a.mp3", tmp_path / "b.flac", ease_lossy=False)
    assert reductions(full.report) == [5.0, 40.0, 8.0] and not any("eased" in w for w in full.warnings)
    assert json.loads(full.report.read_text())["lossy_easing"] is None
    assert load_preset("vinyl").chain[0].sensitivity == 5.0


def test_a_lossless_source_is_eased_where_that_is_asked_for(tmp_path) -> None:
    source = write(tmp_path / "a.wav", damaged())
    assert reductions(render("vinyl", source, tmp_path / "b.wav").report) == [5.0, 40.0, 8.0]
    assert reductions(render("vinyl", source, tmp_path / "c.wav", ease_lossy=True).report) == [
        3.75,
        30.0,
        6.0,
    ]
