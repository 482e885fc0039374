"""Effects in pedalboard, a host that knows nothing of us: they sound as `wavemend render`, and remember."""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

import numpy as np
import pedalboard
import pytest
import wavemend
from wavemend.contract.registry import stage_ids
from wavemend.errors import PluginError
from wavemend.host.export.bundle import export_vst3
from wavemend.host.export.effects import effect_of
from wavemend.host.export.shell_code import shell_code
from wavemend.host.export.state import Learned

from ..vst3.requirements import skip_or_fail
from .material import preset_with, recording, rendered, with_findings

pytestmark = pytest.mark.whole

RATE = 44_100
LOW_RATE = 8_000
"""What looks ahead for seconds does so over fewer samples."""
CHAINS = ["vinyl", "voice-on-tape", "hum"]
EXACT = {
    **dict.fromkeys(["declick", "rumble"], RATE),
    **dict.fromkeys(["decrackle", "dehum", "denoise", "vinyl", "voice-on-tape"], LOW_RATE),
}
MIXED = [
    8192,
    64,
    512,
    1,
    700,
]  # the longest first: pedalboard resets where a block is longer than all before


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Export effects, each once; skips where there is no compiler."""
    try:
        shell_code()
    except PluginError as error:
        skip_or_fail(str(error))
    folder = tmp_path_factory.mktemp("vst3")
    known: dict[str, Path] = {}

    def export(what: str) -> Path:
        name = effect_of(what).class_id
        if name not in known:
            known[name] = export_vst3(what, folder).path
        return known[name]

    return export


def load(bundle: Path, preset: bytes | None = None):
    plugin = pedalboard.load_plugin(str(bundle))
    if preset is not None:
        file = bundle.parent / "own.vstpreset"
        file.write_bytes(preset)
        plugin.load_preset(str(file))
    return plugin


@pytest.mark.parametrize("what", [*stage_ids(), *CHAINS])
def test_it_runs_between_native_effects(exported, what):
    effect = effect_of(what)
    plugin = load(exported(what))
    assert (plugin.name, plugin.manufacturer_name, plugin.category) == (
        effect.name, effect.vendor, "Fx|Restoration",
    )  # fmt: skip
    assert {one.title for one in effect.controls} <= {p.name for p in plugin.parameters.values()}
    audio = recording(0.5, RATE)
    board = pedalboard.Pedalboard([pedalboard.Gain(-6), plugin, pedalboard.HighpassFilter(20)])
    out = board(audio, RATE)
    assert out.shape == audio.shape and np.isfinite(out).all() and np.abs(out).max() > 0.04
    assert plugin.reported_latency_samples == effect.delays[RATE].reported
    assert plugin.dropouts == 0


@pytest.mark.parametrize(("what", "rate"), EXACT.items())
def test_offline_it_gives_the_bits_of_a_rendering(exported, what, rate, tmp_path):
    effect = effect_of(what)
    audio = recording(6.0 if rate == LOW_RATE else 1.5, rate, crackle=0.05 * (what == "decrackle"))
    _, findings = rendered(effect.preset, audio, rate, tmp_path)
    learned = Learned(findings, 1.5)
    silence = np.zeros((2, effect.delays[rate].reported), np.float32)  # a host tells no end
    ended = np.concatenate([audio, silence], axis=1)
    expected, _ = rendered(with_findings(effect.preset, findings), ended, rate, tmp_path)
    plugin = load(exported(what), preset_with(effect, learned))
    count = audio.shape[1]
    for size in (64, 512, 8192):
        out = plugin.process(audio, rate, buffer_size=size)
        np.testing.assert_array_equal(out, expected[:, :count], f"blocks of {size}")
    np.testing.assert_array_equal(in_mixed_blocks(plugin, ended, rate)[:, :count], expected[:, :count])
    assert plugin.dropouts == 0 and (expected[:, :count] != audio).any()


def in_mixed_blocks(plugin, audio, rate):
    plugin.reset()
    parts, start = [], 0
    for turn in range(10_000):
        block = audio[:, start : start + MIXED[turn % len(MIXED)]]
        start += block.shape[1]
        if not block.shape[1]:
            break
        parts.append(plugin.process(block, rate, buffer_size=8192, reset=False))
    return np.concatenate(parts, axis=1)


def test_a_session_remembers_what_was_learned(exported):
    audio = recording(6.0, LOW_RATE)
    first = load(exported("denoise"))
    np.testing.assert_array_equal(first.process(audio, LOW_RATE), audio)  # it has to listen first
    first.reset()
    first.learn = True
    heard = first.process(audio, LOW_RATE, reset=False)
    first.learn = False
    first.process(np.zeros((2, 64), np.float32), LOW_RATE, reset=False)
    first.reduction_db = 20.0
    out = first.process(audio, LOW_RATE)
    stage = wavemend.Denoise(reduction_db=20.0)
    stage.learn(audio, LOW_RATE)
    np.testing.assert_array_equal(out, stage.process(audio, LOW_RATE))
    np.testing.assert_array_equal(heard, audio[:, : heard.shape[1]])

    second = load(exported("denoise"))
    second.raw_state = first.raw_state
    np.testing.assert_array_equal(second.process(audio, LOW_RATE), out)
    assert second.reduction_db == 20.0 and not second.learn


def test_factory_presets_are_loaded(exported):
    plugin = load(exported("denoise"))
    presets = exported("denoise") / "Contents" / "Resources" / "Presets"
    vinyl = wavemend.load_preset("vinyl")
    plugin.load_preset(str(presets / f"{vinyl.name}.vstpreset"))
    (denoise,) = (stage for _, stage in vinyl.chain.stages() if stage.id == "wavemend.denoise")
    assert plugin.reduction_db == denoise.reduction_db
    plugin.load_preset(str(presets / "Default.vstpreset"))
    assert plugin.reduction_db == wavemend.Denoise().reduction_db


def test_parameters_are_read_and_written_as_text(exported):
    plugin = load(exported("denoise"))
    parameters = plugin.parameters
    assert parameters["reduction_db"].label == "dB"
    for control in effect_of("denoise").controls:
        shown = next(p for p in parameters.values() if p.name == control.title)
        for place in (0.0, 0.25, 1.0):
            text = shown.get_text_for_raw_value(place)
            assert control.parameter.parse(text) == control.meant(place)
            assert shown.get_raw_value_for_text(text) == pytest.approx(place, abs=1e-5) or place == 0.25
    plugin.output = "removed"
    assert parameters["output"].raw_value == 1.0
    plugin.quality = "high"
    assert plugin.quality == "high"


@pytest.mark.skipif(sys.platform != "linux", reason="effects are made for Linux so far")
def test_no_engine_outlives_its_instance(exported):
    bundle = str(exported("rumble")).encode()

    def engines() -> int:
        return sum(bundle in _words(process) for process in Path("/proc").glob("[0-9]*"))

    plugin = load(exported("rumble"))
    plugin.process(recording(0.1, RATE), RATE)
    assert engines()
    del plugin
    gc.collect()
    ends = time.monotonic() + 10
    while engines() and time.monotonic() < ends:  # pedalboard is done with it when it has time
        time.sleep(0.05)
    assert engines() == 0


def _words(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:  # it ended just now
        return b""
