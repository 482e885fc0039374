"""Kinds of arrays, and how many channels there may be."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float64]
"""Samples, shape (channels, n), full scale 1.0."""

Array = npt.NDArray[np.float64]
"""Real numbers of any shape."""

Complex = npt.NDArray[np.complex128]
"""Complex numbers of any shape."""

Mask = npt.NDArray[np.bool_]
"""Which of something, of any shape."""

Counts = npt.NDArray[np.int64]
"""Whole numbers of any shape: places, lengths, how many."""
