"""Means over boxes are those of the boxes, at the ends of the spectrum too."""

import numpy as np
import pytest
from wavemend.kernels.spectra.box_means import box_means, summed_area

BOXES = np.array([(0, 0, 0), (-2, 2, 1), (-3, -1, 4), (1, 3, 100)])


@pytest.mark.parametrize("bins", [1, 2, 5, 40])
def test_means_are_those_of_their_boxes(bins):
    values = np.random.default_rng(0).exponential(size=(12, bins))
    means = box_means(values, BOXES, 3)
    assert means.shape == (4, 6, bins)
    for at, (first, last, beside) in enumerate(BOXES):
        for frame in range(6):
            for k in range(bins):
                inside = values[3 + frame + first : 4 + frame + last, max(k - beside, 0) : k + beside + 1]
                assert means[at, frame, k] == pytest.approx(inside.mean(), rel=1e-6)


def test_sums_are_over_what_lies_before_a_corner():
    values = np.random.default_rng(0).standard_normal((3, 4))
    table = summed_area(values)
    assert table[0].tolist() == [0.0] * 5
    assert table[2, 3] == pytest.approx(values[:2, :3].sum())
