"""Presets: readable, complete, and harmless whoever wrote them."""

import contextlib
import copy
import json
import re
from importlib.resources import files

import jsonschema
import numpy as np
import pedalboard
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend.contract.registry import stage_class, stage_ids
from wavemend.errors import ParameterError, PresetError
from wavemend.host.chain.chain import Chain
from wavemend.host.chain.slot import Slot
from wavemend.host.presets.library import SCHEMA_NAME, preset_names
from wavemend.host.presets.overrides import edited_preset
from wavemend.host.presets.preset import (
    Preset,
    described_preset,
    load_preset,
    parse_preset,
    preset_bytes,
    preset_to_json,
    replace_preset,
    save_preset,
)
from wavemend.host.presets.schema import preset_schema
from wavemend.host.presets.slots import absences, check_models
from wavemend.host.stock.stock import stock_effects, stock_values
from wavemend.host.storage.publishing import Publication
from wavemend.plugins.dc_offset import DcOffset
from wavemend.plugins.rumble import Rumble

GOOD = {
    "format": "wavemend-preset",
    "format_version": 1,
    "name": "Good",
    "description": "",
    "chain": [
        {
            "plugin": "wavemend.rumble",
            "version": 1,
            "parameters": {"cutoff_hz": 30.0, "slope_db_per_octave": "24"},
        },
        {"plugin": "pedalboard.Gain", "parameters": {"gain_db": 3.0}, "mix": 0.5},
        {"chain": [{"plugin": "pedalboard.Invert", "parameters": {}}], "bypass": True},
    ],
}


def changed(*path, to):
    """GOOD with the value at `path` replaced, or removed where `to` is `...`."""
    data = copy.deepcopy(GOOD)
    place = data
    for key in path[:-1]:
        place = place[key]
    if to is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return data


def parse(data):
    return parse_preset(json.dumps(data).encode(), "my.json")


def test_good_one_loads():
    chain = parse(GOOD).chain
    assert chain[0] == Rumble(cutoff_hz=30.0)
    assert chain.slots[1].mix == 0.5 and chain[1].gain_db == 3.0
    assert chain.slots[2].bypass and isinstance(chain[2][0], pedalboard.Invert)
    assert preset_to_json(parse(GOOD)) == GOOD


def test_the_address_of_its_schema_stays_in_a_preset(tmp_path):
    address = "https://example.org/wavemend-preset-1.schema.json"
    (tmp_path / "mine.json").write_text(json.dumps({"$schema": address, **GOOD}))
    save_preset(load_preset(tmp_path / "mine.json"), tmp_path / "copy.json")
    assert next(iter(json.loads((tmp_path / "copy.json").read_text()).items())) == ("$schema", address)
    edited = edited_preset(str(tmp_path / "mine.json"), ["gain.mix=1"])
    assert preset_to_json(edited)["$schema"] == address


def test_a_file_that_was_changed_meanwhile_is_not_written_over(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(GOOD))
    before = preset_bytes(path)
    mine = load_preset(path)
    path.write_text(json.dumps(changed("name", to="Theirs")))
    with pytest.raises(PresetError, match="was changed meanwhile by somebody else; edit it again"):
        replace_preset(mine, path, before)
    assert load_preset(path).name == "Theirs" and [p.name for p in tmp_path.iterdir()] == ["mine.json"]
    with Publication(overwrite=True) as publication:
        publication.part_of(path)
        with pytest.raises(PresetError, match="another wavemend is writing it right now"):
            replace_preset(mine, path, preset_bytes(path))
    replace_preset(mine, path, preset_bytes(path))
    assert load_preset(path).name == "Good"
    path.unlink()
    with pytest.raises(PresetError, match="cannot be read"):
        replace_preset(mine, path, before)
    assert not path.exists()


@pytest.mark.parametrize("name", preset_names())
def test_factory_presets_load_and_keep_the_order_and_the_schema(name, tmp_path):
    preset = load_preset(name)
    assert preset.name and preset.description and not preset.chain.warnings()
    data = preset_to_json(preset)
    jsonschema.validate(data, preset_schema(), jsonschema.Draft202012Validator)
    save_preset(preset, tmp_path / "copy.json")
    assert preset_to_json(load_preset(tmp_path / "copy.json")) == data
    assert load_preset(name).chain == preset.new_chain() or any(
        isinstance(m, pedalboard.Plugin) for m in preset.chain
    )


def test_the_published_schema_is_the_one_in_force():
    from importlib.resources import files

    published = json.loads(files("wavemend.presets").joinpath(SCHEMA_NAME).read_text())
    assert published == preset_schema(), f"run: wavemend presets schema > presets/{SCHEMA_NAME}"


@pytest.mark.parametrize("identifier", stage_ids())
def test_every_stage_survives_a_preset_with_findings(identifier):
    kind = stage_class(identifier)
    stage = kind()
    if kind.findings_type is not None:
        stage.learn(0.01 * np.random.default_rng(0).standard_normal((2, 88_200)) + 0.1, 44_100)
    preset = Preset("p", "", Chain([Slot(stage, mix=0.25)]))
    back = parse_preset(json.dumps(preset_to_json(preset)).encode(), "p")
    assert back.chain == preset.chain


RUMBLE = r"my\.json: slot 1 \(wavemend\.rumble\)"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "must be a JSON object"),
        (changed("format", to="x"), "format is 'x'"),
        (GOOD | {"$schema": ["x"]}, r"\$schema is \['x'\]; it must be an address"),
        (GOOD | {"$schema": "x" * 3000}, "it must be an address"),
        (changed("format_version", to=2), "reads 1"),
        (changed("chain", to=...), "'chain' is missing"),
        (changed("name", to=3), "must be text"),
        (changed("name", to="\x1b]0;title"), "control characters"),
        (changed("chain", 0, "parameters", "self", to=3), "no parameter 'self'"),
        (changed("extra", to=3), "unknown field 'extra'"),
        (changed("chain", to={}), "must be a list"),
        (changed("chain", 0, to=3), "slot 1 must be a JSON object"),
        (changed("chain", 0, "plugin", to="wavemend.rumbel"), r"slot 1 .*did you mean wavemend\.rumble"),
        (changed("chain", 0, "plugin", to="nobody.knows"), "slot 1 .*no stage 'nobody.knows' is installed"),
        (changed("chain", 0, "plugin", to="../../x.vst3"), "no stage"),
        (changed("chain", 0, "plugin", to=7), "must be the id of a stage"),
        (changed("chain", 0, "version", to=2), RUMBLE + ".*version 2.*1 is installed; upgrade"),
        (changed("chain", 0, "version", to=...), RUMBLE + ".*version is None"),
        (changed("chain", 0, "version", to=True), RUMBLE + ".*version is True"),
        (changed("chain", 0, "parameters", to=...), "'parameters' must be there"),
        (changed("chain", 0, "parameters", "cutoff_hz", to=...), RUMBLE + r".*cutoff_hz is missing.*20\.0"),
        (changed("chain", 0, "parameters", "cutoff_hz", to=4), RUMBLE + ".*cutoff_hz=4.*5 to 300 Hz"),
        (changed("chain", 0, "parameters", "cutoff_hz", to="x" * 999), RUMBLE + ".*5 to 300|" + RUMBLE),
        (changed("chain", 0, "parameters", "cutoff_hz", to=10**290), RUMBLE + ".*huge"),
        (changed("chain", 0, "parameters", "cutoff_hz", to=10**400), "a number of 401 digits; at most 300"),
        (
            changed("chain", 0, "parameters", "cutof_hz", to=30),
            "did you mean cutoff_hz",
        ),
        (changed("chain", 0, "parameters", "slope_db_per_octave", to="25"), "one of 12, 18, 24, 36, 48"),
        (changed("chain", 0, "findings", to={}), "takes none"),
        (changed("chain", 0, "path", to="/etc/passwd"), "unknown field 'path'"),
        (changed("chain", 1, "plugin", to="pedalboard.Gian"), "slot 2 .*no effect 'Gian'"),
        (changed("chain", 1, "plugin", to="pedalboard.Convolution"), "slot 2 .*no effect"),
        (changed("chain", 1, "parameters", "gain_db", to="loud"), "slot 2 .*gain_db='loud'.*number"),
        (changed("chain", 1, "parameters", to={}), "gain_db is missing"),
        (changed("chain", 1, "mix", to=1.5), "slot 2.*mix=1.5.*0 to 1"),
        (changed("chain", 2, "bypass", to="yes"), "slot 3.*bypass='yes'"),
        (changed("chain", 2, "chain", 0, "plugin", to="pedalboard.X"), r"slot 3\.1"),
        (changed("chain", 2, "plugin", to="pedalboard.Gain"), "either 'plugin' or 'chain'"),
    ],
)
def test_a_bad_one_gives_one_clear_line(data, message):
    with pytest.raises(PresetError, match=message) as caught:
        parse(data)
    text = str(caught.value)
    assert text.startswith("my.json: ") and "\n" not in text and len(text) < 700


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"[" * 100_000,
        b'{"format": NaN}',
        b'{"a": 1, "a": 2}',
        b"1" * 10_000,
        b" " * (17 * 2**20),
        json.dumps(changed("chain", to=[GOOD["chain"][1]] * 300)).encode(),
    ],
)
def test_strangers_bytes_are_refused(data):
    with pytest.raises(PresetError, match=r"^my\.json: "):
        parse_preset(data, "my.json")


def test_nesting_is_bounded():
    chain = GOOD["chain"]
    for _ in range(9):
        chain = [{"chain": chain}]
    with pytest.raises(PresetError, match="nested deeper than 8; make two of it"):
        parse({**GOOD, "chain": chain})
    for _ in range(40):
        chain = [{"chain": chain}]
    with pytest.raises(PresetError, match="nested too deeply; at most 64 levels are read"):
        parse({**GOOD, "chain": chain})


def test_slots_of_nested_chains_count_among_all():
    many = [{"chain": GOOD["chain"][1:2] * 100}] * 3
    with pytest.raises(PresetError, match="more than 256 slots"):
        parse({**GOOD, "chain": many})


@pytest.mark.parametrize("name", ["Delay", "Resample"])
def test_effects_that_take_much_memory_or_time_are_few(name):
    slot = {"plugin": f"pedalboard.{name}", "parameters": stock_values(stock_effects()[name]())}
    assert len(parse({**GOOD, "chain": [{"chain": [slot] * 4}, *[slot] * 4]}).chain) == 5
    with pytest.raises(PresetError, match=f"has more than 8 slots of pedalboard.{name}; make two of it"):
        parse({**GOOD, "chain": [{"chain": [slot] * 5}, *[slot] * 4]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
PLACES = [("chain",), ("chain", 0), ("chain", 0, "parameters"), ("chain", 0, "parameters", "cutoff_hz")]
PLACES += [("chain", 1, "parameters", "gain_db"), ("chain", 2, "chain"), ("name",), ("chain", 0, "version")]


@given(st.sampled_from(PLACES), JSON)
def test_whatever_stands_in_a_preset_it_loads_or_is_refused(place, value):
    data = changed(*place, to=value)
    with contextlib.suppress(PresetError):  # and nothing else
        preset = parse(data)
        assert jsonschema.Draft202012Validator(preset_schema()).is_valid(data)
        assert isinstance(preset.chain, Chain)


def test_control_characters_of_a_stranger_do_not_reach_the_terminal(tmp_path):
    with pytest.raises(PresetError) as caught:
        parse(changed("chain", 0, "plugin", to="a\x1b[31m\n\u2028b"))
    assert not re.search(r"[\x00-\x1f\u2028]", str(caught.value))
    (tmp_path / "a.json").write_text(json.dumps(changed("chain", 0, "plugin", to="a\x1b[31m\nb\u2028c")))
    ((_, said),) = absences(described_preset(tmp_path / "a.json").chain)
    assert said == "a [31m b c is not installed here"


def test_saving_never_overwrites_unasked(tmp_path):
    preset = Preset("p", "", Chain([DcOffset()]))
    save_preset(preset, tmp_path / "p.json")
    with pytest.raises(PresetError, match="is there already"):
        save_preset(preset, tmp_path / "p.json")
    save_preset(preset, tmp_path / "p.json", overwrite=True)


@pytest.mark.parametrize(
    ("preset", "said"),
    [
        (Preset("a\x1b[31m", "", Chain()), "control characters"),
        (Preset("", "", Chain([DcOffset() for _ in range(257)])), "more than 256 slots"),
    ],
)
def test_what_could_not_be_loaded_again_is_not_saved(tmp_path, preset, said):
    with pytest.raises(PresetError, match=f"cannot be stored: .*{said}"):
        save_preset(preset, tmp_path / "p.json")
    assert not list(tmp_path.iterdir())


def test_half_a_letter_survives_a_preset(tmp_path):
    data = json.dumps({**GOOD, "name": "\ud800 side"}).encode()
    preset = parse_preset(data, "my.json")
    save_preset(preset, tmp_path / "p.json")
    assert load_preset(tmp_path / "p.json").name == "\ud800 side"


def test_missing_files_and_names():
    with pytest.raises(PresetError, match=r"no preset 'vinil'; the factory presets are .*vinyl"):
        load_preset("vinil")
    with pytest.raises(PresetError, match="cannot be read"):
        load_preset("nowhere/x.json")


def test_old_versions_go_through_upgrade(monkeypatch):
    monkeypatch.setattr(Rumble, "version", 2)
    monkeypatch.setattr(
        Rumble, "upgrade", classmethod(lambda cls, version, values: {**values, "cutoff_hz": 2 * values["hz"]})
    )
    data = changed("chain", 0, "parameters", to={"hz": 20.0, "slope_db_per_octave": "24"})
    with pytest.raises(PresetError, match="no parameter 'hz'"):
        parse(data)
    monkeypatch.setattr(
        Rumble,
        "upgrade",
        classmethod(lambda cls, version, values: {"cutoff_hz": 2 * values.pop("hz"), **values}),
    )
    assert parse(data).chain[0].cutoff_hz == 40.0


def test_boards_are_stored_as_nested_chains():
    board = pedalboard.Pedalboard([pedalboard.Gain(2), pedalboard.Pedalboard([pedalboard.Gain(3)])])
    (slot,) = preset_to_json(Preset("", "", Chain([board])))["chain"]
    gain, nested = slot["chain"]
    assert gain["parameters"] == {"gain_db": 2.0} and nested["chain"][0]["parameters"] == {"gain_db": 3.0}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pedalboard.Mix([pedalboard.Gain()]), "Mix cannot be stored in a preset; .* with its mix"),
        (
            lambda: pedalboard.Convolution(np.ones((1, 4), np.float32), 1.0, 44_100),
            "Convolution cannot be stored in a preset; .* must never name one: add it to the loaded chain",
        ),
    ],
)
def test_what_no_preset_holds_says_what_to_do_instead(make, message):
    with pytest.raises(PresetError, match=message):
        preset_to_json(Preset("", "", Chain([make()])))
    name = type(make()).__name__
    with pytest.raises(PresetError, match=f"no effect '{name}' that a preset may use; "):
        parse(changed("chain", 0, to={"plugin": f"pedalboard.{name}", "parameters": {}}))


def test_a_preset_with_a_stage_that_is_not_installed_can_be_looked_at(tmp_path):
    stranger = {"plugin": "studio.dehiss", "version": 3, "parameters": {"amount": 7}, "mix": 0.5}
    data = changed("chain", 0, to=stranger)
    (tmp_path / "a.json").write_text(json.dumps(data))
    looked_at = described_preset(tmp_path / "a.json")
    assert preset_to_json(looked_at)["chain"][0] == stranger
    assert list(absences(looked_at.chain)) == [("1", "studio.dehiss is not installed here")]
    with pytest.raises(PresetError, match="no stage 'studio.dehiss' is installed"):
        load_preset(tmp_path / "a.json")


def test_slots_are_bypassed_while_a_preset_is_loaded(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(GOOD))
    chain = load_preset(tmp_path / "a.json", bypass={"1": True, "3": False, "3.1": True}).chain
    assert [slot.bypass for _, slot in chain.walk()] == [True, False, False, True]


def test_only_known_policies_are_taken():
    with pytest.raises(ParameterError, match="missing='ignore' is not allowed; .* fail, bypass, substitute"):
        load_preset("vinyl", missing="ignore")


def test_a_stage_that_sounds_otherwise_by_now_says_so_until_it_is_saved_again(tmp_path):
    data = copy.deepcopy(json.loads(files("wavemend.presets").joinpath("hum.json").read_bytes()))
    data["chain"][0]["version"] = 2
    (tmp_path / "old.json").write_text(json.dumps(data))
    old = load_preset(tmp_path / "old.json")
    installed = stage_class("wavemend.dehum").version
    said = f"Dehum: its values are of Dehum 2, and {installed} is installed: it may sound different"
    assert old.chain.warnings() == old.new_chain().warnings() == old.chain[:].warnings() == [said]
    save_preset(old, tmp_path / "new.json")
    assert load_preset(tmp_path / "new.json").chain.warnings() == []
    old.chain[0] = Rumble()
    assert old.chain.warnings() == []


def test_check_asks_for_models_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    chain = load_preset("vinyl").new_chain()
    check_models(chain, "vinyl")
    chain[0].model = "0" * 64
    with pytest.raises(
        PresetError, match=r"vinyl: slot 1 \(wavemend.declick\): model 0{12}\.\.\. .* models add"
    ):
        check_models(chain, "vinyl")
