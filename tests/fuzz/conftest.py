"""One watched process for the cases of a whole run of the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .campaign import judge_case
from .kinds import KINDS
from .watched import Watched


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with Watched(tmp_path_factory.mktemp("process")) as one:
        yield one


@pytest.fixture
def faults_of(process: Watched, tmp_path: Path) -> Callable[[str, int, range], list[str]]:
    """Judge cases of a kind: by its name, seed and indices; returns a line for each faulty one."""

    def judge(name: str, seed: int, indices: range) -> list[str]:
        judged = (judge_case(KINDS[name], seed, index, process, tmp_path) for index in indices)
        return [one.line() for one in judged if one.faults]

    return judge
