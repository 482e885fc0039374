"""Kinds of arrays, and how many channels there may be."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float64]
"""Samples, shape (channels, n), full scale 1.0."""
