"""What the analysis of one recording found: plain data in physical units, and the analysers that find it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Generic, Self, TypeVar

import numpy as np

from ..errors import WavemendError
from .framing import Audio, FrameGrid


class FindingsError(WavemendError, ValueError):
    """Stored findings that are damaged, or are not of the kind asked for."""


@dataclass(frozen=True, eq=False)
class Findings(ABC):
    """Base of what an analyser finds; subclasses are frozen dataclasses of numbers and arrays.

    Values are physical (Hz, dBFS/Hz, samples of full scale 1.0), so that findings hold at any rate and
    any block size. ``__post_init__`` of a subclass refuses impossible values, because findings also come
    out of files: it raises `FindingsError`.
    """

    @property
    @abstractmethod
    def found(self) -> bool:
        """Whether there is anything to repair."""

    @abstractmethod
    def describe(self) -> str:
        """One line for people."""

    def to_json(self) -> dict[str, Any]:
        """Fields as JSON values; floats survive the way there and back exactly."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in values.items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild findings from `to_json`'s values; raises `FindingsError`, whatever is wrong with them."""
        known = {f.name: f for f in fields(cls)}
        if not isinstance(data, Mapping) or set(data) != set(known):
            raise FindingsError(f"{cls.__name__} needs exactly the fields {', '.join(known)}")
        try:
            values = {k: np.asarray(v, np.float64) if isinstance(v, list) else v for k, v in data.items()}
            return cls(**values)
        except FindingsError:
            raise
        except (TypeError, ValueError, OverflowError) as error:
            raise FindingsError(f"{cls.__name__} is damaged: {error}") from None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]


F = TypeVar("F", bound=Findings)


class Analyser(ABC, Generic[F]):
    """Push-style finder: blocks of any size go in once, findings come out; memory stays constant.

    Subclasses see frames of `hop` samples on the absolute grid alone (`_frame`), and the unfinished last
    one (`_conclude`), so that findings cannot depend on how the recording was cut into blocks.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Number of channels; they are analysed together, never mixed.
    hop
        Samples a frame.
    """

    def __init__(self, sample_rate: float, channels: int, hop: int) -> None:
        self.sample_rate = sample_rate
        self.channels = channels
        self._grid = FrameGrid(channels, hop)

    def push(self, audio: Audio) -> None:
        """Hear the next block, shape (channels, n)."""
        for frame in self._grid.push(np.array(audio, np.float64)):
            self._frame(frame)

    def result(self) -> F:
        """Conclude: call once, after the last block."""
        return self._conclude(self._grid.rest())

    @abstractmethod
    def _frame(self, frame: Audio) -> None:
        """Hear one frame, shape (channels, hop)."""

    @abstractmethod
    def _conclude(self, rest: Audio) -> F:
        """Hear the last samples, shape (channels, less than hop), and give the findings."""
