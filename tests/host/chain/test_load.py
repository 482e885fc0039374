"""What goes along a chain: what nobody asks for takes no memory."""

import numpy as np
import pytest
from wavemend.host.chain.load import nothing


def test_nothing_is_zeros_that_cannot_be_written_to():
    zeros = nothing((2, 1_000_000))
    assert zeros.shape == (2, 1_000_000) and not any(zeros.strides) and not zeros[:, :10].any()
    assert np.concatenate([zeros[:, :5], np.ones((2, 1))], axis=1).sum() == 2
    with pytest.raises(ValueError, match="read-only"):
        zeros[0, 0] = 1
