"""Recognisers of speech: what hears words in a recording; found by the entry point group below.

A package offers one with one line in its pyproject.toml, named as people are to call it::

    [project.entry-points."wavemend.recognisers"]
    parrot = "parrot.recogniser:Parrot"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

GROUP = "wavemend.recognisers"


class Segment(NamedTuple):
    """Words that were heard, usually a sentence, and where, in seconds."""

    start_s: float
    end_s: float
    text: str


@runtime_checkable
class Recogniser(Protocol):
    """What turns speech into words.

    It is made of a model and a language, of which each may be None::

        recogniser = Parrot(model="/models/small", language="en")

    Making one is light: it sees that everything is there, and says so where it is not; a model is loaded when
    the first words are asked for. It reaches for nothing on the net. The same sound gives the same words.

    Attributes
    ----------
    sample_rate
        Rate that it hears at, in Hz.
    longest_s
        Longest piece of sound that it takes at once, in seconds.
    identity
        All that decides what it hears: versions of programs, model and its hash, language, settings. A
        transcript is made again when this changes.
    """

    sample_rate: int
    longest_s: float
    identity: Mapping[str, str]

    def recognise(self, sound: npt.NDArray[np.float32]) -> Iterable[tuple[float, float, str]]:
        """Return what is said in a piece of sound, in order.

        Parameters
        ----------
        sound
            Shape (n,), at `sample_rate`, full scale 1.0, no longer than `longest_s`.

        Returns
        -------
        iterable of Segment
            Or of plain tuples: begin and end from the piece's own start in seconds, and the text.
        """
        ...
