"""The same work on a Dask cluster: the same bytes and rows as here, whoever dies, and no unlike workers."""

import os
import pickle
import signal
import threading
import time
from functools import partial

import pytest
from wavemend.errors import Cancelled, ClusterError, MixedClusterError
from wavemend.host.archive.collection import run_collection
from wavemend.host.archive.executors import Needs
from wavemend.host.archive.machines import executor_for

from tests.host.recordings import damaged, write

from .runs import collection, files, lasting

distributed = pytest.importorskip("distributed")
from wavemend.host.archive import cluster, handing_out  # noqa: E402 - needs it
from wavemend.host.archive.serving import serve  # noqa: E402

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def workers():
    """Two processes, as on two machines; what is patched in them stays."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, memory_limit=None, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as started:
        yield started


def work(folder, item, show, cancel):
    if item == "kills":
        os.kill(os.getpid(), signal.SIGKILL)
    if item == "long":
        (folder / f"begun {os.getpid()}").touch()
        if cancel.wait(60):
            (folder / f"ended {os.getpid()}").touch()
            raise Cancelled("cancelled")
    if item == "breaks":
        raise ZeroDivisionError("worn out")
    show(0.5, f"at {item}")
    return item, "done"


def until(seen):
    deadline = time.monotonic() + 60
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def switch(kind):
    before = os.environ.pop("OPENBLAS_CORETYPE", None)  # some machines have it set
    if kind:
        os.environ["OPENBLAS_CORETYPE"] = kind
    return before


def refuses(parent):
    if os.getpid() != parent:
        raise ValueError("has no such preset")
    return {}


def answers_late(asked):
    time.sleep(3)


def lost(item, how):
    return item, how


def test_the_same_bytes_and_rows_though_a_worker_is_killed(workers, source, target, tmp_path):
    for number in range(3, 6):
        write(source / f"{number}.wav", damaged(0.5, seed=number))
    list(run_collection(collection(source, target)))
    folder, told = tmp_path / "elsewhere", []
    with executor_for(1, workers.scheduler_address, tell=told.append) as executor:
        running = run_collection(collection(source, folder), executor=executor)
        outcomes = [next(running)]
        os.kill(workers.workers[0].pid, signal.SIGKILL)
        outcomes += running
    assert all(outcome.rendered for outcome in outcomes) and len(outcomes) == 6
    assert files(folder) == files(target)
    assert lasting(folder) == lasting(target)
    assert len(told) <= 1  # it may have been idle, between two recordings


def test_what_kills_workers_again_and_again_fails_by_itself(workers, tmp_path, monkeypatch):
    monkeypatch.setattr(handing_out, "MOST_DEATHS", 2)
    shown, told, started = [], [], []
    items = ["a", "kills", "b", "breaks", "c"]

    def on_start(item):
        started.append(item)
        return lambda share, doing: shown.append((item, share, doing))

    with executor_for(1, workers.scheduler_address, tell=told.append) as executor:
        executor.examine(Needs(tmp_path, []))
        results = dict(executor.run(partial(work, tmp_path), items, lost=lost, on_start=on_start))
    assert sorted(results) == sorted(started) == sorted(items)
    assert [item for item in items if results[item] == "done"] == ["a", "b", "c"]
    assert "2 workers were lost while they worked on it" in results["kills"]
    assert "ZeroDivisionError: worn out" in results["breaks"]
    # a busy machine may lose one more, which costs no recording
    assert len([note for note in told if "its recording is tried elsewhere" in note]) >= 1
    assert ("a", 0.5, "at a") in shown


def test_a_run_that_is_cancelled_leaves_nobody_at_work(workers, tmp_path):
    cancel = threading.Event()
    with executor_for(1, workers.scheduler_address) as executor:
        executor.examine(Needs(tmp_path, []))

        def stop_later():
            until(lambda: len([*tmp_path.glob("begun *")]) == 2)
            cancel.set()

        threading.Thread(target=stop_later, daemon=True).start()
        with pytest.raises(Cancelled):
            list(executor.run(partial(work, tmp_path), ["long"] * 4, lost=lost, cancel=cancel))
        assert len([*tmp_path.glob("ended *")]) == 2


def test_who_joins_and_does_not_answer_yet_leaves_nothing_in_the_target(workers, tmp_path, monkeypatch):
    with executor_for(1, workers.scheduler_address) as executor:
        executor.examine(Needs(tmp_path, []))
        monkeypatch.setattr(cluster, "look", answers_late)
        executor._sights.popitem()  # as if it had just come
        assert len([*executor.run(partial(work, tmp_path), ["a", "b"], lost=lost)]) == 2
        assert not [*tmp_path.iterdir()]


def test_nobody_works_on_for_who_is_gone(workers, tmp_path):
    with distributed.Client(workers, set_as_default=False) as client:
        asked = pickle.dumps((partial(work, tmp_path), "long"))
        left = client.submit(serve, asked, "topic", 0)
        until(lambda: [*tmp_path.glob("begun *")])
    until(lambda: [*tmp_path.glob("ended *")])
    assert left.status == "cancelled"


def test_a_scheduler_that_goes_away_ends_the_run_in_one_line(tmp_path):
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as brief, executor_for(1, brief.scheduler_address) as executor:  # fmt: skip
        executor.examine(Needs(tmp_path, []))
        threading.Timer(1.0, brief.close).start()
        with pytest.raises(ClusterError, match="the scheduler is gone; say the same again"):
            list(executor.run(partial(work, tmp_path), ["long"], lost=lost))


def test_unlike_workers_are_refused_with_a_table_unless_told(workers, tmp_path):
    with distributed.Client(workers, set_as_default=False) as client:
        other = sorted(client.scheduler_info(n_workers=-1)["workers"])[1]
        before = client.run(switch, "Nehalem", workers=[other])[other]
        try:
            with executor_for(1, workers.scheduler_address) as executor:
                with pytest.raises(MixedClusterError, match=r"settings .*CORETYPE.*--allow-mixed") as told:
                    executor.examine(Needs(tmp_path, []))
                assert [who for _, value, who in told.value.table if "Nehalem" in value] == [(other,)]
            with executor_for(1, workers.scheduler_address, allow_mixed=True) as executor:
                executor.examine(Needs(tmp_path, []))
        finally:
            client.run(switch, before, workers=[other])


def test_who_cannot_do_the_work_is_named(workers, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 0.5)
    nobody = executor_for(1, "tcp://127.0.0.1:1")
    with pytest.raises(ClusterError, match=r"tcp://127.0.0.1:1: no answer.*dask scheduler"), nobody:
        pass
    monkeypatch.undo()
    named = pytest.raises(ClusterError, match=r"worker tcp://.* has no such preset; all machines need")
    with executor_for(1, workers.scheduler_address) as executor, named:
        executor.examine(Needs(tmp_path, [], recipes=partial(refuses, os.getpid())))
    assert not [*tmp_path.iterdir()]
