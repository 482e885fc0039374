"""``wavemend monitor``: with devices in memory, and on a machine that has none."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner
from wavemend.errors import WavemendError
from wavemend.host.cli.main import app
from wavemend.host.monitor import devices

from tests.host.monitor.test_live import FakeStream
from tests.host.recordings import damaged


class Fake(FakeStream):
    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return None


@pytest.fixture
def fake(monkeypatch):
    stream = Fake(damaged(1.0))
    known = devices.Devices(["Line"], ["Phones"], "Line", None)
    monkeypatch.setattr(devices, "known_devices", lambda: known)
    monkeypatch.setattr(devices, "opened", lambda *names, **options: stream)
    return stream


def run(*words):
    return CliRunner().invoke(app, ["monitor", *words])


def test_a_preset_is_heard_and_what_it_took_is_told(fake):
    done = run("hum", "--set", "dehum.bypass=true", "--seconds", "0.2", "--buffer", "441")
    assert done.exit_code == 0, done.output
    for said in ("Line -> Phones", "declared delay", "measured delay", "0 samples lost"):
        assert said in done.output, said
    assert sum(block.shape[1] for block in fake.written) == 20 * 441
    assert np.abs(fake.written[-1]).max() > 0


def test_figures_come_as_json(fake):
    done = run("hum", "--set", "dehum.bypass=true", "--seconds", "0.1", "--json")
    assert json.loads(done.stdout)["blocks"] == 5


def test_devices_are_listed(fake):
    done = run("--list")
    assert [line.split() for line in done.stdout.splitlines()[1:]] == [
        ["input", "Line", "default"],
        ["output", "Phones"],
    ]
    assert json.loads(run("--list", "--json").stdout)["inputs"] == ["Line"]


def test_what_cannot_run_is_refused(fake, monkeypatch):
    assert "must hear the whole recording first" in str(run("hum").exception)
    assert run().exit_code == 2
    monkeypatch.setattr(devices, "known_devices", lambda: devices.Devices([], [], None, None))
    error = run("hum", "--set", "dehum.bypass=true").exception
    assert isinstance(error, WavemendError) and "no sound device for input" in str(error)
    assert run("--list").exit_code == 1
