"""``wavemend batch`` and ``wavemend verify`` as a new user meets them."""

import json

import pytest

from tests.host.commands import refused, wavemend
from tests.host.recordings import damaged, write


@pytest.fixture
def archive(tmp_path):
    (tmp_path / "in" / "box 1").mkdir(parents=True)
    write(tmp_path / "in" / "a.wav", damaged(0.5))
    write(tmp_path / "in" / "box 1" / "b.flac", damaged(0.5, seed=1))
    return tmp_path


@pytest.mark.whole
def test_a_collection_is_restored_gone_on_with_and_verified(archive):
    result = wavemend("batch", "prepare", "in", "-o", "out", "-j", "2", "--verify", cwd=archive)
    assert result.returncode == 0, result.stderr
    assert "6 files checked, 0 not as they should be" in result.stdout
    result = wavemend("batch", "prepare", "in", "-o", "out", "--json", cwd=archive)
    assert [one["state"] for one in json.loads(result.stdout)] == ["skipped", "skipped"]
    (archive / "out" / "a.wav").unlink()
    result = wavemend("verify", "out", cwd=archive)
    assert result.returncode == 1 and result.stderr == "error: a.wav: is gone\n"
    told = json.loads(wavemend("verify", "out", "--sources", "--json", cwd=archive).stdout)
    assert told == {"checked": 6, "wrong": [{"path": "a.wav", "problem": "is gone"}]}
    refused(wavemend("verify", "in", cwd=archive), "holds no wavemend-manifest.sqlite")


@pytest.mark.whole
def test_a_collection_is_restored_by_a_cluster_that_is_started_here(archive):
    pytest.importorskip("distributed")
    words = ("batch", "prepare", "in", "-o", "out", "-j", "2", "--scheduler", "local", "--json")
    result = wavemend(*words, cwd=archive)
    assert (result.returncode, result.stderr) == (0, "")
    assert [one["state"] for one in json.loads(result.stdout)] == ["restored", "restored"]
    assert "6 files checked, 0 not" in wavemend("verify", "out", "--sources", cwd=archive).stdout


@pytest.mark.whole
def test_a_table_is_written_edited_and_fed_back(archive):
    result = wavemend("batch", "auto", "in", "-o", "out", "--dry-run", "--choices", "c.csv", cwd=archive)
    assert result.returncode == 0, result.stderr
    assert "a.wav" in result.stdout and "2 recordings, 1.0 s; " in result.stdout
    assert not (archive / "out").exists()
    table = archive / "c.csv"
    text = table.read_text(encoding="utf-8")
    assert text.count(",vinyl,") == 2
    table.write_text(text.replace(",vinyl,", ",prepare,", 1), encoding="utf-8")
    result = wavemend("batch", "c.csv", "in", "-o", "out", cwd=archive)
    assert result.returncode == 0, result.stderr
    plan = json.loads(
        wavemend("batch", "c.csv", "in", "-o", "out", "--dry-run", "--json", cwd=archive).stdout
    )
    assert [one["preset"] for one in plan] == ["prepare", "vinyl"]


@pytest.mark.whole
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["batch", "vinil", "in", "-o", "out"], "there is no preset 'vinil'"),
        (["batch", "none.csv", "in", "-o", "out"], "none.csv: cannot be read"),
        (["batch", "vinyl", "gone", "-o", "out"], "gone"),
        (["batch", "vinyl", "in", "-o", "in/a.wav"], "a collection needs a folder"),
        (["batch", "vinyl", "in", "-o", "out", "--choices", "c.csv"], "--choices goes with auto"),
        (["batch", "auto", "in", "-o", "out", "--set", "declick.sensitivity=4"], "--set changes values"),
        (["batch", "vinyl", "in", "-o", "out", "--json", "--ndjson"], "contradict"),
        (["batch", "vinyl", "in", "-o", "out", "--allow-mixed"], "it goes with --scheduler"),
    ],
)
def test_what_is_asked_wrong_is_one_line(archive, arguments, message):
    refused(wavemend(*arguments, cwd=archive), message)
    assert not (archive / "out").exists()


@pytest.mark.whole
def test_a_collection_becomes_a_bag(archive):
    wavemend("batch", "prepare", "in", "-o", "out", "--quiet", cwd=archive)
    result = wavemend("bag", "out", "-o", "bag", "--info", "Source-Organization=Archive", cwd=archive)
    assert (result.returncode, result.stdout) == (0, "2 recordings, 4 files in bag\n"), result.stderr
    assert "Source-Organization: Archive" in (archive / "bag" / "bag-info.txt").read_text(encoding="utf-8")
    refused(wavemend("bag", "out", "-o", "bag", cwd=archive), "bag: is there already")
    refused(wavemend("bag", "out", "-o", "new", "--info", "x", cwd=archive), "write NAME=VALUE")
