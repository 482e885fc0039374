"""Collections in an S3 server's bucket: the command line, processes, kills, a cluster, and what fails."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from wavemend.errors import RemoteError
from wavemend.host.archive.collection import batch
from wavemend.host.archive.machines import executor_for
from wavemend.host.archive.remote import objects
from wavemend.host.archive.remote.objects import fetch, listed

from tests.host.recordings import damaged, write

from ..runs import ALL, files
from ..runs import states as local_states
from .runs import collection, lasting, outputs, run_collection, states

pytestmark = pytest.mark.whole


def command(s3, state, *more):
    line = [sys.executable, "-m", "wavemend", "batch", "prepare", f"{s3.url}/in", "-o", f"{s3.url}/out"]
    return [*line, "--state", str(state), *more]


def said(line, **environment):
    done = subprocess.run(
        line, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    return done.returncode, done.stdout, " ".join(done.stderr.split())


def test_the_command_line_restores_verifies_and_says_urls(s3, source, target, tmp_path):
    local_states(source, target)
    code, out, error = said(command(s3, tmp_path / "state", "-j", "2", "--verify"), COLUMNS="500")
    assert code == 0, error
    assert f"the manifest of {s3.url}/out is kept in {tmp_path / 'state'}" in error
    assert f"a.wav -> {s3.url}/out/a.wav" in out and "9 files checked, 0 not as they should be" in out
    assert outputs(s3) == files(target)
    assert lasting(tmp_path / "state", f"{s3.url}/in") == lasting(target, source)
    code, out, _ = said(command(s3, tmp_path / "elsewhere", "--dry-run"), COLUMNS="500")
    assert code == 0 and "3 recordings" in out
    s3.write("out/a.wav", b"changed")
    code, out, error = said([sys.executable, "-m", "wavemend", "verify", f"{s3.url}/out"])
    assert code == 1 and "a.wav: has changed" in error


def test_killed_at_any_moment_and_resumed_the_bytes_are_the_same(s3, source, target, tmp_path):
    for number in range(8):
        write(source / f"{number}.wav", damaged(2.0, seed=number))
    s3.put(source, "in")
    local_states(source, target)
    rng = np.random.default_rng(0)
    for _ in range(4):
        process = subprocess.Popen(
            command(s3, tmp_path / "state", "-j", "2"),
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while not [*(tmp_path / "state").glob("*/*")] and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        try:
            process.wait(float(rng.uniform(0.2, 3.0)))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    code, _, error = said(command(s3, tmp_path / "state", "-j", "2"))
    assert code == 0, error
    assert outputs(s3) == files(target)
    assert lasting(tmp_path / "state", f"{s3.url}/in") == lasting(target, source)


def test_workers_of_a_cluster_fetch_for_themselves(s3, source, target, tmp_path):
    pytest.importorskip("distributed")
    local_states(source, target)
    asked = collection(f"{s3.url}/in", f"{s3.url}/out", tmp_path / "state", scheduler="local")
    with executor_for(2, "local") as executor:
        outcomes = [*run_collection(asked, executor=executor)]
    assert all(outcome.rendered for outcome in outcomes) and len(outcomes) == len(ALL)
    assert outputs(s3) == files(target)
    assert lasting(tmp_path / "state", f"{s3.url}/in") == lasting(target, source)


def test_a_script_restores_a_collection(s3, source, tmp_path):
    made = batch("prepare", f"{s3.url}/in", f"{s3.url}/out", state=tmp_path / "state")
    assert [entry.state for entry in made] == ["done"] * 3
    assert {entry.source for entry in made} == {f"{s3.url}/in/{name}" for name in ALL}


def test_no_bucket_no_credentials_and_no_service_are_one_line(s3, tmp_path, monkeypatch):
    line = command(s3, tmp_path / "state")
    nowhere = [one.replace(f"{s3.url}/in", "s3://no-such-bucket-of-ours/in") for one in line]
    code, _, error = said(nowhere)
    assert code == 2 and "s3://no-such-bucket-of-ours/in: there is no such object, or no such bucket" in error
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    code, _, error = said(
        line, AWS_EC2_METADATA_DISABLED="true", AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "none")
    )
    assert code == 2 and "no credentials were found" in error
    code, _, error = said(
        line, AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", AWS_ENDPOINT_URL="http://127.0.0.1:9"
    )
    assert code == 2 and "is the network there?" in error
    assert error.count("error:") == 1


def test_a_network_that_is_lost_fails_what_was_under_way_and_the_rest_goes_on(
    s3, source, target, tmp_path, monkeypatch
):
    local_states(source, target)
    system_of, lost = objects.system_of, []

    def unreachable(url):
        if url.endswith("in/box 1/b.flac") and lost:
            raise ConnectionError("no route to host")
        return system_of(url)

    asked = collection(f"{s3.url}/in", f"{s3.url}/out", tmp_path / "state")
    lost.append(True)
    with monkeypatch.context() as patch:
        patch.setattr(objects, "system_of", unreachable)
        outcomes = {one.job.name: one for one in run_collection(asked)}
    assert {name for name, one in outcomes.items() if one.rendered} == ALL - {"box 1/b.flac"}
    assert "no route to host" in outcomes["box 1/b.flac"].error
    again = states(f"{s3.url}/in", f"{s3.url}/out", tmp_path / "state")
    assert again == dict.fromkeys(ALL, "skipped") | {"box 1/b.flac": "restored"}
    assert outputs(s3) == files(target)


def test_an_object_that_changes_while_it_is_read_is_told(s3, tmp_path, monkeypatch):
    s3.write("in/long.wav", bytes(20_000_000))
    monkeypatch.setattr(objects, "PIECE", 1 << 20)
    reading = objects.pieces(f"{s3.url}/in/long.wav")
    next(reading)
    s3.write("in/long.wav", bytes(19_999_999) + b"1")
    with pytest.raises(RemoteError, match="changed while it was being read"):
        [*reading]
    s3.delete("in/long.wav")
    with pytest.raises(RemoteError, match="no such object"):
        fetch(f"{s3.url}/in/long.wav", tmp_path / "long.wav")


def test_more_objects_than_one_answer_holds_are_listed(s3):
    s3.system.pipe({f"{s3.root}/many/box {n // 100}/{n}.wav": b"" for n in range(1200)})
    assert len(listed(f"{s3.url}/many")) == 1200
