"""Gaps to tune on lie where they are said to; nothing else is changed."""

import numpy as np
import pytest
from bench.material.tuning.gaps import KINDS, with_gaps

from .test_transfer import RATE, music


@pytest.mark.parametrize("kind", KINDS)
def test_sound_is_gone_in_the_spans_and_channels_alone_and_the_same_every_time(kind):
    one = with_gaps(music(), RATE, kind=kind, route="as it is", seed=3)
    again = with_gaps(music(), RATE, kind=kind, route="as it is", seed=3)
    np.testing.assert_array_equal(one.audio, again.audio)
    assert len(one.starts) >= 4
    changed = one.audio != one.clean
    inside = np.zeros(changed.shape, bool)
    for start, stop, struck in zip(one.starts, one.stops, one.struck, strict=True):
        inside[struck, start:stop] = True
        assert changed[struck, start:stop].mean() > 0.8
    assert not changed[~inside].any()


def test_one_channel_has_the_deepest_dropout():
    one = with_gaps(music(), RATE, kind="dropout", route="as it is", seed=1)
    for start, stop in zip(one.starts, one.stops, strict=True):
        lost = np.sum((one.audio - one.clean)[:, start:stop] ** 2, axis=1)
        assert lost.max() > 0.1 * np.sum(one.clean[:, start:stop] ** 2, axis=1).max()
