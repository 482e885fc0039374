"""What the network of VoiceDenoise's live engine sees: as `voice_gains`, but of the past alone.

Floors and loudness are those of the last 4.5 s, and every frame's are new. Beside the floor of `voice_gains`
there is one of the last second, which follows noise that rises. Training and stage share this.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array
from ...kernels.samples.ranks import moving_ranks
from .voice_gains import BANDS, FLOOR_SHARE, HEARD, LEAST, LOUD_SHARE, SCALE_DB, Features, band_powers

Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]

MODEL = "voice_live-1"
"""Name of the packaged model."""
# source: what the model voice_live-1 was trained with (models/training/voice_live)
CHANNELS = 4
"""Features of a band in a frame."""
MEMORY = 448
"""Frames that floors and loudness are read from."""
AROUND = 9
"""Frames, the latest ones, in the mean powers whose low quantile is the floor."""
_RECENT = 100  # frames of the floor that follows


class Ranks:
    """Quantiles of what came last, frame by frame.

    Parameters
    ----------
    size
        Frames that they are read from.
    columns
        Values of a frame.
    share
        Of the values lie under the quantile.
    """

    def __init__(self, size: int, columns: int, share: float) -> None:
        self._ring = np.full((size, columns), np.inf)
        self._ranked = np.full((columns, size), np.inf)
        self._at, self._share = 0, share

    def hear(self, values: Array, given: Flags) -> tuple[Array, Counts]:
        """Return the quantiles at each frame, and how many frames they are read from.

        Parameters
        ----------
        values
            Of the next frames, shape (frames, columns).
        given
            Whether a frame counts, shape (frames,).

        Returns
        -------
        tuple of arrays
            Quantiles, shape (frames, columns), infinite while none are known; counts, shape (frames,).
        """
        shown = np.where(given[:, np.newaxis], values, np.inf)
        ranks, counts = moving_ranks(shown, self._ring, self._ranked, self._at, self._share)
        self._at = (self._at + len(values)) % len(self._ring)
        return ranks, counts


class Means:
    """Mean powers over the latest frames, where all of these were heard."""

    def __init__(self, columns: int) -> None:
        self._powers = np.zeros((AROUND - 1, columns))
        self._heard = np.zeros(AROUND - 1, bool)

    def hear(self, powers: Array, heard: Flags) -> tuple[Array, Flags]:
        """Return the means at each frame, shape (frames, columns), and whether there is one, shape (frames,).

        Sums begin anew at each frame: what they are does not depend on where hearing began.
        """
        powers = np.concatenate([self._powers, powers])
        heard = np.concatenate([self._heard, heard])
        self._powers, self._heard = powers[1 - AROUND :], heard[1 - AROUND :]
        count = len(powers) - AROUND + 1
        sums = powers[:count].copy()
        all_heard = heard[:count].copy()
        for frame in range(1, AROUND):
            sums += powers[frame : frame + count]
            all_heard = all_heard & heard[frame : frame + count]
        return sums / AROUND, all_heard


class Shown:
    """The features of one recording, frame by frame."""

    def __init__(self) -> None:
        self._loud = Ranks(MEMORY, 1, LOUD_SHARE)
        self._means = Means(BANDS)
        self._floor = Ranks(MEMORY, BANDS, FLOOR_SHARE)
        self._recent = Ranks(_RECENT, BANDS, FLOOR_SHARE)

    def hear(self, power: Array) -> tuple[Features, Flags, Counts]:
        """Return what the network sees of the next frames.

        Parameters
        ----------
        power
            Of each bin, shape (frames, BINS).

        Returns
        -------
        tuple of arrays
            Features, shape (CHANNELS, frames, BANDS); whether a frame is more than digital silence, shape
            (frames,); and how many frames are known that the floor is read from, shape (frames,).
        """
        bands = band_powers(power)
        frame = bands.mean(axis=1)
        loud = self._loud.hear(frame[:, np.newaxis], frame > 0.0)[0]
        known = np.isfinite(loud[:, 0])
        loud = np.where(known[:, np.newaxis], loud, 1.0)
        heard = known & (frame > HEARD * loud[:, 0])
        means, given = self._means.hear(bands, heard)
        floor, count = self._floor.hear(means, given)
        recent, recently = self._recent.hear(means, given)
        level = _decibels(bands / loud + LEAST)
        floor = _decibels(np.clip(floor / loud, LEAST, 1.0))
        recent = np.where(recently[:, np.newaxis] > 0, _decibels(np.clip(recent / loud, LEAST, 1.0)), floor)
        features = np.stack(
            [
                level - floor,
                floor - np.median(floor, axis=1, keepdims=True),
                level + SCALE_DB,
                level - recent,
            ]
        )
        features[:, count == 0] = 0.0
        return (features / SCALE_DB).astype(np.float32), heard, count


def _decibels(power: Array) -> Array:
    return np.asarray(10 * np.log10(power))
