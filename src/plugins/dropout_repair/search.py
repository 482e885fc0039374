"""Where the level may have fallen: dips of all bands at once."""

from __future__ import annotations

import numpy as np

from ...audio.arrays import Audio
from ...kernels.spectra.dips import LEAST, DipSearch, band_power, dip_ends, find_dips
from ...kernels.spectra.stft import forward, hann
from .evidence import Dip
from .times import APART_S, NEAR_S, SIDE_S, STEPS_A_FRAME, Times

_EDGES_HZ = (300.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0)  # tuned: by hand, tuning set, 2026-11-29
_LENGTHS_S = (4e-3, 7e-3, 12e-3, 20e-3)  # tuned: likewise; of dips that are tried
_MOST_DIPS = 32  # guard: in a hop; no two are closer than `APART_S`

# tuned: dropouts of bench.material.tuning against clean takes, tuning set, 2026-11-29; what is looked at
_DEPTH_DB, _SHALLOWEST_DB, _UNEVEN_DB, _LONE_DB = 5.0, -0.5, 16.0, 3.0
_FLOOR_DB, _RANGE_DB = -85.0, 50.0


class DipFinder:
    """Levels of bands along the buffer, which move along with it.

    Parameters
    ----------
    times
        Lengths.
    sample_rate, channels
        Of the recording.
    """

    def __init__(self, times: Times, sample_rate: float, channels: int) -> None:
        self._times = times
        length = STEPS_A_FRAME * times.step
        window = hann(length)
        self._window = window / np.sqrt(np.sum(window**2) * length / 2)
        hz = np.fft.rfftfreq(length, 1.0 / sample_rate)
        edges = np.searchsorted(hz, [edge for edge in _EDGES_HZ if edge < sample_rate / 2])
        self._bins = np.unique(np.append(edges, len(hz)) if len(edges) < len(_EDGES_HZ) else edges)
        shape = channels, times.size // times.step - 1, len(self._bins) - 1
        self._power, self._level_db = np.full(shape, LEAST), np.full(shape, 10.0 * np.log10(LEAST))
        steps = sample_rate / times.step  # a second
        lengths = [min(round(length * steps), times.longest // times.step) for length in _LENGTHS_S]
        self._how = DipSearch(
            lengths=np.unique(np.maximum(lengths, 2)),
            side=round(SIDE_S * steps),
            near=round(NEAR_S * steps),
            apart=round(APART_S * steps),
            depth_db=_DEPTH_DB,
            shallowest_db=_SHALLOWEST_DB,
            uneven_db=_UNEVEN_DB,
            lone_db=_LONE_DB,
            floor_db=_FLOOR_DB,
            range_db=_RANGE_DB,
        )

    def advance(self, buffer: Audio) -> None:
        """Hear the newest hop of the buffer."""
        step, new = self._times.step, self._times.hop // self._times.step
        start = buffer.shape[1] - (new + STEPS_A_FRAME - 1) * step
        spectra = forward(buffer[:, start:], self._window, step)
        for held in (self._power, self._level_db):
            held[:, :-new] = held[:, new:]
        band_power(spectra, self._bins, self._power[:, -new:])
        self._level_db[:, -new:] = 10.0 * np.log10(self._power[:, -new:])

    def find(self, channel: int, first: int, bounds: tuple[int, int]) -> list[tuple[int, int, Dip]]:
        """Return dips whose middles lie in the hop that begins at sample `first`, with start and stop."""
        step = self._times.step
        # a frame is as far from the buffer's start as its middle is, less half a frame
        offset = STEPS_A_FRAME // 2
        frames = (-(-bounds[0] // step), bounds[1] // step - STEPS_A_FRAME + 1)
        begin = first // step - offset
        dips = np.empty((_MOST_DIPS, 4))
        levels = self._power[channel], self._level_db[channel]
        here = begin, begin + self._times.hop // step
        count = find_dips(*levels, here, frames, self._how, dips)
        found = []
        for row in dips[:count]:
            place, length = int(row[0]), int(row[1])
            ends = dip_ends(*levels, place, length, self._times.longest // step, self._how, frames)
            found.append(((ends[0] + offset) * step, (ends[1] + offset) * step, Dip(row[2], row[3])))
        return found
