"""The table of presets: what is written is read again, and what a person wrote wrong is said by its line."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend.errors import AudioFileError, PlanError, WavemendError
from wavemend.host.archive.batch import Job
from wavemend.host.archive.choices import Choice, is_choices, read_choices, suggested, write_choices

from tests.host.recordings import damaged, write

JOBS = [Job(Path("a.wav"), Path("out/a.wav"), name=name) for name in ("a.wav", "box, 1/b;c.wav", 'x"y.wav')]


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "c.csv"
    write_choices([Choice(job.name, "vinyl", 'why, and "so";\nanyway') for job in JOBS], path)
    assert read_choices(path, JOBS) == {job.name: "vinyl" for job in JOBS}
    assert is_choices(str(path)) and not is_choices("vinyl")
    with pytest.raises(AudioFileError, match="is there already"):
        write_choices([], path)


def test_no_recording_is_a_formula_and_one_that_cannot_be_read_may_be_named(tmp_path):
    names = ["=HYPERLINK(0).wav", "-1.wav", "@a.wav", "+1.wav", "'=quoted.wav"]
    jobs = [Job(Path("a.wav"), Path("out/a.wav"), name=name) for name in names]
    path = tmp_path / "c.csv"
    write_choices([Choice(name, "none", "=1+1") for name in names], path)
    cells = [*csv.reader(path.read_text(encoding="utf-8").splitlines())][1:]
    assert not [cell for row in cells for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert read_choices(path, jobs) == dict.fromkeys(names, "none")
    bad = Job(Path("bad.wav"), None, error="cannot be read", name=names[0])
    assert read_choices(path, [bad, *jobs[1:]]).keys() >= set(names[1:])
    with path.open("w") as file:
        file.write("recording,preset\n" + "".join(f"{name},none\n" for name in names[1:]))
    assert read_choices(path, [bad, *jobs[1:]]) == dict.fromkeys(names[1:], "none")


def test_a_spreadsheet_may_part_cells_by_semicolons(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("\ufeffRecording;Preset\r\na.wav; none \r\n\r\n", encoding="utf-8")
    assert read_choices(path, JOBS[:1]) == {"a.wav": "none"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it must be recording,preset,why"),
        ("preset,recording\n", "it must be recording,preset,why"),
        ("recording,preset\na.wav\n", "line 2 names no preset"),
        ("recording,preset\nb.wav,vinyl\n", "line 2: 'b.wav' is no recording of this run"),
        ("recording,preset\na.wav,vinyl\na.wav,hum\n", "line 3: 'a.wav' is named twice"),
        ("recording,preset\na.wav,vinil\n", "there is no preset 'vinil'"),
        ("recording,preset\n", "says nothing about 'a.wav'"),
        ('recording,preset\na.wav,"vinyl\n', "is no table"),
        ("recording,preset\na.wav,\x00\n", "c.csv"),
    ],
)
def test_what_is_wrong_is_said_by_its_line(tmp_path, text, said):
    path = tmp_path / "c.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError) as error:
        read_choices(path, JOBS[:1])
    assert said in str(error.value) and str(path) in str(error.value)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_an_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("choices") / "c.csv"
    path.write_bytes(b"recording,preset\n" + data)
    try:
        found = read_choices(path, JOBS[:1])
    except WavemendError:
        return
    assert found.keys() == {"a.wav"}


def test_a_recording_that_cannot_be_heard_is_told(tmp_path):
    good = write(tmp_path / "a.wav", damaged(0.5))
    (tmp_path / "b.wav").write_bytes(b"")
    jobs = [Job(good, tmp_path / "o", name="a.wav"), Job(tmp_path / "b.wav", tmp_path / "o", name="b.wav")]
    heard = {one.name: one for one in suggested(jobs)}
    assert heard["a.wav"].preset == "vinyl" and "clicks" in heard["a.wav"].why
    assert heard["b.wav"].preset == "none" and "b.wav" in heard["b.wav"].error
