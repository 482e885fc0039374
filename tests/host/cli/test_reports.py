"""``wavemend report`` as a person meets it."""

import pytest

from tests.host.commands import refused, wavemend
from tests.host.recordings import damaged, write

pytestmark = pytest.mark.whole


def test_a_render_gets_its_page_and_a_folder_its_index(tmp_path):
    write(tmp_path / "side.wav", damaged(2.0))
    made = wavemend("render", "prepare", "side.wav", "-o", "out/", "--removed", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    done = wavemend("report", "out/side.wav", "--source", "side.wav", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["out/side.wav.report.html"]
    refused(wavemend("report", "out/side.wav", cwd=tmp_path), "--overwrite")
    done = wavemend("report", "out", "--overwrite", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "index.html").read_text().count("<tr>") == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["side.wav"], "no such file"),
        (["."], "holds no restored file"),
        ([".", "--source", "side.wav"], "--source"),
        (["side.wav", "-o", "a.pdf"], "ends in .html"),
    ],
)
def test_what_cannot_be_reported_on_is_refused_in_a_line(tmp_path, words, message):
    write(tmp_path / "side.wav", damaged(0.2))
    refused(wavemend("report", *words, cwd=tmp_path), message)
