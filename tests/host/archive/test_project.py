"""A collection's own file: strict, and only what it says."""

import pytest
from wavemend.errors import PlanError
from wavemend.host.archive.project import is_project, read_project

GOOD = """
preset = "vinyl"
[set]
declick.sensitivity = 4
highshelffilter.bypass = false
"denoise.reduction_db" = "6 dB"
[render]
strength = 80
removed = true
overs = "float"
missing = "bypass"
"""


def project(folder, text):
    path = folder / "wavemend.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_good_one_is_read(tmp_path):
    read = read_project(project(tmp_path, GOOD))
    assert read.preset == "factory:vinyl"
    assert read.settings == [
        "declick.sensitivity=4",
        "highshelffilter.bypass=off",
        "denoise.reduction_db=6 dB",
    ]
    assert read.options == {"strength": 80, "removed": True, "overs": "float", "missing": "bypass"}
    assert is_project("a/wavemend.toml") and not is_project("vinyl")


@pytest.mark.parametrize(("text", "track"), [("2", 2), ('"all"', "all")])
def test_it_says_which_sound_of_films(tmp_path, text, track):
    read = read_project(project(tmp_path, f'preset = "vinyl"\n[render]\ntrack = {text}'))
    assert read.options == {"track": track}


def test_its_preset_lies_beside_it_wherever_one_works(tmp_path, monkeypatch):
    (tmp_path / "presets").mkdir()
    mine = tmp_path / "presets" / "vinyl.json"
    mine.write_text('{"format": "wavemend-preset", "format_version": 1, "name": "", "chain": []}')
    path = project(tmp_path, 'preset = "vinyl"')
    monkeypatch.chdir("/")
    assert read_project(path).preset == str(mine)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 'preset is missing; name one: preset = "vinyl"'),
        ("preset = 3", "preset = 3 is not allowed; name one"),
        ('preset = "vinil"', "preset = 'vinil' is not found; .*presets, or one of .*vinyl"),
        ('preset = "../vinyl"', "preset = '../vinyl' is not found"),
        ('preset = "user:../vinyl"', "holds no folder"),
        ('presett = "vinyl"', "presett is no key of a project file; did you mean preset"),
        ('preset = "vinyl"\nrender = 3', r"render = 3 is not allowed; it must be a table: \[render\]"),
        ('preset = "vinyl"\n[render]\nstrenght = 3', r"render\.strenght is no key .* did you mean strength"),
        ('preset = "vinyl"\n[render]\noverwrite = true', r"render\.overwrite is no key"),
        ('preset = "vinyl"\n[render]\nstrength = 300', "strength=300 is not allowed; .* 0 to 100"),
        ('preset = "vinyl"\n[render]\nstrength = nan', "strength=nan is not allowed"),
        ('preset = "vinyl"\n[render]\nstrength = true', "True is not allowed; it must be a number"),
        ('preset = "vinyl"\n[render]\nremoved = "yes"', "'yes' is not allowed; it must be true or"),
        ('preset = "vinyl"\n[render]\novers = "clip"', "overs = 'clip' .* one of headroom, float"),
        ('preset = "vinyl"\n[render]\nseed = -1', "seed=-1 is not allowed"),
        ('preset = "vinyl"\n[render]\ntrack = 0', "track=0 is not allowed; .* number from 1, or all"),
        ('preset = "vinyl"\n[render]\ntrack = "two"', "track='two' is not allowed; .* number from 1, or all"),
        ('preset = "vinyl"\n[render]\ntrack = true', "track = True is not allowed; .* number or a word"),
        ('preset = "vinyl"\n[render]\ntrack = 1.5', "track = 1.5 is not allowed; .* number or a word"),
        ('preset = "vinyl"\n[set]\ndeclick.sensitivity = 40', "sensitivity='40' is not allowed.*0 to 10"),
        ('preset = "vinyl"\n[set]\ndeclik.sensitivity = 4', "is no slot of this preset"),
        ('preset = "vinyl"\n[set]\ndeclick.sensitivity = [4]', r"sensitivity = \[4\] is not allowed"),
        ('preset = "vinyl"\n[set]\nsensitivity = 4', "write SLOT.PARAMETER=VALUE"),
        ("preset = vinyl", "is not TOML: .*line 1"),
        ("a = " + "[\n" * 20_000, "is not TOML"),
        ("a = " + "9" * 10_000, "a line over 400 characters"),
        (b"\xff", "is not text in UTF-8"),
        (b" " * (2**16 + 1), "larger than 64 KB"),
    ],
)  # fmt: skip
def test_a_bad_one_is_refused_by_file_key_and_value(tmp_path, text, said):
    path = project(tmp_path, text)
    with pytest.raises(PlanError, match=said) as caught:
        read_project(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


def test_one_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PlanError, match=r"wavemend\.toml: cannot be read"):
        read_project(tmp_path / "wavemend.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("preset" + ".a" * 5000 + " = 1", "holds a line over 400 characters that is no comment"),
        ("preset" + ".a" * 100 + " = 1", "nested too deeply"),
        ('preset = "vinyl"\n[render]\nstrength' + ".a" * 100 + " = 1", "nested too deeply"),
        ("preset = " + "[\n" * 100 + "]" * 100, "nested too deeply"),
        ('preset = "vinyl"\n[render]\nseed = 0x' + "f" * 300, "whole number of more than 300 digits"),
    ],
)
def test_what_costs_far_more_than_its_bytes_is_refused(tmp_path, text, said):
    with pytest.raises(PlanError, match=said):
        read_project(project(tmp_path, text))


def test_marks_of_other_editors_and_long_comments_are_no_fault(tmp_path):
    text = "\ufeff# " + "why " * 200 + '\r\npreset = "vinyl"\r\n'
    assert read_project(project(tmp_path, text)).preset == "factory:vinyl"
