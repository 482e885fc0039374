"""Recognisers by name, and what may be made of what they give."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ...contract.offers import load_offer, offers
from ...contract.recogniser import GROUP, Recogniser, Segment
from ...errors import PluginError, WavemendError
from ..storage.json_text import json_text
from ..storage.strict_json import printable
from . import DEFAULT_RECOGNISER

_SHORTEST_S, _LONGEST_S = 1.0, 3600.0  # guard: pieces that a recogniser may ask for; memory
_LEAST_RATE_HZ, _MOST_RATE_HZ = 4000, 192_000  # guard: rates that speech is heard at


@dataclass(frozen=True)
class Listener:
    """Which recogniser is to listen, with what model, for which language; it pickles.

    Attributes
    ----------
    recogniser
        Name in the entry point group ``wavemend.recognisers``.
    model, language
        As the recogniser takes them; None: its own.
    """

    recogniser: str = DEFAULT_RECOGNISER
    model: str | None = None
    language: str | None = None

    def load(self) -> Recogniser:
        """Return the recogniser; the same one until another is loaded.

        Raises
        ------
        PluginError
            It is not installed, or broken.
        ModelError
            Its model is not there.
        """
        return _loaded(self)

    def identity(self) -> dict[str, str]:
        """All that decides what it hears; raises as `load` does."""
        return {"recogniser": self.recogniser, **_printed(self.load().identity)}


@dataclass(frozen=True)
class Listening:
    """Who listens, and all that decides what that one hears, found out once a run; it pickles."""

    listener: Listener
    identity: Mapping[str, str]

    @classmethod
    def of(cls, listener: Listener) -> Listening:
        """Find out; raises as `Listener.load` does."""
        return cls(listener, listener.identity())


@lru_cache(maxsize=1)  # a model may take gigabytes
def _loaded(listener: Listener) -> Recogniser:
    made = _maker(listener.recogniser)
    try:
        found = made(listener.model, listener.language)
    except WavemendError:
        raise
    except Exception as error:
        raise PluginError(f"recogniser {listener.recogniser}: {type(error).__name__}: {error}") from error
    if not isinstance(found, Recogniser):
        raise PluginError(
            f"recogniser {listener.recogniser}: lacks one of sample_rate, longest_s, identity, recognise"
        )
    if not (
        _LEAST_RATE_HZ <= found.sample_rate <= _MOST_RATE_HZ
        and found.sample_rate == int(found.sample_rate)
        and _SHORTEST_S <= found.longest_s <= _LONGEST_S
    ):
        raise PluginError(
            f"recogniser {listener.recogniser}: hears {found.longest_s} s at {found.sample_rate} Hz; it must "
            f"be {_SHORTEST_S:g} to {_LONGEST_S:g} s at {_LEAST_RATE_HZ} to {_MOST_RATE_HZ} Hz"
        )
    return found


def _maker(name: str) -> Callable[[str | None, str | None], object]:
    known = offers(GROUP)
    if name not in known:
        raise PluginError(f"no recogniser {name!r} is installed; there are {', '.join(sorted(known))}")
    made, _ = load_offer(GROUP, name, "the recogniser")
    if not callable(made):
        raise PluginError(f"recogniser {name}: cannot be made; its entry point must name a class")
    return lambda model, language: made(model=model, language=language)


def _printed(identity: Mapping[str, str]) -> dict[str, str]:
    return {printable(str(name)): printable(str(value)) for name, value in identity.items()}


def made_by(identity: Mapping[str, str]) -> str:
    """Return an identity as one line of JSON: two that differ in anything differ."""
    return json_text({name: identity[name] for name in sorted(identity)}, indent=None)


def heard(
    recogniser: Recogniser, name: str, sound: npt.NDArray[np.float32], start_s: float
) -> Iterator[Segment]:
    """Yield what is said in a piece that begins at `start_s`; times are of the recording.

    Raises
    ------
    PluginError
        The recogniser failed, or gave what is no segment.
    """
    length_s = len(sound) / recogniser.sample_rate
    latest = 0.0
    try:
        for start, end, text in recogniser.recognise(sound):
            if not (isinstance(text, str) and math.isfinite(start) and math.isfinite(end)):
                raise PluginError(f"recogniser {name}: gave {(start, end, text)!r}, which is no segment")
            begin = min(max(float(start), latest), length_s)
            latest = min(max(float(end), begin), length_s)
            plain = text.encode("utf-8", "replace").decode("utf-8")
            if words := " ".join(printable(plain).split()):
                yield Segment(round(start_s + begin, 3), round(start_s + latest, 3), words)
    except WavemendError:
        raise
    except Exception as error:
        raise PluginError(
            f"recogniser {name}: failed at {start_s:.0f} s: {type(error).__name__}: {error}"
        ) from error
