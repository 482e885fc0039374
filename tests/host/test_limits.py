"""A limiter that worked says so; what a recording passed full scale by is not limited."""

from __future__ import annotations

import json

import numpy as np
import pedalboard
import pytest
import soundfile
from wavemend import Chain, Slot, render

from .recordings import RATE, write

LOUD = slice(RATE + 2000, 2 * RATE - 2000)
SOFT = slice(2000, RATE - 2000)


def tone(loud: float, soft: float) -> np.ndarray:
    """One second soft, one loud, one soft; shape (2, n)."""
    time = np.arange(3 * RATE) / RATE
    envelope = np.where((time >= 1) & (time < 2), loud, soft)
    return np.tile(envelope * np.sin(2 * np.pi * 220 * time), (2, 1))


def samples(path) -> np.ndarray:
    return soundfile.read(path, always_2d=True)[0].T


def limiter() -> pedalboard.BrickwallLimiter:
    return pedalboard.BrickwallLimiter(ceiling_db=-0.3)


def nested(kind: str) -> Chain:
    gain = pedalboard.Gain(12)
    if kind == "chain":
        return Chain([gain, Chain([limiter()])])
    if kind == "board":
        return Chain([pedalboard.Pedalboard([gain, limiter()])])
    return Chain([gain, limiter()])


@pytest.mark.parametrize(("kind", "slot"), [("plain", "2"), ("chain", "2.1"), ("board", "1.2")])
def test_a_limiter_that_worked_says_how_much_how_long_and_where(tmp_path, kind, slot) -> None:
    source = write(tmp_path / "a.wav", tone(0.5, 0.1), "PCM_24")
    done = render(nested(kind), source, tmp_path / "b.wav", events=True, labels=True)
    (warning,) = done.warnings
    assert f"pedalboard.BrickwallLimiter (slot {slot})" in warning and "by up to 6." in warning
    assert "most at 0:01." in warning and "for 1." in warning
    (event,) = [json.loads(line) for line in done.events_file.read_text().splitlines()]
    assert event["kind"] == "limited" and event["slot"] == slot
    assert (
        abs(event["position"] - RATE) < 0.02 * RATE and abs(event["length"] - RATE) < 0.5 * RATE
    )  # its release
    assert event["depth_db"] == pytest.approx(6.3, abs=0.2)
    assert "limited by 6." in done.labels_file.read_text()
    report = json.loads(done.report.read_text())
    assert report["warnings"] == done.warnings and report["events"][0]["kind"] == "limited"


def test_the_loudest_of_several_places_is_named_and_each_is_listed(tmp_path) -> None:
    audio = np.hstack([tone(0.35, 0.1), tone(0.5, 0.1)])
    source = write(tmp_path / "a.wav", audio)
    done = render(nested("plain"), source, tmp_path / "b.wav", events=True)
    assert "most at 0:04." in done.warnings[0] and len(done.events_file.read_text().splitlines()) == 2


def test_a_limiter_that_had_nothing_to_do_is_silent_and_so_is_a_compressor(tmp_path) -> None:
    source = write(tmp_path / "a.wav", tone(0.5, 0.1))
    assert not render(Chain([limiter()]), source, tmp_path / "b.wav").warnings
    compressor = pedalboard.Compressor(threshold_db=-20, ratio=4)
    done = render(Chain([compressor]), source, tmp_path / "c.wav")
    assert not done.warnings and not done.events


def test_what_is_told_depends_on_the_strength_and_not_on_the_block_size(tmp_path) -> None:
    source = write(tmp_path / "a.wav", tone(0.5, 0.1))
    told = [
        render(nested("plain"), source, tmp_path / f"{size}.wav", block_size=size, events=True)
        for size in (65_536, 1000)
    ]
    assert told[0].warnings == told[1].warnings
    assert told[0].events_file.read_bytes() == told[1].events_file.read_bytes()
    assert not render(nested("plain"), source, tmp_path / "0.wav", strength=0).warnings
    (warning,) = render(nested("plain"), source, tmp_path / "60.wav", strength=60).warnings
    assert "60 % of that" in warning


@pytest.mark.parametrize(
    "chain",
    [
        lambda: "music-on-tape",
        lambda: "voice-on-tape",
        lambda: Chain([Chain([Slot(limiter())])]),
        lambda: Chain([pedalboard.Pedalboard([limiter()])]),
    ],
)
def test_floats_over_full_scale_keep_their_level(tmp_path, chain) -> None:
    source = write(tmp_path / "a.wav", tone(3.0, 0.4), "FLOAT")
    done = render(chain(), source, tmp_path / "b.wav")
    before, after = samples(source), samples(done.output)
    for part in (LOUD, SOFT):
        assert np.std(after[:, part]) == pytest.approx(np.std(before[:, part]), rel=0.02)  # a hiss may go
    assert done.headroom_gain == 1
    assert all("by up to 0." in warning for warning in done.warnings)  # a filter overshoots at the step
    report = json.loads(done.report.read_text())
    assert report["source_over_db"] == pytest.approx(20 * np.log10(3), abs=0.01)


def test_a_limiter_still_limits_what_the_chain_itself_made_louder(tmp_path) -> None:
    source = write(tmp_path / "a.wav", tone(3.0, 0.4), "FLOAT")
    done = render(nested("plain"), source, tmp_path / "b.wav")
    assert (
        "by up to 11.3 dB" in done.warnings[0]
    )  # 12 dB louder, of which 1 dB of room, 0.3 dB under full scale


def test_an_mp3_that_decodes_over_full_scale_is_turned_down_as_a_whole(tmp_path) -> None:
    soundfile.write(tmp_path / "a.mp3", np.clip(tone(1.6, 0.2), -1, 1).T, RATE)
    before = samples(tmp_path / "a.mp3")
    assert np.abs(before).max() > 1.02
    done = render(Chain([limiter()]), tmp_path / "a.mp3", tmp_path / "b.flac", ease_lossy=False)
    assert done.headroom_gain < 1 and [w for w in done.warnings if "turned down" in w] == done.warnings
    after = samples(done.output) / done.headroom_gain
    assert np.abs(after - before).max() < 1e-5
