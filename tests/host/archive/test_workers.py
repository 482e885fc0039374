"""Work spread over processes: every item has its result, and nothing stays behind."""

import multiprocessing
import os
import signal
import sys
import threading
import time

import pytest
from wavemend.errors import Cancelled
from wavemend.host.archive import workers
from wavemend.host.archive.workers import in_workers

pytestmark = [pytest.mark.whole, pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")]


def work(item, show, cancel):
    if item == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if item == "leave":
        os._exit(7)
    if item == "stuck":
        time.sleep(60)
    if item == "long":
        if not cancel.wait(60):
            raise TimeoutError
        raise Cancelled("cancelled")
    if item == "threads":
        return os.environ["OPENBLAS_NUM_THREADS"]
    show(0.5, f"at {item}")
    return item, os.getpid()


def lost(item, how):
    return item, how


def test_every_item_has_its_result():
    shown = []
    items = ["a", "b", "die", "c", "leave", "d"]

    def started(item):
        return lambda share, doing: shown.append((item, share, doing))

    results = dict(in_workers(work, items, 2, lost=lost, on_start=started))
    assert sorted(results) == sorted(items)
    assert "SIGKILL" in results["die"] and "memory" in results["die"] and "exit code 7" in results["leave"]
    pids = {results[item] for item in "abcd"}
    assert os.getpid() not in pids and len(pids) <= 4
    assert ("a", 0.5, "at a") in shown
    assert not multiprocessing.active_children()


def test_each_uses_one_thread(monkeypatch):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert list(in_workers(work, ["threads"], 1, lost=lost)) == ["1"]


@pytest.mark.parametrize("item", ["long", "stuck"])
def test_cancelled_work_leaves_no_process(item, monkeypatch):
    monkeypatch.setattr(workers, "STOP_SECONDS", 5.0 if item == "long" else 0.5)
    cancel, stopped = threading.Event(), []
    threading.Timer(1.5, cancel.set).start()
    with pytest.raises(Cancelled):
        list(in_workers(work, [item, item], 2, lost=lambda item, how: stopped.append(item), cancel=cancel))
    assert not multiprocessing.active_children()
    assert stopped == ([] if item == "long" else ["stuck", "stuck"])


def test_who_stops_listening_ends_the_work():
    results = in_workers(work, ["a", "long"], 2, lost=lost)
    assert next(results)[0] == "a"
    results.close()
    assert not multiprocessing.active_children()
