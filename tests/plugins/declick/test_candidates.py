"""What stands out of the whole band and of its low part is one list of candidates."""

import numpy as np
from wavemend.plugins.declick.candidates import Sizes, joined

SIZES = Sizes(cell=64, low_cell=64, longest=264, near=32)
NONE = (np.zeros(40), np.zeros(40))


def rows(*each: tuple[float, float, float]) -> np.ndarray:
    return np.array(each, float).reshape(-1, 3)


def test_a_pop_is_as_long_as_the_low_band_says() -> None:
    found = joined(rows((1000, 1002, 0.7)), rows((998, 1090, 1.5)), NONE, SIZES)
    assert found.tolist() == [[998, 1090, 0.7, 1.5]]


def test_a_bright_click_is_as_long_as_the_whole_band_says() -> None:
    found = joined(rows((1000, 1034, 90.0)), rows((990, 1060, 3.0)), NONE, SIZES)
    assert found.tolist() == [[1000, 1034, 90.0, 3.0]]


def test_what_stands_out_of_the_low_band_alone_is_a_candidate() -> None:
    scores = (np.zeros(40), np.zeros(40))
    scores[0][1000 // 64] = 0.3
    assert joined(rows(), rows((1000, 1090, 1.5)), scores, SIZES).tolist() == [[1000, 1090, 0.3, 1.5]]


def test_what_is_too_long_takes_what_it_holds_with_it() -> None:
    assert not len(joined(rows((1000, 1400, 5.0)), rows((1100, 1190, 3.0)), NONE, SIZES))


def test_candidates_lie_apart() -> None:
    found = joined(rows((1000, 1100, 1.0), (1110, 1300, 1.0)), rows((1290, 1340, 1.0)), NONE, SIZES)
    assert np.all(found[1:, 0] >= found[:-1, 1])
