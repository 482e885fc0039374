"""The working copy of a recording: what was written comes back, and a copy that lost its end is told."""

from pathlib import Path

import numpy as np
import pytest
from wavemend.errors import AudioFileError
from wavemend.host.rendering.spool import FileSpool


def test_what_was_written_comes_back_in_blocks_and_is_rewritten_in_place(tmp_path: Path) -> None:
    audio = np.random.default_rng(0).standard_normal((2, 1000))
    with FileSpool(tmp_path, 2, 1000) as spool:
        spool.write(audio[:, :300])
        spool.write(audio[:, 300:])
        assert np.array_equal(np.concatenate(list(spool.blocks(128)), axis=1), audio)
        spool.rewind()
        spool.write(-audio[:, :10])
        assert spool.frames == 1000
        assert np.array_equal(spool.read(0, 12)[:, :10], -audio[:, :10])
        assert np.array_equal(spool.read(10, 2), audio[:, 10:12])
    assert not list(tmp_path.iterdir())


def test_a_copy_that_lost_its_end_is_one_clear_error(tmp_path: Path) -> None:
    with FileSpool(tmp_path, 1, 100) as spool:
        spool.write(np.zeros((1, 100)))
        with pytest.raises(AudioFileError, match="ends before sample 120; the disk lost some of it"):
            spool.read(50, 70)
