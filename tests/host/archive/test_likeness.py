"""What machines must have alike, and what each must see: without any cluster."""

import pickle
import sys
from pathlib import Path

import pytest
from wavemend.errors import ClusterError
from wavemend.host.archive.executors import Needs
from wavemend.host.archive.likeness import FEATURES, MACHINE, differences, traits
from wavemend.host.archive.machines import executor_for
from wavemend.host.archive.sight import look, questions


def test_traits_name_all_that_bytes_depend_on():
    found = traits()
    packages = {"wavemend", "numpy", "numba", "scipy", "onnxruntime", "pedalboard", "soundfile", "libsndfile"}
    assert packages | {"code of wavemend", "Python", "system", "C library", *MACHINE} <= found.keys()
    assert all(found[name] for name in MACHINE)
    assert found == traits()


def test_what_differs_is_told_with_who_has_what():
    same = {"numba": "1", FEATURES: "avx sse"}
    known = {"a": same, "b": same, "c": {"numba": "2", FEATURES: "avx avx512 sse"}}
    numba, features = differences(known)
    assert (numba.trait, numba.values) == ("numba", {"1": ("a", "b"), "2": ("c",)})
    assert features.values == {"none": ("a", "b"), "avx512": ("c",)}
    assert str(numba) == "numba (1 | 2)"
    assert not differences({"a": same, "b": dict(same)})


@pytest.fixture
def needs(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "a.wav").write_bytes(b"abc")
    return Needs(tmp_path / "out", [tmp_path / "in" / "a.wav"])


def asked(needs, before=lambda: None):
    with questions(needs) as question:
        before()
        return look(question)


def test_a_worker_that_sees_the_same_may_work(needs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sight = asked(needs)
    assert not sight.problem and sight.traits == traits()
    assert not [*needs.target.iterdir()]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda here: (here / "in" / "a.wav").unlink(), "cannot see"),
        (lambda here: (here / "in" / "a.wav").write_bytes(b"ab"), "sees another file as"),
        (lambda here: (here / "out").rename(here / "moved"), "sees another folder as"),
        (lambda here: next((here / "out").iterdir()).write_text("other"), "sees another folder as"),
    ],
)
def test_a_worker_that_sees_other_files_says_so(needs, tmp_path, monkeypatch, change, problem):
    monkeypatch.chdir(tmp_path)
    sight = asked(needs, lambda: change(tmp_path))
    assert problem in sight.problem and str(tmp_path) in sight.problem


def test_a_worker_works_where_the_run_was_started(needs, tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    with questions(needs) as question:
        monkeypatch.chdir(tmp_path)
        assert not look(question).problem
    assert Path.cwd() == tmp_path / "there"
    with questions(needs) as question:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "there").rmdir()
        assert "cannot enter" in look(question).problem


def test_recipes_are_traits_and_what_is_wrong_with_one_is_told(needs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with questions(Needs(needs.target, [], recipes=dict)) as question:
        assert pickle.loads(question)() == ("", {})
    sight = asked(Needs(needs.target, [], recipes=_recipes))
    assert sight.traits["preset vinyl"] == "abc"
    assert "there is none" in asked(Needs(needs.target, [], recipes=_refused)).problem


def _recipes():
    return {"preset vinyl": "abc"}


def _refused():
    raise ValueError("there is none")


def test_without_its_packages_a_cluster_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "wavemend.host.archive.cluster", None)
    with pytest.raises(ClusterError, match=r"pip install 'wavemend\[cluster\]'"):
        executor_for(1, "local")
