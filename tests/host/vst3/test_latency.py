"""The delay that a plugin has in the state it plays in is taken out, whenever it tells its figure."""

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from wavemend import Chain, Preset, Slot, render
from wavemend.host.presets.preset import parse_preset, preset_to_json
from wavemend.host.vst3.plugin import VST3

RATES = (44_100, 48_000, 96_000)
AT = 20_000
LENGTH = 30_000
KINDS = ["", "Later", "Tells", "Mono", "Unkept", "Unplayed"]


def impulse(channels=2):
    audio = np.zeros((channels, LENGTH))
    audio[:, AT] = 0.5
    return audio


def by_keyword(name, isolated, path):
    return VST3(name, isolated=isolated, lookahead_ms=15)


def by_preset(name, isolated, path):
    plugin = VST3(name, lookahead_ms=15)
    text = json.dumps(preset_to_json(Preset("A", "", Chain([plugin]))))
    (loaded,) = parse_preset(text.encode(), "a.json").chain
    assert loaded.lookahead_ms == 15
    if isolated:
        return loaded
    plugin = VST3(name, isolated=False)
    plugin.take(loaded.state, loaded.places)
    return plugin


def by_vstpreset(name, isolated, path):
    VST3(name, lookahead_ms=15).save_preset(path / "a.vstpreset")
    plugin = VST3(name, isolated=isolated)
    plugin.load_preset(path / "a.vstpreset")
    return plugin


WAYS = [(kind, set_up) for kind in KINDS for set_up in (by_keyword, by_preset, by_vstpreset)]
WAYS.remove(("Unkept", by_vstpreset))  # such a file cannot hold it


@pytest.mark.parametrize("isolated", [True, False])
@pytest.mark.parametrize(("kind", "set_up"), WAYS)
def test_an_impulse_comes_out_at_its_sample(scanned, tmp_path, kind, set_up, isolated):
    name = f"LookAhead{kind}"
    scanned(name)
    plugin = set_up(name, isolated, tmp_path)
    half = Chain([Slot(plugin, mix=0.5)])
    for rate in RATES:
        assert np.array_equal(plugin(impulse(), rate), impulse())
        assert np.array_equal(half(impulse(), rate), impulse())


@pytest.mark.parametrize("kind", KINDS)
def test_the_reported_latency_is_that_of_the_settings(scanned, kind):
    name = f"LookAhead{kind}"
    scanned(name)
    plugin = VST3(name)
    assert plugin.reported_latency_samples == 221
    plugin.lookahead_ms = 15
    assert plugin.reported_latency_samples == 662


@pytest.mark.parametrize("isolated", [True, False])
@pytest.mark.parametrize("kind", ["", "Later", "Tells", "Mono"])
def test_a_delay_that_changes_in_mid_recording_opens_a_new_stream(scanned, kind, isolated):
    """Elsewhere a click, or half the recording in another place than its dry side."""
    name = f"LookAhead{kind}"
    scanned(name)
    plugin = VST3(name, isolated=isolated, block_size=256)
    for process, flush in [(plugin.process, plugin.flush), ((c := Chain([plugin])).process, c.flush)]:
        plugin.lookahead_ms = 5
        process(impulse(), 48_000, reset=False)
        plugin.lookahead_ms = 15
        out = np.concatenate([process(impulse(), 48_000, reset=False), flush()], axis=1)
        assert np.array_equal(out, impulse())


def test_what_leaves_the_delay_as_it_is_goes_on_in_the_same_stream(scanned, opened):
    scanned("LookAheadEcho")
    plugin = VST3("LookAheadEcho", block_size=256)
    plugin.process(impulse(), 48_000, reset=False)
    plugin.lookahead_ms = 15
    plugin.process(impulse(), 48_000, reset=False)
    assert len(opened) == 1


def test_the_same_recording_gives_the_same_bits_again(scanned):
    scanned("LookAheadLater")
    plugin = VST3("LookAheadLater", lookahead_ms=15, block_size=256)
    audio = np.random.default_rng(1).standard_normal((2, 5000)).astype(np.float32)
    assert np.array_equal(plugin(audio, 48_000), audio)
    assert np.array_equal(plugin(audio, 48_000), audio)


def render_with(plugin, path, rate=48_000):
    source = path / "in.wav"
    soundfile.write(source, 0.1 * np.random.default_rng(0).standard_normal((rate, 2)), rate, subtype="PCM_24")
    return render(Chain([Slot(plugin, mix=0.5)]), source, path / "out.wav", overwrite=True)


@pytest.mark.parametrize("isolated", [True, False])
@pytest.mark.parametrize(("kind", "reported"), [("Lies", 0), ("Half", 360)])
def test_a_figure_that_is_wrong_is_told_with_the_right_one(scanned, tmp_path, kind, reported, isolated):
    scanned(f"LookAhead{kind}")
    for rate in RATES:
        plugin = VST3(f"LookAhead{kind}", isolated=isolated, lookahead_ms=15)
        true = round(rate * 0.015 + 1e-6)
        assert plugin.delays(rate) == (true // 2 if reported else 0, true)
    result = render_with(plugin, tmp_path)
    (warning,) = result.warnings
    assert warning.startswith(
        f"LookAhead{kind} (slot 1) reports a delay of {reported} samples, but 720 were measured: "
        f"its sound comes {15 - reported / 48:.2f} ms too late, and mixed with the dry side it is hollow; "
    )
    assert json.loads(result.report.read_text())["warnings"] == result.warnings


@pytest.mark.parametrize("kind", ["", "Later", "Tells", "Mono", "Unkept", "Echo", "Tone", "Gate", "Haas"])
def test_a_figure_that_is_right_or_an_effect_is_not_told(scanned, tmp_path, kind):
    scanned(f"LookAhead{kind}")
    plugin = VST3(f"LookAhead{kind}", lookahead_ms=15)
    assert render_with(plugin, tmp_path).warnings == []
    reported, measured = plugin.delays(48_000)
    assert reported == (0 if kind in ("Echo", "Tone", "Gate", "Haas") else 720)
    assert measured in (reported, None)


def test_measuring_leaves_the_recording_alone(scanned, tmp_path):
    scanned("Learns")
    plugin = VST3("Learns", block_size=256)
    render_with(plugin, tmp_path)
    first = (tmp_path / "out.wav").read_bytes()
    render_with(plugin, tmp_path)
    assert (tmp_path / "out.wav").read_bytes() == first


def test_a_plugin_that_fails_when_it_is_measured_is_not_told(scanned):
    catalogue = scanned("CrashesInMono")
    (bundle,) = catalogue.bundles
    (tried,) = bundle.plugins
    # As if it had not crashed when it was tried out.
    catalogue.bundles = [replace(bundle, plugins=(replace(tried, channels=(1,)),))]
    catalogue.save()
    plugin = VST3("CrashesInMono")
    assert plugin.delays(48_000) == (0, None)
