"""What the analysis of one recording found: plain data in physical units, and the analysers that find it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from types import NoneType, UnionType
from typing import Any, ClassVar, Generic, Self, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from ..audio.arrays import Audio
from ..audio.checks import check_rate, next_block
from ..audio.framing import FrameGrid
from ..errors import FindingsError
from .constraints import dtype_of, fault_of

NO_LEVEL = -200.0
"""Level, in dB, of what is not there; guard: JSON has no infinity."""


@dataclass(frozen=True, eq=False)
class Findings(ABC):
    """Base of what an analyser finds; subclasses are frozen dataclasses of numbers and arrays.

    Values are physical (Hz, dBFS/Hz, samples of full scale 1.0), so that findings hold at any rate and
    any block size. Fields are annotated as arrays, float, int, str, bool, or one of these or None; they
    hold no NaN and no infinity, which JSON cannot. Because findings also come out of files, what else they
    must keep is declared beside each (see `contract.constraints`).

    Raises
    ------
    FindingsError
        A field breaks what is declared.
    """

    def __post_init__(self) -> None:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        if wrong := fault_of(values, type(self)):
            raise FindingsError(f"{type(self).__name__}.{wrong}; analyse the recording again")

    @property
    @abstractmethod
    def found(self) -> bool:
        """Whether there is anything to repair."""

    @property
    def answers(self) -> bool:
        """Whether, though nothing was found, `describe` says why to a person who named what to look for."""
        return False

    @abstractmethod
    def describe(self) -> str:
        """One line for people."""

    def to_json(self) -> dict[str, Any]:
        """Fields as JSON values; floats survive the way there and back exactly."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        # An analyser computes with NumPy, whose numbers and truth values are none of JSON's.
        return {k: v.tolist() if isinstance(v, np.ndarray | np.generic) else v for k, v in values.items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild findings from `to_json`'s values; raises `FindingsError`, whatever is wrong with them."""
        hints = get_type_hints(cls)
        known = {f.name: hints[f.name] for f in fields(cls)}
        if not isinstance(data, Mapping) or set(data) != set(known):
            raise FindingsError(
                f"{cls.__name__} needs exactly the fields {', '.join(known)}; analyse the recording again"
            )
        try:
            return cls(**{name: _from_json(data[name], hint) for name, hint in known.items()})
        except FindingsError:
            raise
        except Exception as error:  # strangers' data: whatever __post_init__ stumbles over, it is damaged
            raise FindingsError(f"{cls.__name__} is damaged: {error}; analyse the recording again") from None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]


def by_channel(values: Sequence[str | None]) -> str:
    """Say one value a channel in words: ``-48 (left) and -46 (right)``.

    Parameters
    ----------
    values
        Text for each channel, None where there is nothing to say of it; one at least is no None.

    Returns
    -------
    str
        The text alone where all channels have the same.
    """
    if len(set(values)) == 1:
        return str(values[0])
    names = ("left", "right") if len(values) == 2 else [f"channel {n + 1}" for n in range(len(values))]
    said = [f"{value} ({name})" for value, name in zip(values, names, strict=True) if value is not None]
    return f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else said[0]


def _from_json(value: object, hint: Any) -> Any:
    """Read one field's value; ValueError where it is not of the annotated type."""
    kind = get_origin(hint) or hint
    if kind in (Union, UnionType):
        options = get_args(hint)
        if value is None and NoneType in options:
            return None
        (hint,) = (option for option in options if option is not NoneType)
        return _from_json(value, hint)
    if kind is np.ndarray and isinstance(value, list):
        dtype = dtype_of(hint)
        wanted = {"f": (int, float), "i": (int,), "b": (bool,)}[np.dtype(dtype).kind]
        if not all(type(item) in wanted for item in _flat(value)):
            raise ValueError(f"an array holds something that is not {dtype.__name__}")
        array = np.array(value, dtype)
        if not np.isfinite(array).all():
            raise ValueError("an array holds NaN or infinity")
        return array
    if kind is float and type(value) in (int, float):
        number = float(value)  # type: ignore[arg-type]
        if math.isfinite(number):
            return number
    if kind in (int, str, bool) and type(value) is kind:
        return value
    raise ValueError(f"{value!r:.40} is not {getattr(kind, '__name__', kind)}")


def _flat(value: list[object]) -> Iterator[object]:
    for item in value:
        if isinstance(item, list):
            yield from _flat(item)
        else:
            yield item


F = TypeVar("F", bound=Findings)


class Analyser(ABC, Generic[F]):
    """Push-style finder: blocks of any size go in once, findings come out; memory stays constant.

    It finds what its class names in ``Analyser[...]``. Finders, which every survey runs, are made by the
    sample rate and the channels alone. Subclasses see frames of `hop` samples on the absolute grid alone
    (`_frame`), and the unfinished last one (`_conclude`), so that findings cannot depend on how the recording
    was cut into blocks.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Number of channels; they are analysed together, never mixed.
    hop
        Samples a frame.

    Raises
    ------
    AudioValueError
        A rate that no stage takes.
    """

    stands_for: ClassVar[tuple[type[Analyser[Any]], ...]] = ()
    """Other analysers that a survey need not run beside this one, which has heard all they want to know."""

    def __init__(self, sample_rate: float, channels: int, hop: int) -> None:
        self.sample_rate = check_rate(sample_rate)
        self.channels = channels
        self._grid = FrameGrid(channels, hop)
        self._heard = 0

    @classmethod
    def for_recording(cls, sample_rate: float, channels: int, nominal_bits: int) -> Self:
        """Return a new one for a file of so many bits, 0 where they are floating or not known."""
        return cls(sample_rate, channels)  # type: ignore[call-arg]  # finders are made so

    @classmethod
    def findings_type(cls) -> type[F]:
        """Return the class of what it finds: the argument of the `Analyser` that it derives from."""
        bases = [base for owner in cls.__mro__ for base in getattr(owner, "__orig_bases__", ())]
        named = [
            base
            for base in bases
            if isinstance(origin := get_origin(base), type) and issubclass(origin, Analyser)
        ]
        return get_args(named[0])[0] if named else Findings  # type: ignore[return-value]

    def push(self, audio: Audio) -> None:
        """Hear the next block, shape (channels, n); refused as `Stream.step` refuses it."""
        self.hear(next_block(audio, self.channels, self._heard))

    def hear(self, block: Audio) -> None:
        """Hear what `next_block` has copied and checked; several analysers may, so it is never written to."""
        self._heard += block.shape[1]
        for frame in self._grid.push(block):
            self._frame(frame)

    def result(self) -> F:
        """Conclude: call once, after the last block."""
        return self._conclude(self._grid.rest())

    def result_for(self, kind: type[Analyser[Any]]) -> Findings:
        """Return what an analyser would have found that this one stands for, after `result`."""
        raise NotImplementedError(
            f"{type(self).__name__} stands for {kind.__name__}, but does not answer for it"
        )

    @abstractmethod
    def _frame(self, frame: Audio) -> None:
        """Hear one frame, shape (channels, hop)."""

    @abstractmethod
    def _conclude(self, rest: Audio) -> F:
        """Hear the last samples, shape (channels, less than hop), and give the findings."""
