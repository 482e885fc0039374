"""Files through chains with VST3s: the same bytes every time, and a batch that goes on."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pedalboard
import pytest
import soundfile
from wavemend import Chain, DcOffset, Preset, Rumble, Slot, render, save_preset
from wavemend.errors import PluginError
from wavemend.host.archive.batch import plan, run
from wavemend.host.presets.overrides import chain_with
from wavemend.host.vst3.plugin import VST3

RATE = 8000


def write(path, seconds, seed=0, channels=2):
    audio = 0.1 * np.random.default_rng(seed).standard_normal((int(seconds * RATE), channels))
    soundfile.write(path, audio, RATE, subtype="PCM_24")
    return path


def mixed_chain(name="Latency", **options):
    """Ours, stock and VST3, nested and half wet."""
    return Chain(
        [
            DcOffset(),
            VST3(name, gain_db=-3, block_size=777, **options),
            Chain([Rumble(), VST3(name, invert=True, **options), pedalboard.HighShelfFilter(2000, 3)]),
            Slot(VST3(name, gain_db=3, **options), mix=0.5),
            pedalboard.BrickwallLimiter(-0.5),
        ]
    )


@pytest.mark.parametrize("isolated", [True, False])
def test_a_mixed_chain_gives_the_same_bytes_for_every_block_size(scanned, tmp_path, isolated):
    scanned("Latency")
    source = write(tmp_path / "in.wav", 3.0)
    chain, outputs = mixed_chain(isolated=isolated), []
    for number, block_size in enumerate((65_536, 65_536, 1000, 4097)):
        result = render(chain, source, tmp_path / f"{number}.wav", block_size=block_size)
        outputs.append(result.output.read_bytes())
    assert outputs[1:] == outputs[:-1]
    in_memory = mixed_chain(isolated=isolated)(soundfile.read(source)[0], RATE)
    assert np.abs(soundfile.read(tmp_path / "0.wav")[0] - in_memory).max() < 2**-22


def test_dry_is_aligned_with_a_vst3_that_delays(scanned):
    scanned("Latency")
    audio = (0.1 * np.random.default_rng(0).standard_normal((2, 20_000))).astype(np.float32)
    half = Chain([Slot(Chain([VST3("Latency"), VST3("Latency", block_size=500)]), mix=0.5)])
    assert np.array_equal(half(audio, RATE), audio)


def test_streaming_gives_what_the_whole_recording_gives(scanned):
    scanned("Latency")
    audio = 0.1 * np.random.default_rng(0).standard_normal((2, 30_000))
    chain = Chain([Rumble(), VST3("Latency"), pedalboard.Compressor(-30, 3), Slot(VST3("Latency"), mix=0.3)])
    whole = chain(audio, RATE)
    parts, position = [], 0
    for size in (100, 9000, 1, 20_899):
        parts.append(chain.process(audio[:, position : position + size], RATE, reset=False))
        position += size
    while sum(part.shape[1] for part in parts) < audio.shape[1]:
        parts.append(chain.process(np.zeros((2, 8192)), RATE, reset=False))
    assert np.array_equal(np.concatenate(parts, axis=1)[:, : audio.shape[1]], whole)


def test_a_crash_names_plugin_file_and_time_and_leaves_no_file(scanned, tmp_path):
    scanned("CrashesLater")
    source = write(tmp_path / "long.wav", 12)
    with pytest.raises(PluginError, match=r"long\.wav: CrashesLater crashed \(SIGSEGV\), at 0:0\d\.\d+$"):
        render(Chain([VST3("CrashesLater", block_size=512)]), source, tmp_path / "out" / "long.wav")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_batch_of_twenty_finishes_nineteen(scanned, tmp_path):
    """One recording is longer than the ten seconds after which the plugin crashes."""
    scanned("CrashesLater")
    (tmp_path / "in").mkdir()
    for number in range(20):
        write(tmp_path / "in" / f"{number:02}.wav", 12 if number == 7 else 0.5, seed=number, channels=1)
    save_preset(Preset("Fragile", "", Chain([VST3("CrashesLater", gain_db=-1)])), tmp_path / "fragile.json")
    jobs = plan([str(tmp_path / "in")], tmp_path / "out")
    outcomes = list(run(lambda: chain_with(str(tmp_path / "fragile.json"), []), jobs))
    assert [outcome.job.source.name for outcome in outcomes if outcome.error] == ["07.wav"]
    assert "07.wav: CrashesLater crashed (SIGSEGV), at 0:0" in outcomes[7].error
    assert len(list((tmp_path / "out").glob("*.wav"))) == 19
    for outcome in outcomes:
        if outcome.rendered:
            before, after = soundfile.read(outcome.job.source)[0], soundfile.read(outcome.rendered.output)[0]
            assert np.abs(after - 10 ** (-1 / 20) * before).max() < 2**-22


def test_the_report_says_what_ran(scanned, tmp_path):
    scanned("Good")
    source = write(tmp_path / "in.wav", 0.5)
    chain = Chain([VST3("Good", gain_db=-2, block_size=640)])
    report = json.loads(render(chain, source, tmp_path / "out.wav").report.read_text())
    (slot,) = report["chain"]
    assert (slot["name"], slot["version"], slot["block_size"]) == ("Good", "1.0.0", 640)
    assert slot["parameters"]["gain_db"] == -2


def test_values_are_changed_on_the_way(scanned, tmp_path):
    scanned("Good")
    save_preset(Preset("A", "", Chain([Rumble(), VST3("Good")])), tmp_path / "a.json")
    chain = chain_with(
        str(tmp_path / "a.json"), ["good.gain_db=-6 dB", "2.invert=on", "good.mode=Hard", "good.mix=0.5"]
    )
    plugin = chain[1]
    assert (plugin.gain_db, plugin.invert, plugin.mode, chain.slots[1].mix) == (-6.0, True, "Hard", 0.5)


def test_vst3s_have_no_place_of_their_own_in_the_order(scanned):
    scanned("Good")
    assert Chain([VST3("Good"), Rumble(), VST3("Good"), pedalboard.Limiter()]).warnings() == []


def test_one_plugin_object_may_sit_in_two_places(scanned):
    """Unlike pedalboard's own objects: every place gets an instance of its own."""
    scanned("Learns")
    plugin = VST3("Learns", block_size=512)
    audio = 0.1 * np.random.default_rng(0).standard_normal((2, 4000))
    assert np.array_equal(Chain([plugin, plugin])(audio, RATE), plugin(plugin(audio, RATE), RATE))


@pytest.mark.parametrize("mix", [1.0, 0.5])
def test_a_plugin_that_dies_without_a_word_is_told_about(scanned, tmp_path, mix):
    scanned("Dies")
    source = write(tmp_path / "in.wav", 6.0)
    result = render(Chain([Slot(VST3("Dies", block_size=256), mix=mix)]), source, tmp_path / "out.wav")
    warnings = [warning for warning in result.warnings if "silence" in warning]
    if mix < 1:
        assert not warnings
    else:
        assert warnings == [
            "Dies (slot 1) gave nothing but silence from 0:02.976 to the recording's end, though sound went "
            "into it; listen to it, or bypass the slot"
        ]


def test_a_gate_and_a_silent_recording_are_not_told_about(scanned, tmp_path):
    scanned("GatesAtTwenty", "Dies")
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros((6 * RATE, 2)), RATE, subtype="PCM_24")
    assert render(Chain([VST3("Dies")]), silent, tmp_path / "a.wav").warnings == []
    loud = np.random.default_rng(1).uniform(-0.5, 0.5, (8 * RATE, 2))
    loud[2 * RATE : 4 * RATE] *= 0.1
    loud[5 * RATE :] *= 0.1
    soundfile.write(tmp_path / "speech.wav", loud, RATE, subtype="PCM_24")
    result = render(Chain([VST3("GatesAtTwenty")]), tmp_path / "speech.wav", tmp_path / "b.wav")
    gated = soundfile.read(result.output)[0]
    assert not gated[-RATE:].any() and not gated[int(3.2 * RATE) : int(3.9 * RATE)].any()
    assert result.warnings == []


def test_the_report_holds_the_hash_of_each_plugins_code(scanned, tmp_path):
    catalogue = scanned("Good", "Latency")
    source = write(tmp_path / "in.wav", 0.5)
    bypassed = Slot(VST3("Good"), bypass=True)
    chain = Chain([DcOffset(), VST3("Good"), Chain([Rumble(), VST3("Latency")]), bypassed])
    report = json.loads(render(chain, source, tmp_path / "out.wav").report.read_text())
    hashes = {}
    for bundle in catalogue.bundles:
        (binary,) = Path(bundle.path).glob("Contents/*-linux/*.so")
        hashes[binary.stem] = hashlib.sha256(binary.read_bytes()).hexdigest()
    assert report["vst3"] == [
        {
            "slot": slot,
            "plugin": f"vst3.{VST3(name).identifier}",
            "name": name,
            "version": "1.0.0",
            "sha256": hashes[name],
        }
        for slot, name in (("2", "Good"), ("3.2", "Latency"))
    ]
    plain = render(Chain([DcOffset()]), source, tmp_path / "plain.wav")
    assert json.loads(plain.report.read_text())["vst3"] == []
