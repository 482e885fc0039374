"""A slot that turns sound into silence for good says so; silence that should be there is not news."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pedalboard
import pytest
import soundfile
from wavemend import Chain, DcOffset, Declick, Slot, render
from wavemend.host.chain.silence_meter import SilenceMeter

from .recordings import RATE, write


class Recorder(list):
    """A sink."""

    def __call__(self, event) -> None:
        self.append(event)


def noise(seconds: float = 4.0, level: float = 0.1) -> np.ndarray:
    return level * np.random.default_rng(3).uniform(-1, 1, (2, round(seconds * RATE)))


def told(before: np.ndarray, after: np.ndarray, sizes=()) -> list:
    """What a meter tells, fed with blocks of these sizes."""
    meter, sink = SilenceMeter(RATE, len(before)), Recorder()
    for start, end in itertools.pairwise([0, *np.cumsum(sizes, dtype=int), before.shape[1]]):
        meter.push(before[:, start:end], after[:, start:end])
    meter.finish(sink)
    return [(event.position, event.length) for event in sink]


@pytest.mark.parametrize("sizes", [(), (1, 1, RATE), (1000,) * 80])
def test_silence_to_the_end_is_told_from_where_it_begins(sizes) -> None:
    sound = noise()
    dead = sound.copy()
    dead[:, 2 * RATE + 7 :] = 0
    assert told(sound, dead, sizes) == [(2 * RATE + 7, 2 * RATE - 7)]
    assert told(sound, 0 * sound, sizes) == [(0, 4 * RATE)]
    assert told(sound, sound, sizes) == []


def test_silence_for_a_while_or_in_one_channel_is_not_told() -> None:
    sound = noise()
    for part in (np.s_[:, RATE : 3 * RATE], np.s_[1, :], np.s_[:, -RATE // 2 :]):
        gated = sound.copy()
        gated[part] = 0
        assert told(sound, gated) == []


def test_silence_for_silence_is_not_told() -> None:
    assert told(0 * noise(), 0 * noise()) == []
    assert told(0 * noise() + 0.3, 0 * noise()) == [], "an offset is no sound"
    assert told(noise(level=5e-4), 0 * noise()) == [], "nor is what lies 66 dB under full scale"
    assert told(np.empty((2, 0)), np.empty((2, 0))) == []


def test_a_gate_that_shuts_over_the_noise_at_the_end_is_not_told() -> None:
    sound = noise()
    sound[:, 2 * RATE :] *= 0.2
    gated = sound.copy()
    gated[:, 2 * RATE :] = 0
    assert told(sound, gated) == []


def test_a_render_says_which_slot_silenced_it(tmp_path) -> None:
    source = write(tmp_path / "a.wav", noise(), "PCM_24")
    chain = Chain([DcOffset(), Chain([pedalboard.Gain(-1000)]), Declick()])
    done = render(chain, source, tmp_path / "b.wav", events=True, labels=True)
    (warning,) = done.warnings
    assert warning.startswith("pedalboard.Gain (slot 2.1) gave nothing but silence from 0:00.000 to the rec")
    (event,) = [json.loads(line) for line in done.events_file.read_text().splitlines()]
    assert (event["kind"], event["position"], event["length"]) == ("silenced", 0, 4 * RATE)
    assert done.labels_file.read_text() == "0.000000\t4.000000\tsilenced\n"
    assert not soundfile.read(done.output)[0].any()
    assert json.loads(done.report.read_text())["warnings"] == done.warnings


@pytest.mark.parametrize(
    "slot",
    [
        Slot(Declick(output="removed")),
        Slot(pedalboard.Gain(-1000), mix=0.0),
        Slot(pedalboard.Gain(-1000), bypass=True),
        Slot(pedalboard.Gain(-1000), mix=0.5),
        Slot(pedalboard.NoiseGate(-30, ratio=10)),
    ],
    ids=["removed", "mix 0", "bypassed", "half", "gate"],
)
def test_a_slot_that_may_be_silent_or_is_not_says_nothing(tmp_path, slot) -> None:
    source = write(tmp_path / "a.wav", noise(), "PCM_24")
    assert render(Chain([slot]), source, tmp_path / "b.wav").warnings == []
