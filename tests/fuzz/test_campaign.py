"""The fuzz notices what it is for, repeats it by its line, and goes on after it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .campaign import campaign, judge_case
from .judge import Case, Command
from .kinds import KINDS
from .watched import Watched


class Broken:
    """A kind whose inputs are the words of `broken`."""

    name = "broken"

    def __init__(self, *words: str) -> None:
        self._words = words

    def case(self, seed: int, index: int, folder: Path) -> Case:
        (folder / "input").write_text("as it was", encoding="utf-8")
        return Case([Command((word, "--json")) for word in self._words], lambda run: [], "broken")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with Watched(tmp_path_factory.mktemp("watched"), "tests.fuzz.broken") as one:
        yield one


def faults_of(watched: Watched, folder: Path, *words: str) -> list[str]:
    return judge_case(Broken(*words), 0, 0, watched, folder).faults


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("crash", "ended by SIGSEGV"),
        ("memory", "MB of memory"),
        ("traceback", "traceback: ZeroDivisionError: division by zero at File "),
        ("warning", "RuntimeWarning: a warning"),
        ("litter", "changed outside the target: litter"),
        ("touch", "changed outside the target: input"),
        ("silent", "exit code 1 with 0 lines of errors"),
        ("talkative", "exit code 1 with 2 lines of errors"),
        ("foreign", "not of the family: error: a.wav: ValueError: math domain error"),
        ("odd", "exit code 7"),
        ("nan", "NaN is no JSON"),
    ],
)
def test_a_fault_is_noticed_and_the_next_command_runs_all_the_same(tmp_path, watched, word, said) -> None:
    found = faults_of(watched, tmp_path, word, "fine", "refuse")
    assert found and all(line.startswith(f"{word} --json: ") for line in found)
    assert any(said in line for line in found)


@pytest.mark.whole
def test_a_hang_is_ended_and_says_where(tmp_path) -> None:
    with Watched(tmp_path / "watched", "tests.fuzz.broken", seconds=1.0) as watched:
        (line,) = faults_of(watched, tmp_path, "hang", "fine")
    assert line.startswith("hang --json: hung for over 1 s: File ")


def test_what_is_as_it_should_be_is_no_fault(tmp_path, watched) -> None:
    assert faults_of(watched, tmp_path, "fine", "refuse", "fine") == []


def test_the_files_of_a_fault_are_kept_as_they_were_made(tmp_path, watched) -> None:
    judged = judge_case(Broken("touch"), 3, 7, watched, tmp_path / "work", tmp_path / "kept")
    assert judged.line().startswith("KIND=broken SEED=3 INDEX=7: ")
    assert (tmp_path / "kept/broken-3-7/input").read_text("utf-8") == "as it was"
    assert "touch --json" in (tmp_path / "kept/broken-3-7/faults.txt").read_text("utf-8")


@pytest.mark.parametrize("name", KINDS)
def test_seed_and_index_make_the_same_files_every_time(tmp_path, name) -> None:
    made = []
    for again in ("one", "two"):
        for index in range(30):
            folder = tmp_path / again / str(index)
            folder.mkdir(parents=True)
            KINDS[name].case(5, index, folder)
        files = sorted(path for path in (tmp_path / again).rglob("*") if path.is_file())
        time.sleep(1.0 if again == "one" else 0.0)  # the clock has no say
        made.append({path.relative_to(tmp_path / again): path.read_bytes() for path in files})
    assert made[0] == made[1]


@pytest.mark.whole
def test_a_campaign_judges_every_case_once(tmp_path) -> None:
    places = {judged.place for judged in campaign(KINDS["sounds"], 0, range(4), jobs=2)}
    assert places == {f"KIND=sounds SEED=0 INDEX={index}" for index in range(4)}
