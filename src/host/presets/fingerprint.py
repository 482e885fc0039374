"""How a preset sounds: what its chain makes of the standard signal, and how two of these compare.

Two machines agree to the bit, or they are compared by levels: those of third octaves over the whole signal,
those of tenths of a second, and loudness along it. Levels that agree are no proof that samples do, and nobody
says so here.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from typing import Any

import numpy as np

from ...analysis.program.loudness import momentary_lufs
from ...audio.arrays import Array, Audio
from ...errors import PresetError
from ..chain.chain import Chain
from ..storage.strict_json import check_fields, short
from .standard_signal import CHANNELS, RATE, SECONDS, SIGNAL, signal_sha256, standard_signal

SAME_DB = 0.1
"""Up to here levels are called the same; guard: other kinds of processors round by far less."""

_FLOOR_DB = -90.0  # guard: what is quieter is taken for silence, whose level in dB is anything
_BLOCKS_A_SECOND = 10  # derived: tenths of a second
_BANDS = range(-16, 14)  # source: IEC 61260-1, third octaves with base-ten ratios, from 25 Hz to 20 kHz
_BAND_COUNT, _BLOCK_COUNT = len(_BANDS), SECONDS * _BLOCKS_A_SECOND
_LOUDNESS_COUNT = _BLOCK_COUNT - 3  # derived: from 0.4 s on, the span of momentary loudness (EBU Tech 3341)
_LOUDNESS = "momentary_lufs"
_FIELDS = {"signal", "signal_sha256", "sha256", "third_octaves_dbfs", "tenths_dbfs"}


@dataclass(frozen=True)
class RenderFingerprint:
    """What a chain makes of the standard signal.

    Attributes
    ----------
    sha256
        Of what comes out, as 32-bit floats, little end first, channel after channel.
    third_octaves_dbfs
        Levels of the bands from 25 Hz to 20 kHz, shape (2, 30).
    tenths_dbfs
        Levels of each tenth of a second, shape (2, 100).
    signal, signal_sha256
        Which signal went in.
    momentary_lufs
        Loudness of 0.4 s at each tenth of a second, both channels together (ITU-R BS.1770-4), shape (97,);
        empty in packs of before it was measured.
    """

    sha256: str
    third_octaves_dbfs: Array
    tenths_dbfs: Array
    signal: str = SIGNAL
    signal_sha256: str = ""
    momentary_lufs: Array = field(default_factory=lambda: np.zeros(0))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "signal": self.signal,
            "signal_sha256": self.signal_sha256,
            "sha256": self.sha256,
            "third_octaves_dbfs": self.third_octaves_dbfs.tolist(),
            "tenths_dbfs": self.tenths_dbfs.tolist(),
            **({_LOUDNESS: self.momentary_lufs.tolist()} if self.momentary_lufs.size else {}),
        }

    @classmethod
    def from_json(cls, data: Any) -> RenderFingerprint:
        """Read what a stranger wrote; raises `PresetError` and `StrictJsonError`."""
        check_fields(data, "fingerprint", _FIELDS | {_LOUDNESS}, _FIELDS)
        for name in ("signal", "signal_sha256", "sha256"):
            if not isinstance(data[name], str) or len(data[name]) > 64:
                raise PresetError(f"fingerprint: {name} is {short(data[name])}; it must be text")
        bands = _levels(data, "third_octaves_dbfs", _BAND_COUNT)
        tenths = _levels(data, "tenths_dbfs", _BLOCK_COUNT)
        loudness = np.zeros(0)
        if _LOUDNESS in data:
            (loudness,) = _levels({_LOUDNESS: [data[_LOUDNESS]]}, _LOUDNESS, _LOUDNESS_COUNT, rows=1)
        return cls(data["sha256"], bands, tenths, data["signal"], data["signal_sha256"], loudness)

    def is_of(self, other: RenderFingerprint) -> bool:
        """Whether both are of the same signal, so that they can be compared."""
        return (self.signal, self.signal_sha256) == (other.signal, other.signal_sha256)

    def distance_db(self, other: RenderFingerprint) -> float:
        """Return by how much any level of the two, or their loudness, differs at most."""
        pairs = [
            (self.third_octaves_dbfs, other.third_octaves_dbfs),
            (self.tenths_dbfs, other.tenths_dbfs),
        ]
        if self.momentary_lufs.size and other.momentary_lufs.size:
            pairs.append((self.momentary_lufs, other.momentary_lufs))
        return max(float(np.abs(np.maximum(a, _FLOOR_DB) - np.maximum(b, _FLOOR_DB)).max()) for a, b in pairs)

    def compared(self, now: RenderFingerprint, changes: list[str]) -> str:
        """Say in a sentence how this one, that was stored, and one that was made `now` compare.

        `changes` are the versions that are other ones: ``"Dehum 2 -> 3"``.
        """
        told = f": {', '.join(changes)}" if changes else ""
        if not self.is_of(now):
            return f"not compared: its test signal is {short(self.signal)}, that of here {now.signal!r}"
        if self.sha256 == now.sha256:
            return f"identical, every sample of the test signal{told and f', in spite of{told[1:]}'}"
        distance = self.distance_db(now)
        if distance <= SAME_DB:
            up = max(math.ceil(round(distance * 100, 6)), 1) / 100  # never less than what was measured
            return f"same within {up:.2f} dB, by levels of the test signal{told}"
        told = told or ", though no version is another"
        return f"differs by up to {distance:.1f} dB, by levels of the test signal{told}"


def _levels(data: dict[str, Any], name: str, count: int, rows: int = CHANNELS) -> Array:
    lists = data[name]
    good = (
        isinstance(lists, list)
        and len(lists) == rows
        and all(isinstance(row, list) and len(row) == count for row in lists)
        and all(type(value) in (int, float) and -1000 <= value <= 1000 for row in lists for value in row)
    )
    if not good:
        raise PresetError(
            f"fingerprint: {name} must be {rows} list{'s' * (rows > 1)} of {count} levels in dB"
        )
    return np.array(lists, np.float64)


def render_fingerprint(chain: Chain, *, whole: bool = True) -> RenderFingerprint:
    """Render the standard signal through a chain; errors are those of the chain's members.

    Parameters
    ----------
    chain
        To be heard.
    whole
        Whether to refuse it where a plugin is missing, so that something else would be rendered.

    Raises
    ------
    PresetError
        Such a plugin is missing.
    """
    for _, slot in chain.walk():
        if whole and slot.stands_for is not None and not slot.bypass:
            raise PresetError(slot.warnings()[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of versions and order: said elsewhere
        audio = np.asarray(chain(standard_signal(), RATE), np.float64)
    return fingerprint_of(audio)


def fingerprint_of(audio: Audio) -> RenderFingerprint:
    """Return the fingerprint of what a chain made of the standard signal, shape (2, 441000)."""
    digest = sha256(np.ascontiguousarray(audio, "<f4").tobytes()).hexdigest()
    loudness = np.asarray(np.round(np.maximum(momentary_lufs(audio, RATE), _FLOOR_DB), 3), np.float64)
    levels = _third_octaves(audio), _tenths(audio)
    return RenderFingerprint(digest, *levels, SIGNAL, signal_sha256(), loudness)


def _third_octaves(audio: Audio) -> Array:
    frames = audio.shape[1]
    window = np.hanning(frames)
    power = np.abs(np.fft.rfft(audio * window)) ** 2 * 2 / (frames * np.sum(window**2))
    hz = np.fft.rfftfreq(frames, 1 / RATE)
    edges = 1000 * 10 ** ((np.arange(_BANDS.start, _BANDS.stop + 1) - 0.5) / 10)
    sums = [power[:, (low <= hz) & (hz < high)].sum(axis=1) for low, high in pairwise(edges)]
    return _decibels(np.stack(sums, axis=1))


def _tenths(audio: Audio) -> Array:
    blocks = audio.reshape(CHANNELS, _BLOCK_COUNT, -1)
    return _decibels(np.mean(blocks**2, axis=2))


def _decibels(power: Array) -> Array:
    return np.asarray(np.round(10 * np.log10(np.maximum(power, 10 ** (_FLOOR_DB / 10))), 3))
