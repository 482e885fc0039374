"""Workers: alive while the host is, dead when it is, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from wavemend.errors import PluginError, WorkerCrashedError, WorkerTimedOutError
from wavemend.host.processes.shared_audio import SharedAudio, new_memory
from wavemend.host.processes.wire import HEADER, Message, pack, unpack
from wavemend.host.vst3.plugin import VST3
from wavemend.host.vst3.process.client import Worker

pytestmark = [pytest.mark.whole, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone_within(pid, seconds=3.0):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if not alive(pid):
            return True
        time.sleep(0.01)
    return False


def test_messages_come_through_whole():
    message = Message({"a": [1, "ü", None]}, b"\0\xff" * 1000)
    data = pack(message)
    size, attached = HEADER.unpack(data[: HEADER.size])
    body = data[HEADER.size :]
    assert len(body) == size + attached
    assert unpack(body[:size], body[size:]) == message


def test_shared_memory_is_shared_and_cannot_shrink():
    descriptor = new_memory()
    here = SharedAudio(descriptor, 2, 64, create=True)
    there = SharedAudio(descriptor, 2, 64, create=False)
    assert here.to_plugin.shape == (1024, 2, 64)
    here.to_plugin[:] = 1
    there.from_plugin[:] = 2
    here.counts[:] = 3, 4
    assert (there.to_plugin == 1).all() and (here.from_plugin == 2).all() and there.counts.tolist() == [3, 4]
    with pytest.raises(OSError, match="not permitted"):
        os.ftruncate(descriptor, 0)
    os.close(descriptor)


def test_a_closed_worker_is_dead_and_says_so():
    worker = Worker()
    assert alive(worker.pid)
    worker.close()
    worker.close()
    assert not alive(worker.pid)
    with pytest.raises(WorkerCrashedError, match="was ended"):
        worker.ask("latency")


def test_a_forgotten_worker_is_ended():
    worker = Worker()
    pid = worker.pid
    del worker
    assert not alive(pid)


def test_a_worker_that_is_killed_is_told_about():
    worker = Worker()
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(WorkerCrashedError, match="SIGKILL"):
        worker.ask("names", "/nowhere.vst3")


def test_no_answer_is_a_time_out_and_the_worker_is_ended():
    worker = Worker(answer_seconds=0.2)
    os.kill(worker.pid, signal.SIGSTOP)
    with pytest.raises(WorkerTimedOutError, match=r"no answer within 0\.2 s"):
        worker.ask("names", "/nowhere.vst3")
    assert not alive(worker.pid)


def test_what_is_asked_wrongly_is_an_error_and_the_worker_lives():
    worker = Worker()
    with pytest.raises(PluginError, match="KeyError"):
        worker.ask("no such command")
    with pytest.raises(PluginError, match="does not load"):
        worker.ask("load", "/nowhere.vst3", "x")
    assert alive(worker.pid)
    worker.close()


HOST = """
import json, os, sys, threading, time
import numpy as np
from wavemend.host.vst3.bundle import bundles
bundles.standard_folders = list
from wavemend.host.vst3.plugin import VST3
def start():
    global stream
    stream = plugin.stream(48000, 2)
    stream.step(np.zeros((2, 2000)))
plugin = VST3(sys.argv[1])
if sys.argv[2] == "thread":
    thread = threading.Thread(target=start); thread.start(); thread.join()
    time.sleep(0.2)
    stream.step(np.zeros((2, 2000)))  # the worker outlives the thread that made it
else:
    start()
workers = [plugin.hosted().pid, stream.pid]
print(json.dumps(workers), flush=True)
if sys.argv[2] == "hang":
    stream.step(np.zeros((2, 400_000)))
time.sleep(60)
"""


@pytest.mark.parametrize(("name", "how"), [("Good", "main"), ("Good", "thread"), ("Hangs", "hang")])
def test_killing_the_host_kills_its_workers_and_leaves_nothing(scanned, name, how):
    """Even one whose plugin hangs, and one that another thread started."""
    scanned(name)
    before = set(os.listdir("/dev/shm"))
    command = [sys.executable, "-c", HOST, name, how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
        workers = json.loads(host.stdout.readline())
        assert all(map(alive, workers))
        if how == "hang":
            time.sleep(0.5)
        host.kill()
    assert all(map(gone_within, workers))
    assert set(os.listdir("/dev/shm")) <= before


def test_a_plugin_killed_in_mid_recording_is_an_error_with_its_time(scanned):
    scanned("Good")
    stream = VST3("Good", block_size=800).stream(8000, 1)
    stream.step(np.zeros((1, 16_000)))
    os.kill(stream.pid, signal.SIGKILL)
    with pytest.raises(WorkerCrashedError, match=r"Good crashed \(SIGKILL\), at 0:02\.000"):
        stream.step(np.zeros((1, 16_000)))


def members_of(session):
    """Living processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, own = stat.read_text().rpartition(")")[2].split()[:4]
            if int(own) == session and state != "Z":
                found.append(int(stat.parent.name))
    return found


@pytest.mark.parametrize("step_samples", [16_000, 100_000])
def test_a_plugin_that_forks_and_crashes_is_a_crash_at_once_and_its_child_is_ended(scanned, step_samples):
    """The child holds both pipes open, and hangs."""
    scanned("ForksAndCrashes")
    stream = VST3("ForksAndCrashes", block_size=800).stream(8000, 1)
    session = stream.pid
    begun = time.monotonic()
    with pytest.raises(WorkerCrashedError, match=r"ForksAndCrashes crashed \(SIGSEGV\), at 0:0[23]\."):
        for _ in range(4):
            stream.step(np.zeros((1, step_samples)))
    assert time.monotonic() - begun < 5
    assert all(map(gone_within, members_of(session)))


def test_what_a_plugin_started_ends_with_its_worker(scanned):
    scanned("Forks")
    stream = VST3("Forks", block_size=800).stream(8000, 1)
    stream.step(np.zeros((1, 40_000)))
    worker = stream.pid
    both = members_of(worker)
    assert len(both) == 2
    stream.flush()
    assert all(map(gone_within, both))


@pytest.mark.parametrize(("name", "how"), [("Forks", "main"), ("Forks", "thread")])
def test_killing_the_host_kills_what_its_plugins_started(scanned, name, how):
    scanned(name)
    command = [sys.executable, "-c", HOST.replace("2000)", "200_000)"), name, how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
        workers = json.loads(host.stdout.readline())
        members = [members_of(worker) for worker in workers]
        assert list(map(len, members)) == [1, 2]
        host.kill()
    assert all(map(gone_within, [pid for group in members for pid in group]))


def test_a_big_message_to_a_dead_worker_whose_child_lives_is_a_crash(scanned):
    """Nobody reads the pipe, and it does not break."""
    scanned("Forks")
    hosted = VST3("Forks").new_instance()
    hosted.prepare(b"", {}, takes=(1,), sample_rate=8000, channels=1, block_size=800)
    hosted.prepared()
    hosted.play([np.zeros((1, 800))] * 50)
    both = members_of(hosted.pid)
    assert len(both) == 2
    os.kill(hosted.pid, signal.SIGKILL)
    begun = time.monotonic()
    with pytest.raises(WorkerCrashedError, match="SIGKILL"):
        hosted.restore(b"x" * 2**22, {})
    assert time.monotonic() - begun < 5 and all(map(gone_within, both))


def test_an_answer_that_came_while_the_host_was_stopped_is_no_time_out():
    worker = Worker()
    worker.tell("no such command")
    assert worker.answered(20)
    with pytest.raises(PluginError, match="KeyError"):
        worker.answer(0.0)
    worker.close()


@pytest.mark.parametrize("name", ["EatsMemory", "AsksForTooMuch"])
def test_a_plugin_that_wants_too_much_memory_is_told_about(scanned, name):
    scanned(name)
    stream = VST3(name, block_size=800, memory_limit_gb=0.5).stream(8000, 1)
    words = r"asked for more memory than the 0\.5 GB that it may have; memory_limit_gb=1 allows more"
    with pytest.raises(PluginError, match=words):
        stream.step(np.zeros((1, 40_000)))


FORK = """
import os, sys
from wavemend.host.vst3.process.client import Worker
worker = Worker()
if os.fork() == 0:
    sys.exit()  # ends as an interpreter does, with all it inherited
os.wait()
try:
    worker.ask("no such command")
except Exception as error:
    print(error)
"""


def test_a_fork_of_the_host_that_ends_leaves_the_hosts_workers():
    ran = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True)
    assert "KeyError" in ran.stdout


def test_workers_do_not_hear_ctrl_c_and_waiting_for_one_does(scanned):
    scanned("Hangs")
    plugin = VST3("Hangs", block_size=800)
    stream = plugin.stream(8000, 1)
    os.kill(stream.pid, signal.SIGINT)
    stream.step(np.zeros((1, 800)))
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            stream.step(np.zeros((1, 80_000)))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    assert not alive(stream.pid)
