"""Workers: alive while the host is, dead when it is, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from wavemend.errors import PluginError
from wavemend.host.vst3.client import Worker, WorkerCrashedError, WorkerTimedOutError
from wavemend.host.vst3.plugin import VST3
from wavemend.host.vst3.shared_audio import SharedAudio, new_memory
from wavemend.host.vst3.wire import HEADER, Message, pack, unpack

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


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
from wavemend.host.vst3 import bundles
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
workers = [h._transport._worker.pid for h in (plugin.hosted(), stream._hosted)]
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
    os.kill(stream._hosted._transport._worker.pid, signal.SIGKILL)
    with pytest.raises(WorkerCrashedError, match=r"Good crashed \(SIGKILL\), at 0:02\.000"):
        stream.step(np.zeros((1, 16_000)))


def test_workers_do_not_hear_ctrl_c_and_waiting_for_one_does(scanned):
    scanned("Hangs")
    plugin = VST3("Hangs", block_size=800)
    stream = plugin.stream(8000, 1)
    worker = stream._hosted._transport._worker
    os.kill(worker.pid, signal.SIGINT)
    stream.step(np.zeros((1, 800)))
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            stream.step(np.zeros((1, 80_000)))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    assert not alive(worker.pid)
