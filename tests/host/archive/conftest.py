"""A small folder of recordings, and where it is restored into."""

import pytest

from tests.host.recordings import damaged, write


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    (folder / "box 1").mkdir(parents=True)
    write(folder / "a.wav", damaged(0.3))
    write(folder / "box 1" / "b.flac", damaged(0.3, seed=1))
    write(folder / "box 1" / "c.wav", damaged(0.3, seed=2))
    return folder


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out"
