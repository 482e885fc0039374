"""The delay that a plugin has in the state it plays in is taken out, whenever it tells its figure."""

import json

import numpy as np
import pytest
from wavemend import Chain, Preset, Slot
from wavemend.host.presets import parse_preset, preset_to_json
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


def test_what_leaves_the_delay_as_it_is_goes_on_in_the_same_stream(scanned):
    scanned("LookAheadEcho")
    plugin = VST3("LookAheadEcho", block_size=256)
    plugin.process(impulse(), 48_000, reset=False)
    stream = plugin._live[0]
    plugin.lookahead_ms = 15
    plugin.process(impulse(), 48_000, reset=False)
    assert plugin._live[0] is stream


def test_the_same_recording_gives_the_same_bits_again(scanned):
    scanned("LookAheadLater")
    plugin = VST3("LookAheadLater", lookahead_ms=15, block_size=256)
    audio = np.random.default_rng(1).standard_normal((2, 5000)).astype(np.float32)
    assert np.array_equal(plugin(audio, 48_000), audio)
    assert np.array_equal(plugin(audio, 48_000), audio)
