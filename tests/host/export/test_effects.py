"""What hosts are told of an effect: names, class ids, delays, factory presets, and the files that say so."""

from __future__ import annotations

import json
import re

import pytest
import wavemend
from wavemend.contract.registry import stage_ids
from wavemend.errors import PluginError, PresetError
from wavemend.host.chain.chain import Chain
from wavemend.host.export.effects import effect_of
from wavemend.host.export.latency import delay_of
from wavemend.host.export.manifest import (
    MANIFEST_NAME,
    MODULE_INFO_NAME,
    PRESET_NAME,
    manifest_text,
    read_manifest,
    resources,
)
from wavemend.host.export.state import read_state
from wavemend.host.presets.library import preset_names
from wavemend.host.presets.preset import Preset, load_preset, parse_preset, preset_to_json
from wavemend.host.vst3.bundle.module_info import identities
from wavemend.host.vst3.bundle.vstpreset import vstpreset_bytes, vstpreset_chunks

EVERYTHING = [*stage_ids(), *preset_names()]


@pytest.fixture(params=EVERYTHING, scope="module")
def effect(request):
    return effect_of(request.param)


def test_class_ids_never_change():
    """Sessions of other people's hosts name effects by them."""
    assert effect_of("declick").class_id == effect_of(wavemend.Declick(sensitivity=7)).class_id
    assert effect_of("declick").class_id == "F6BD1B1D74D45364A7D92C4752A8B84B"
    assert effect_of("denoise").class_id == "683FBAC0A09050B79F80386DCB728676"
    own = Preset("Low end out", "", Chain([wavemend.Rumble(), Chain([wavemend.Denoise()])]))
    assert effect_of(own).class_id == "C4F3D05B1E9E56BAA01D61054C3E5B9E"


def test_class_ids_are_all_different():
    assert len({effect_of(name).class_id for name in EVERYTHING}) == len(EVERYTHING)


def test_a_preset_keeps_its_class_id_while_it_is_made_of_the_same():
    vinyl = load_preset("vinyl")
    changed = vinyl.new_chain()
    changed[0].sensitivity = 9
    assert effect_of(Preset(vinyl.name, "", changed)).class_id == effect_of("vinyl").class_id
    assert effect_of(Preset(vinyl.name, "", changed[:3])).class_id != effect_of("vinyl").class_id
    assert effect_of(Preset("Mine", "", changed)).class_id != effect_of("vinyl").class_id


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("declik", "did you mean wavemend.declick"),
        ("vynil", "factory presets are"),
        ("no/such.json", "cannot be read"),
        (Preset("My VST chain", "", Chain([wavemend.Rumble()])), "trademark"),
        (Preset("Nothing", "", Chain()), "empty"),
    ],
)
def test_what_cannot_be_an_effect_is_one_line(what, message):
    with pytest.raises((PluginError, PresetError), match=message):
        effect_of(what)


def test_no_setting_needs_more_than_what_is_reported():
    declick = wavemend.Declick(algorithm="learned", max_length_ms=13.0, widening_ms=4.0)
    longest = delay_of(Chain([wavemend.Declick()]), 48_000)
    assert declick.latency(48_000) <= longest.held_back == delay_of(Chain([declick]), 48_000).held_back
    assert (
        wavemend.Dehum(mode="notch").latency(48_000) < delay_of(Chain([wavemend.Dehum()]), 48_000).held_back
    )


def test_what_is_settled_stays_and_is_not_counted():
    """An effect for live use is not as late as what its stage could be set to."""
    live, other = effect_of(wavemend.VoiceDenoise(engine="live")), effect_of("voice_denoise")
    assert live.delays[48_000].reported == 2399
    assert other.delays[48_000].reported > 300_000
    assert live.class_id != other.class_id
    assert live.name == "Voice denoise live"
    assert {one.name for one in other.controls} - {one.name for one in live.controls} == {"engine"}
    mine = Preset("My voice", "", Chain([wavemend.VoiceDenoise(engine="live")]))
    assert effect_of(mine).delays == live.delays


def test_every_usual_rate_is_served(effect):
    # what hears 22 s ahead and more, as an interview's chain, has no room at the highest rates
    longest = {"Interview in a room": 96_000}.get(effect.name, 192_000)
    usual = {rate for rate in (44_100, 48_000, 88_200, 96_000, 176_400, 192_000) if rate <= longest}
    assert set(effect.delays) >= usual
    assert all(0 < delay.slack < delay.reported <= 2**22 for delay in effect.delays.values())


def test_the_manifest_is_lines_of_fields(effect):
    lines = [line.split("\t") for line in manifest_text(effect).splitlines()]
    keywords = [line[0] for line in lines]
    assert keywords[:8] == [
        "wavemend-effect", "class", "name", "vendor", "version", "url", "email", "categories",
    ]  # fmt: skip
    assert sorted(set(keywords[8:]), key=keywords.index) == [
        keyword for keyword in ("run", "latency", "unit", "parameter", "program") if keyword in keywords
    ]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", manifest_text(effect))
    assert "vst" not in effect.name.lower()
    for line in lines:
        if line[0] == "parameter":
            low, high, place = map(float, line[8:11])
            assert len(line) == 11 + (int(high) + 1 if line[3] in ("list", "switch") else 0)
            assert low < high and 0 <= place <= 1


def test_the_engine_reads_what_the_shell_is_told(effect, tmp_path):
    (tmp_path / MANIFEST_NAME).write_text(manifest_text(effect))
    promised = read_manifest(tmp_path / MANIFEST_NAME)
    assert promised.held_back == {rate: delay.held_back for rate, delay in effect.delays.items()}
    assert set(promised.parameters) >= {one.id for one in effect.controls}


def test_the_bundle_holds_the_preset_itself(effect):
    held = parse_preset(resources(effect)[PRESET_NAME], "held")
    assert preset_to_json(held) == preset_to_json(effect.preset)


def test_hosts_learn_who_it_is_without_running_it(effect, tmp_path):
    folder = tmp_path / "Contents" / "Resources"
    folder.mkdir(parents=True)
    (folder / MODULE_INFO_NAME).write_bytes(resources(effect)[MODULE_INFO_NAME])
    ((told),) = identities(tmp_path)
    assert (told.identifier, told.name, told.vendor) == (effect.class_id, effect.name, effect.vendor)
    assert told.category == "Fx|Restoration"
    assert json.loads(resources(effect)[MODULE_INFO_NAME])["Factory Info"]["Flags"]["Unicode"] is True


def test_factory_presets_are_programs_and_files(effect):
    files = resources(effect)
    presets = {name: data for name, data in files.items() if name.endswith(".vstpreset")}
    assert len(presets) == len(effect.programs) >= 1
    for name, data in presets.items():
        assert data[8:40].decode() == effect.class_id, name
        places, learned = read_state(vstpreset_chunks(data)[b"Comp"])
        assert places.keys() == {one.id for one in effect.controls} and learned == b""


def test_a_stage_comes_with_the_values_of_the_factory_presets():
    effect = effect_of("denoise")
    programs = {program.name: program.places for program in effect.programs}
    assert next(iter(programs)) == "Default" and programs["Default"] == {
        c.id: c.place for c in effect.controls
    }
    vinyl = load_preset("vinyl")
    (denoise,) = (stage for _, stage in vinyl.chain.stages() if stage.id == effect.preset.chain[0].id)
    (reduction,) = (c for c in effect.controls if c.name == "reduction_db")
    assert reduction.meant(programs[vinyl.name][reduction.id]) == denoise.reduction_db


def test_vstpreset_files_come_back_as_they_were_written():
    chunks = {b"Comp": b"abc", b"Cont": b"", b"Info": b"<x/>"}
    data = vstpreset_bytes("0" * 32, chunks)
    assert vstpreset_chunks(data) == chunks
    for cut in range(len(data)):
        with pytest.raises(PresetError, match=r"no \.vstpreset"):
            vstpreset_chunks(data[:cut])
