"""Names of presets: the project's go before one's own, and those before the factory's."""

import os

import pytest
from wavemend.errors import PresetError
from wavemend.host.presets import library
from wavemend.host.presets.library import (
    entries,
    find_entry,
    folder_of,
    hiding,
    preset_names,
    project_file,
    target_of,
)
from wavemend.host.presets.preset import described_preset, load_preset

from .test_settings import GAIN, written


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Make a project with a folder of sides in it, and a user's folder, both with presets."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    own, project = tmp_path / "data" / "wavemend" / "presets", tmp_path / "project"
    for folder in (own, project / "presets", project / "sides"):
        folder.mkdir(parents=True)
    (project / "wavemend.toml").write_text("")
    written(own / "vinyl.json", GAIN, name="mine")
    written(own / "gentle.json", GAIN, name="my gentle")
    written(project / "presets" / "gentle.json", GAIN, name="the project's")
    (own / ".hidden.json").write_text("{}")
    monkeypatch.chdir(project / "sides")
    return tmp_path


def test_the_nearest_of_a_name_is_meant(places):
    assert load_preset("vinyl").name == "mine"
    assert load_preset("gentle").name == "the project's"
    assert load_preset("hum").name == load_preset("factory:hum").name
    assert load_preset("user:gentle").name == "my gentle"
    assert load_preset("factory:vinyl").name == "Vinyl, gentle"


def test_without_a_project_ones_own_are_meant(places, monkeypatch):
    monkeypatch.chdir(places)
    assert project_file() is None and load_preset("gentle").name == "my gentle"
    with pytest.raises(PresetError, match=r"no wavemend\.toml is here or in a folder above"):
        folder_of("project")


def test_every_preset_is_listed_with_its_level_and_what_hides_it(places):
    listed = [(e.name, e.level, e.hidden_by) for e in entries()]
    assert listed[:3] == [("gentle", "project", ""), ("gentle", "user", "project"), ("vinyl", "user", "")]
    assert ("vinyl", "factory", "user") in listed and len(listed) == 3 + len(preset_names())
    assert hiding("gentle").endswith("gentle.json; say user:gentle for the other")
    assert hiding("hum") == hiding("user:gentle") == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gentel", "there is no preset 'gentel'; .*project:gentle, user:gentle, user:vinyl"),
        ("user:hum", "there is no preset 'user:hum'; user presets: gentle, vinyl"),
        ("user:../x", "holds no folder, and begins with no dot"),
        ("project:.hidden", "holds no folder, and begins with no dot"),
        ("user:", "holds no folder"),
    ],
)
def test_a_name_that_is_none_says_what_there_is(places, name, said):
    with pytest.raises(PresetError, match=said):
        load_preset(name)


def test_paths_and_levels_say_where_a_preset_goes(places):
    assert target_of("side.json").name == "side.json" and target_of("side.json").parent.name == ""
    assert target_of("user:new") == places / "data" / "wavemend" / "presets" / "new.json"
    assert target_of("project:new") == places / "project" / "presets" / "new.json"
    for bad in ("factory:new", "user:../new", "user:a/b", "project:.new", "user:"):
        with pytest.raises(PresetError):
            target_of(bad)


def test_a_broken_preset_of_a_level_is_named_by_its_file(places):
    (places / "project" / "presets" / "hum.json").write_text("{")
    with pytest.raises(PresetError, match=r"project/presets/hum\.json: is not JSON"):
        described_preset("hum")
    entry = find_entry("hum")
    assert entry is not None and entry.level == "project"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_in_a_level_is_not_waited_for(places):
    os.mkfifo(places / "project" / "presets" / "pipe.json")
    with pytest.raises(PresetError, match=r"pipe\.json: is no file"):
        load_preset("pipe")


def test_a_preset_is_found_without_a_look_at_the_others(places, monkeypatch):
    monkeypatch.setattr(library, "entries", None)
    assert load_preset("gentle").name == "the project's"
    assert load_preset("user:gentle").name == "my gentle" and load_preset("hum").name
