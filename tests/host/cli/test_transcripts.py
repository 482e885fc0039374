"""``transcribe``, ``batch --transcribe`` and ``search`` as a new user meets them."""

import json
import os

import pytest

from tests.host import parrots
from tests.host.commands import refused, wavemend
from tests.host.recordings import damaged, write

pytestmark = pytest.mark.whole


@pytest.fixture
def archive(tmp_path, monkeypatch):
    (tmp_path / "site").mkdir()
    parrots.install(tmp_path / "site")
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
    )
    (tmp_path / "in" / "box 1").mkdir(parents=True)
    write(tmp_path / "in" / "a.wav", damaged(0.5))
    write(tmp_path / "in" / "box 1" / "b.flac", damaged(0.5, seed=1))
    return tmp_path


SITE = """
import os, sys
sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)[:1]
from wavemend.host.cli.main import main
main()
"""


def asked(*words, cwd):
    return wavemend(*words, cwd=cwd, script=SITE)


def test_recordings_are_transcribed_beside_them_or_into_a_folder(archive):
    result = asked("transcribe", "in", "--recogniser", "parrot", cwd=archive)
    assert result.returncode == 0, result.stderr
    assert "a.wav: 6 words -> in/a.wav.txt, .srt, .vtt" in result.stdout
    again = asked("transcribe", "in", "--recogniser", "parrot", cwd=archive)
    refused(again, "a.wav.txt: is there already; say --overwrite to replace it")
    result = asked("transcribe", "in", "--recogniser", "parrot", "-o", "out", "--json", cwd=archive)
    told = json.loads(result.stdout)
    assert [one["segments"][0]["text"][:11] for one in told] == ["grey parrot"] * 2
    assert sorted(path.name for path in (archive / "out" / "box 1").iterdir()) == [
        "b.flac.srt", "b.flac.txt", "b.flac.vtt",
    ]  # fmt: skip
    (archive / "in" / "c.wav").write_text("no sound")
    result = asked("transcribe", "in/c.wav", "in/a.wav", "--recogniser", "parrot", "--overwrite", cwd=archive)
    assert result.returncode == 1 and "c.wav" in result.stderr and "a.wav: 6 words" in result.stdout


def test_a_collection_is_transcribed_in_processes_and_searched(archive):
    words = ("batch", "prepare", "in", "-o", "out", "-j", "2", "--transcribe", "--recogniser", "parrot")
    result = asked(*words, "--verify", cwd=archive)
    assert result.returncode == 0, result.stderr
    assert "12 files checked, 0 not as they should be" in result.stdout
    result = asked("search", "out", "naive grey", cwd=archive)
    assert result.stdout.splitlines()[1].split()[:4] == ["a.wav", "0:00", "[grey]", "parrot,"]
    assert result.stdout.splitlines()[-1] == "2 places in 2 recordings"
    found = json.loads(asked("search", "out", '"parrot grey"', "--json", cwd=archive).stdout)
    assert found == []
    result = asked(*words, "--model", "wild", cwd=archive)
    assert "restored before, transcribed now" in result.stdout and "0 restored, 2 skipped" in result.stdout
    assert len(json.loads(asked("search", "out", "wild", "--json", cwd=archive).stdout)) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["transcribe", "in", "--recogniser", "cockatoo"], "no recogniser 'cockatoo' is installed"),
        (["transcribe", "gone", "--recogniser", "parrot"], "gone"),
        (
            ["transcribe", "in/a.wav", "in", "in/box 1/../a.wav", "--recogniser", "parrot", "--model"],
            "--model",
        ),
        (["batch", "prepare", "in", "-o", "out", "--model", "wild"], "go with --transcribe"),
        (["search", "in", "words"], "holds no wavemend-manifest.sqlite"),
    ],
)
def test_what_cannot_be_is_refused(archive, arguments, message):
    refused(asked(*arguments, cwd=archive), message)
