"""A render that was killed, or that stands beside what is left of another, is taken up again."""

import os
import sys

import pytest
from wavemend import Chain, render
from wavemend.errors import AudioFileError
from wavemend.plugins.dc_offset import DcOffset

from tests.host.storage.test_publishing import killed, names

from .recordings import damaged, write

WANTED = {"removed": True, "events": True, "labels": True}


def chain():
    return Chain([DcOffset()])


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def source(tmp_path):
    return write(tmp_path / "a.wav", damaged(0.2))


@pytest.fixture
def whole(source, tmp_path):
    render(chain(), source, tmp_path / "whole" / "a.wav", **WANTED)
    return bytes_of(tmp_path / "whole")


@pytest.mark.whole
@pytest.mark.skipif(sys.platform == "win32", reason="fork")
def test_killed_at_any_step_a_render_is_done_again_as_if_nothing_had_been(
    source, whole, tmp_path, monkeypatch
):
    for count in range(1, 1000, 7):
        output = tmp_path / str(count) / "a.wav"
        died = killed(lambda: render(chain(), source, output, **WANTED), count, monkeypatch)  # noqa: B023
        if not output.exists():
            render(chain(), source, output, **WANTED)
        else:
            render(chain(), source, output.with_name("b.wav"), **WANTED)  # any next run in that folder
            for path in output.parent.glob("b.*"):
                path.unlink()
        assert bytes_of(output.parent) == whole
        if not died:
            break
    assert 30 < count < 900


def test_what_is_left_of_a_set_without_its_audio_is_replaced(source, whole, tmp_path):
    output = tmp_path / "out" / "a.wav"
    render(chain(), source, output, **WANTED)
    output.unlink()
    render(chain(), source, output, **WANTED)
    assert bytes_of(output.parent) == whole


@pytest.mark.parametrize("text", ["", "{}\n", "\0" * 5000])
def test_a_file_with_nothing_in_it_is_no_reason_to_leave_a_recording_out(source, whole, tmp_path, text):
    output = tmp_path / "out" / "a.wav"
    output.parent.mkdir()
    for name in ("a.wav.report.json", "a.wav.labels.txt"):
        (output.parent / name).write_text(text)
    render(chain(), source, output, **WANTED)
    assert bytes_of(output.parent) == whole


@pytest.mark.parametrize("name", ["a.wav.report.json", "a.removed.wav", "a.wav.labels.txt"])
def test_what_others_put_there_is_refused(source, tmp_path, name):
    output = tmp_path / "out" / "a.wav"
    render(chain(), source, output, **WANTED)
    output.unlink()
    for text in ("precious", '{"format": "wavemend-report", "output": {"name": "b.wav"}}', '{"a": 1}'):
        (output.parent / name).write_text(text)
        before = bytes_of(output.parent)
        with pytest.raises(AudioFileError, match=f"{name}: is there already"):
            render(chain(), source, output, **WANTED)
        assert bytes_of(output.parent) == before
    render(chain(), source, output, **WANTED, overwrite=True)


def test_what_a_disk_does_not_give_stands_in_the_report(source, whole, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "fsync", refuse)
    if sys.platform != "win32":
        monkeypatch.setattr("fcntl.flock", refuse)
    done = render(chain(), source, tmp_path / "out" / "a.wav")
    assert any("power cut" in warning for warning in done.warnings)
    assert "power cut" in done.report.read_text()
    assert names(tmp_path / "out") == ["a.wav", "a.wav.report.json"]


@pytest.mark.parametrize("size", [226, 230, 245, 255])
def test_names_up_to_the_longest_are_rendered(tmp_path, size):
    name = f"{size}-".ljust(size - 4, "x") + ".wav"
    source = write(tmp_path / name, damaged(0.2))
    done = render(chain(), source, tmp_path / "out" / name, **WANTED)
    assert done.output.name == name and len(names(tmp_path / "out")) == 5
