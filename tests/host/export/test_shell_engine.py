"""Engines that die, hang, are gone or say no: hosts live on, nothing dry passes as restored offline."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from .bundles import GAIN, LEARN, RATES, Host, bundle, manifest, state
from .conftest import Loaded

Noise = npt.NDArray[np.float32]


def until(true: Callable[[], object], seconds: float = 5.0) -> float:
    """Wait for it; return how long that took."""
    begin = time.monotonic()
    while not true():
        assert time.monotonic() - begin < seconds, "it did not come true in time"
        time.sleep(0.01)
    return time.monotonic() - begin


def is_gone(pid: int) -> bool:
    """Whether no such process lives, or only what is left until it is waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_scan_starts_no_engine(loaded: Loaded) -> None:
    host = loaded()
    for question in ("class", "parameters", "units", "latency"):
        host.ask(question)
    host.ask("setup", 48000, 0, 512)
    assert host.engines() == []
    assert host.word() == "off"


def test_fifty_activations_are_one_start(loaded: Loaded, noise: Noise) -> None:
    host = loaded(audio=noise)
    host.start()
    engines = host.engines()
    for _ in range(50):
        host.ask("active", 0)
        begin = time.monotonic()
        host.ask("active", 1)
        assert time.monotonic() - begin < 0.2
        assert host.ask("process", 64, 2).startswith("0")
    assert len(engines) == 1
    assert host.engines() == engines


def test_an_engine_is_handed_nothing_of_what_its_host_has_open(host_binary: Path, tmp_path: Path) -> None:
    """Who reads a pipe of the host's up to its end would wait for the engine's."""
    placed = bundle(tmp_path, host_binary, manifest())
    left_open = tmp_path / "open"
    left_open.touch()
    with Host(placed, runner=["sh", "-c", 'exec 9<"$0" && exec "$@"', str(left_open)]) as host:
        host.start()
        [engine] = host.engines()
        assert str(left_open) in files_of(host.pid)
        assert str(left_open) not in files_of(engine)


def files_of(pid: int) -> list[str]:
    return [os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir()]


def test_an_engine_that_another_rate_replaces_can_be_looked_at_meanwhile(
    loaded: Loaded, noise: Noise
) -> None:
    """Its memory, which grows, goes when nobody looks at it any more; TSan sees threads that race for it."""
    host = loaded(audio=noise)
    host.ask("buses", 3, 3)
    assert host.ask("rates", *RATES) == "0" * 4 * len(RATES)
    assert host.word() == "ready"
    assert len(host.engines()) == 1


@pytest.mark.parametrize("fault", ["crash", "hang", "fault"])
def test_offline_every_fault_is_an_error_and_silence_until_the_next_start(
    loaded: Loaded, noise: Noise, tmp_path: Path, fault: str
) -> None:
    lines = manifest(0, engine=[f"{fault}=4000", f"once={tmp_path / 'mark'}"])
    host = loaded(lines, noise, WAVEMEND_ENGINE_ANSWER_S="0.3")
    host.start()
    results = [host.ask("process", 512, 2).split()[0] for _ in range(20)]
    assert results == ["0"] * 7 + ["4"] * 13
    assert host.word() == "failed"
    host.ask("active", 0)
    host.ask("active", 1)
    host.ask("seek", 0)
    if fault != "fault":  # that one lives, and still says no
        assert host.ask("process", 512, 2).split()[0] == "0"
        assert host.word() == "ready"
    heard = host.end()
    assert np.array_equal(heard[:, : 7 * 512], noise[:, : 7 * 512])
    assert not heard[:, 7 * 512 : 20 * 512].any()


def test_live_a_dead_engine_is_replaced_and_what_it_missed_made_up_for(loaded: Loaded, noise: Noise) -> None:
    """The sound is dry, as late, while there is none; then it is restored, from the same samples on."""
    audio = np.tile(noise, (1, 4))
    host = loaded(manifest(4000, engine=["gain=0.5", "hold=3000"]), audio)
    host.start(mode=0)
    host.ask("live", 512, 30)
    [engine] = host.engines()
    os.kill(engine, signal.SIGKILL)
    host.ask("live", 512, 90)
    assert host.word() == "ready"
    assert host.engines() != [engine]
    assert host.dropouts() > 0
    heard = host.end()
    dry = np.concatenate([np.zeros((2, 4000), np.float32), audio], 1)[:, : heard.shape[1]]
    ratio = np.divide(heard, dry, out=np.full_like(heard, 0.5), where=dry != 0)
    assert np.all((ratio > 0.499) & (ratio < 1.001))  # dry, restored, or on the way from one to the other
    assert np.array_equal(heard[:, -9600:], 0.5 * dry[:, -9600:])
    passed_dry = np.flatnonzero(ratio[0] > 0.51)
    assert passed_dry.size
    assert passed_dry[-1] - passed_dry[0] < 48_000


@pytest.mark.parametrize("fault", ["again", "leave"])
def test_an_engine_that_replaced_what_works_in_it_is_told_everything_again(
    loaded: Loaded, noise: Noise, tmp_path: Path, fault: str
) -> None:
    """Offline what it had heard is lost, so that the recording has failed; live it goes on."""
    (tmp_path / "kept").write_bytes(state({GAIN: 0.5}, b"print"))
    for mode, ends in ((0, "0"), (2, "4")):
        audio = np.tile(noise, (1, 3))
        host = loaded(manifest(2000, engine=[f"{fault}=10000", "hold=500"]), audio)
        host.ask("load", tmp_path / "kept")
        host.start(mode=mode)
        [engine] = host.engines()
        if mode == 0:
            host.ask("live", 512, 150)
        else:
            results = [host.ask("process", 512, 2).split()[0] for _ in range(60)]
            assert results == sorted(results)
        assert host.ask("process", 512, mode).split()[0] == ends
        assert host.engines() == [engine]
        heard = host.end()
        if mode == 2:
            assert not heard[:, -512:].any()
            continue
        restored = audio[:, : heard.shape[1] - 2000] * np.float32(0.5)
        went_on = np.all(heard[:, 2000:] == restored, axis=0)[10_000:]
        assert np.count_nonzero(went_on) > 24_000  # on a busy machine a live engine may be late now and then


def test_an_engine_that_waits_for_the_next_recording_is_not_taken_for_one_that_hangs(
    loaded: Loaded, noise: Noise
) -> None:
    """The recording that failed is not gone on with, so that it owes nothing."""
    host = loaded(manifest(0, engine=["idle=1"]), noise, WAVEMEND_ENGINE_ANSWER_S="0.3")
    host.start()
    host.ask("process", 512, 2)
    os.kill(host.engines()[0], signal.SIGKILL)
    until(lambda: host.ask("process", 512, 2).startswith("4"))
    host.ask("active", 1)
    until(lambda: host.word() == "ready")
    [engine] = host.engines()
    time.sleep(0.6)
    assert host.engines() == [engine]
    assert host.ask("process", 512, 2).startswith("0")


def test_kills_at_random_never_end_the_host(loaded: Loaded, noise: Noise) -> None:
    random = np.random.default_rng(3)
    host = loaded(manifest(100), np.tile(noise, (1, 4)))
    host.start(mode=0)
    for _ in range(10):
        until(lambda: host.word() == "ready")
        mode = int(random.choice([0, 2]))
        host.ask("process", 512, mode)
        os.kill(host.engines()[0], signal.SIGKILL)
        time.sleep(random.uniform(0, 0.02))
        results = [host.ask("process", int(n), mode).split()[0] for n in random.integers(0, 9000, 4)]
        assert set(results) <= {"0", "4"}
        assert mode == 0 or "4" in results
        host.ask("active", 1)
    assert until(lambda: host.word() == "ready") < 1


def test_an_engine_that_cannot_be_started_is_said(loaded: Loaded, noise: Noise) -> None:
    host = loaded(manifest(0, python="/nowhere/python"), noise)
    begin = time.monotonic()
    host.start()
    assert host.ask("process", 512, 2).split()[0] == "4"
    assert time.monotonic() - begin < 2
    assert host.word() == "failed"
    assert "/nowhere/python cannot be started" in host.errors.read_text()
    assert not host.end().any()


def test_an_engine_that_wants_no_other_is_not_started_again(loaded: Loaded, noise: Noise) -> None:
    host = loaded(manifest(0, engine=["exit=78"]), noise)
    host.start()
    assert host.word() == "failed"
    time.sleep(0.4)
    assert host.engines() == []
    assert "the stage is gone; export it again" in host.errors.read_text()


def test_what_an_engine_says_is_for_people_and_in_their_letters(loaded: Loaded, noise: Noise) -> None:
    host = loaded(manifest(0, engine=["fault=100"]), noise)
    host.start()
    host.ask("process", 512, 2)
    until(lambda: "Trübes Knacken: cannot go on: größer als erlaubt" in host.errors.read_text())


def test_one_that_does_not_become_ready_is_ended(loaded: Loaded) -> None:
    host = loaded(manifest(0, python="/bin/sleep"), None, WAVEMEND_ENGINE_START_S="0.3")
    lines = host.folder / "Effect.vst3" / "Contents" / "Resources" / "manifest.tsv"
    assert lines.is_file()
    host.start()
    assert host.word() == "failed"


@pytest.mark.parametrize("end", [Host.kill, Host.end], ids=["killed", "ended"])
def test_no_engine_outlives_its_host(loaded: Loaded, end: Callable[[Host], object]) -> None:
    host = loaded()
    host.start()
    [engine] = host.engines()
    end(host)
    until(lambda: is_gone(engine), 2)


def test_an_instance_that_goes_takes_its_engine_along(loaded: Loaded) -> None:
    host = loaded()
    host.start()
    [engine] = host.engines()
    host.ask("again")
    assert is_gone(engine)
    assert host.engines() == []


def test_a_rendering_host_saves_what_was_learned_however_late_the_engine_reads_it(
    loaded: Loaded, noise: Noise, tmp_path: Path
) -> None:
    """Its blocks wait for no more than they are to give out, and the sound comes much later."""
    host = loaded(manifest(9000, engine=["learn=2"]), noise)
    host.start()
    host.ask("process", 64, 2)
    [engine] = host.engines()
    until(lambda: host.word() == "ready")
    os.kill(engine, signal.SIGSTOP)
    host.ask("process", 512, 2, f"{LEARN}:0:1")
    host.ask("process", 512, 2, f"{LEARN}:0:0")
    threading.Timer(0.3, os.kill, (engine, signal.SIGCONT)).start()
    host.ask("save", tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes().endswith(b"L" * 5000)


def test_every_state_that_a_sample_begins_with_reaches_the_engine(
    loaded: Loaded, noise: Noise, tmp_path: Path
) -> None:
    """Also where a host loads the next before a stopped engine has read the last."""
    host = loaded(manifest(9000, engine=[f"states={tmp_path / 'sizes'}"]), noise)
    host.start()
    host.ask("process", 64, 2)
    [engine] = host.engines()
    os.kill(engine, signal.SIGSTOP)
    for size, blocks in ((2_000_000, 1), (2_000_001, 1), (2_000_002, 0), (2_000_003, 0), (2_000_004, 1)):
        (tmp_path / "kept").write_bytes(state({GAIN: 0.5}, bytes(size)))
        host.ask("load", tmp_path / "kept")
        for _ in range(blocks):
            host.ask("process", 64, 2)
    os.kill(engine, signal.SIGCONT)
    host.ask("process", 9000, 2)
    sizes = tmp_path / "sizes"
    until(lambda: sizes.read_text().split() == ["0", "2000000", "2000001", "2000004"])


def test_an_engine_that_thinks_for_long_while_a_host_renders_is_waited_for(
    loaded: Loaded, noise: Noise
) -> None:
    """As long as it shows signs of life."""
    host = loaded(manifest(0, engine=["thinks=4000"]), noise, WAVEMEND_ENGINE_ANSWER_S="0.3")
    host.start()
    for _ in range(12):
        assert host.ask("process", 512, 2).startswith("0")
    assert np.array_equal(host.end(), noise[:, : 12 * 512])


def test_many_instances_that_end_in_any_order_leave_nothing(loaded: Loaded, noise: Noise) -> None:
    host = loaded(manifest(0), noise)
    host.start()
    engines = host.engines()

    def opened() -> int:
        return len(list(Path(f"/proc/{host.pid}/fd").iterdir()))

    before = opened()
    for seed in range(2):
        assert set(host.ask("many", seed, 10)) == {"0"}
        assert opened() == before
        assert host.engines() == engines
    assert host.ask("process", 64, 2).startswith("0")
    host.end()
