"""Where workers come from: one warm process that never loads a plugin, and nothing of which is left."""

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from wavemend.errors import PluginError, WorkerCrashedError
from wavemend.host.vst3.plugin import VST3
from wavemend.host.vst3.process import starting as processes
from wavemend.host.vst3.process.client import Worker

from tests.host.vst3.process.test_worker import alive, gone_within

pytestmark = [
    pytest.mark.whole,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc, and only Linux forks"),
]


def parent_of(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def descriptors_of(pid="self"):
    return os.listdir(f"/proc/{pid}/fd")


def answers(worker):
    with pytest.raises(PluginError, match="KeyError"):
        worker.ask("no such command")
    return True


def test_what_workers_import_is_little_and_starts_no_thread():
    code = (
        "import os, sys\n"
        "from wavemend.host.processes import shared_audio\n"
        "from wavemend.host.vst3.process import desk, fork_server\n"
        "heavy = {'scipy', 'numba', 'onnxruntime', 'soundfile'} & set(sys.modules)\n"
        "print(sorted(heavy), len(os.listdir('/proc/self/task')))"
    )
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert ran.stdout.strip() == "[] 1"


def test_workers_are_forked_from_one_process_that_has_one_thread():
    workers = [Worker() for _ in range(3)]
    assert all(map(answers, workers))
    (server,) = {parent_of(worker.pid) for worker in workers}
    assert len(os.listdir(f"/proc/{server}/task")) == 1
    assert parent_of(server) == os.getpid()


def test_a_worker_holds_nothing_of_the_others():
    workers = [Worker() for _ in range(3)]
    assert all(map(answers, workers))
    # what every process has, the lifeline, the memory for audio, and what standard output was
    assert [len(descriptors_of(worker.pid)) for worker in workers] == [6, 6, 6]
    for worker in workers:
        assert {os.getpgid(worker.pid), os.getsid(worker.pid)} == {worker.pid}


def test_closed_workers_leave_no_process_and_no_descriptor():
    first = Worker()
    gc.collect()  # what earlier tests left is none of this one's
    before = sorted(descriptors_of())
    server = parent_of(first.pid)
    held = len(descriptors_of(server))
    workers = [Worker() for _ in range(5)]
    assert len(descriptors_of(server)) == held + 5
    for worker in workers:
        worker.close()
    assert sorted(descriptors_of()) == before
    assert not any(Path(f"/proc/{worker.pid}").exists() for worker in workers)
    for _ in range(200):  # the last is closed after its end was told
        if len(descriptors_of(server)) == held:
            return
        time.sleep(0.01)
    pytest.fail("the process that workers are forked from keeps descriptors")


@pytest.mark.parametrize("what", ["environment", "folder"])
def test_a_worker_has_the_environment_and_the_folder_of_now(monkeypatch, tmp_path, what):
    before = Worker()
    if what == "folder":
        monkeypatch.chdir(tmp_path)
    else:
        monkeypatch.setenv("WAVEMEND_TEST", "now")
    worker = Worker()
    assert answers(worker) and answers(before)
    if what == "folder":
        assert Path(f"/proc/{worker.pid}/cwd").readlink() == tmp_path
    else:
        assert b"WAVEMEND_TEST=now" in Path(f"/proc/{worker.pid}/environ").read_bytes()
    older = parent_of(before.pid)
    assert older != parent_of(worker.pid)
    before.close()
    del before
    assert gone_within(older), "it has no worker any more, and will get none"


def test_without_the_process_they_are_forked_from_workers_die_and_new_ones_are_born():
    worker = Worker()
    server = parent_of(worker.pid)
    os.kill(server, signal.SIGKILL)
    assert gone_within(worker.pid)
    with pytest.raises(WorkerCrashedError, match="SIGKILL"):
        worker.ask("names", "/nowhere.vst3")
    assert gone_within(server)
    again = Worker()
    assert answers(again) and parent_of(again.pid) != server


def test_where_no_process_can_be_forked_it_is_an_error_that_leaves_nothing(monkeypatch):
    answers(Worker())
    gc.collect()  # what earlier tests left is none of this one's
    before = sorted(descriptors_of())
    monkeypatch.setattr(processes._ForkServer, "send", lambda *_: None)  # and nobody ever answers
    monkeypatch.setattr(processes, "_START_SECONDS", 0.01)
    with pytest.raises(PluginError, match="no worker process can be started"):
        Worker()
    assert sorted(descriptors_of()) == before


def test_threads_may_start_workers_at_the_same_time():
    workers = []
    threads = [threading.Thread(target=lambda: workers.append(Worker())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({worker.pid for worker in workers}) == 8
    assert all(map(answers, workers)) and len({parent_of(worker.pid) for worker in workers}) == 1


def test_elsewhere_workers_are_interpreters_of_their_own(monkeypatch, scanned):
    scanned("Good")
    audio = 0.1 * np.random.default_rng(0).standard_normal((2, 4000))
    forked = VST3("Good", gain_db=-3)(audio, 8000)
    monkeypatch.setattr(processes, "_FORKS", False)
    worker = Worker()
    assert answers(worker) and parent_of(worker.pid) == os.getpid()
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(WorkerCrashedError, match="SIGKILL"):
        worker.ask("names", "/nowhere.vst3")
    assert np.array_equal(VST3("Good", gain_db=-3)(audio, 8000), forked)


HOST = """
import json, os, sys, time
from wavemend.host.vst3.process.client import Worker
workers = [Worker() for _ in range(2)]
stat = open(f"/proc/{workers[0].pid}/stat").read()
print(json.dumps([int(stat.rpartition(")")[2].split()[1]), *(worker.pid for worker in workers)]), flush=True)
if sys.argv[1] == "killed":
    time.sleep(60)
"""


@pytest.mark.parametrize("how", ["ends", "killed"])
def test_all_of_them_end_with_the_host(how):
    with subprocess.Popen([sys.executable, "-c", HOST, how], stdout=subprocess.PIPE, text=True) as host:
        family = json.loads(host.stdout.readline())
        if how == "killed":
            assert all(map(alive, family))
            host.kill()
    assert all(map(gone_within, family))
    assert host.returncode == (0 if how == "ends" else -signal.SIGKILL)


@pytest.mark.parametrize("count", [1, 3])
def test_what_a_plugins_library_counts_does_not_reach_the_next_recording(scanned, count):
    """A number that belongs to the process: every recording meets a process that never ran the plugin."""
    scanned("KeepsCount")
    audio = 0.1 * np.random.default_rng(0).standard_normal((2, 4000))
    plugins = [VST3("KeepsCount", block_size=512) for _ in range(count)]
    first = [plugin(audio, 8000) for plugin in plugins]
    for plugin in plugins:
        assert np.array_equal(plugin(audio, 8000), first[0])
    assert all(np.array_equal(one, first[0]) for one in first)
