"""Debian's zam-plugins: seventeen real VST3s, scanned, loaded, played, saved and loaded again by sound."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pedalboard
import pytest
import soundfile
from wavemend import Chain, Declick, Preset, load_preset, render, save_preset
from wavemend.host.presets.preset import parse_preset, preset_to_json
from wavemend.host.vst3.installed.catalogue import Catalogue
from wavemend.host.vst3.plugin import VST3
from wavemend.plugins.dehum import Dehum

from .requirements import ZAM_FOLDER, require_zam_plugins

pytestmark = pytest.mark.whole

RATE = 44_100
MONO = (
    "ZamEQ2 ZamGEQ31 ZamGate ZamComp ZamDynamicEQ ZamDelay ZamAutoSat ZamPhono ZamTube ZamGrains ZaMultiComp"
)
STEREO = "ZaMaximX2 ZaMultiCompX2 ZamCompX2 ZamGateX2 ZamHeadX2 ZamVerb"
PLUGINS = [*MONO.split(), *STEREO.split()]


def scan(folder, *names):
    """Scan these plugins alone."""
    catalogue = Catalogue()
    catalogue.scan([require_zam_plugins(folder / "zam", *names)])
    return catalogue


def recording(channels, seconds=0.4):
    """Noise with a loud middle, so that dynamics have something to do."""
    length = int(seconds * RATE)
    level = 0.02 + 0.4 * np.hanning(length)
    return level * np.random.default_rng(channels).standard_normal((channels, length))


def turned(plugin):
    """Turn knobs away from where they stand, and only where there are none flip switches."""
    others = ("Current Program", "Buffer Size", "Sample Rate", "Gain Reduction", "Output Level")
    settable = [p for p in plugin.parameters.values() if p.name not in others]
    knobs = [p for p in settable if not p.is_discrete]
    for parameter in knobs or settable:
        standing = parameter.default_raw_value
        parameter.raw_value = 0.8 * standing + 0.05 if knobs else float(standing < 0.5)
    return plugin


def test_all_seventeen_are_there(tmp_path):
    require_zam_plugins(tmp_path / "zam")
    assert sorted(path.stem for path in Path(ZAM_FOLDER).glob("Za*.vst3")) == sorted(PLUGINS)


@pytest.mark.parametrize("name", PLUGINS)
def test_scans_loads_plays_saves_and_reloads_by_sound(tmp_path, name):
    (bundle,) = scan(tmp_path, name).bundles
    (found,) = bundle.plugins
    assert bundle.state == "good" and found.identity.vendor == "Damien Zammit"
    assert found.channels == ((1,) if name in MONO else (2,))
    assert found.latency == (480 if name == "ZaMaximX2" else 0)
    worker, in_process = turned(VST3(name)), turned(VST3(name, isolated=False))
    (reloaded,) = parse_preset(
        json.dumps(preset_to_json(Preset("A", "", Chain([worker])))).encode(), "a.json"
    ).chain
    for channels in (1, 2):
        audio = recording(channels)
        heard = worker(audio, RATE)
        assert heard.shape == audio.shape and np.abs(heard).max() > 1e-4
        if name != "ZamVerb" or channels == 1:  # it takes seconds to load, again and again
            assert np.array_equal(reloaded(audio, RATE), heard), "another sound after saving and loading"
        if name != "ZamVerb" or channels == 2:
            assert np.array_equal(in_process(audio, RATE), heard), "another sound in this process"
    if name != "ZamAutoSat":  # it has no knobs
        assert not np.array_equal(VST3(name, isolated=False)(audio, RATE), heard), (
            "the settings are not heard"
        )


def test_maximx2_comes_back_aligned(tmp_path):
    scan(tmp_path, "ZaMaximX2")
    audio = 0.1 * recording(2)
    plugin = VST3("ZaMaximX2")
    assert plugin.reported_latency_samples == 480
    assert np.abs(plugin(audio, RATE) - audio).max() < 1e-7


def test_a_state_is_not_stale_right_after_a_parameter_was_set(tmp_path):
    """ZamComp's own state still holds the old threshold until a block was processed."""
    scan(tmp_path, "ZamComp")
    audio = recording(1)
    plugin = VST3("ZamComp", threshold_db=-30, ratio=10)
    again = VST3("ZamComp", state=plugin.state)
    assert again.threshold_db == -30
    assert np.array_equal(again(audio, RATE), plugin(audio, RATE))
    assert not np.array_equal(again(audio, RATE), VST3("ZamComp")(audio, RATE))


@pytest.mark.parametrize("isolated", [True, False])
@pytest.mark.parametrize("name", MONO.split())
def test_a_mono_plugins_state_holds_what_was_set_after_an_earlier_one(tmp_path, name, isolated):
    """By sound; a state that was asked for before must not be the last that knows what is set."""
    scan(tmp_path, name)
    audio = recording(1)
    plugin = VST3(name, isolated=isolated)
    before = plugin.state
    turned(plugin)
    again = VST3(name, isolated=isolated, state=plugin.state)
    assert np.array_equal(again(audio, RATE), plugin(audio, RATE))
    if name != "ZamAutoSat":  # it has no knobs
        first = VST3(name, isolated=isolated, state=before)
        assert plugin.state != before and not np.array_equal(first(audio, RATE), plugin(audio, RATE))


def test_the_whole_chain_from_a_preset_gives_the_same_bytes(tmp_path):
    scan(tmp_path, "ZamComp", "ZaMaximX2")
    chain = Chain(
        [
            Declick(),
            VST3("ZamComp", threshold_db=-20, ratio=3),
            Dehum(),
            pedalboard.HighShelfFilter(6000, 2),
            VST3("ZaMaximX2", threshold_db=-6),
        ]
    )
    save_preset(Preset("Side A", "Ours, stock and third parties'.", chain), tmp_path / "side.json")
    audio = recording(2, 1.5)
    audio[:, 9000:50_000:9001] += 0.7
    soundfile.write(tmp_path / "in.wav", np.clip(audio, -0.99, 0.99).T, RATE, subtype="PCM_24")
    outputs = []
    for number, block_size in enumerate((65_536, 65_536, 5000)):
        preset = load_preset(tmp_path / "side.json")
        assert [getattr(member, "isolated", True) for member in preset.chain] == [True] * 5
        rendered = render(preset, tmp_path / "in.wav", tmp_path / f"{number}.wav", block_size=block_size)
        outputs.append(
            (rendered.output.read_bytes(), rendered.report.read_text().replace(f"{number}.wav", ""))
        )
    assert outputs[1:] == outputs[:-1]


@pytest.mark.parametrize("isolated", [False, True])
def test_a_plugin_does_not_change_the_hosts_arithmetic(tmp_path, isolated):
    """They are built with -ffast-math: loading one switches its thread to flush subnormal numbers to zero."""
    scan(tmp_path, "ZaMaximX2")
    code = f"""
import numpy as np
from wavemend import VST3
plugin = VST3("ZaMaximX2", isolated={isolated})
plugin(np.zeros((2, 1000), np.float32), 44100.0)
assert float("5e-324") * 1.0 > 0.0 and np.nextafter(0.0, 1.0) * np.ones(8)[3] > 0.0
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
